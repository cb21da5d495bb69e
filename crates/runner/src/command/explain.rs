//! `taskferry explain`: what the names of errors and the exit codes mean, and what to do.

mod page;

use taskferry_sdk::printable;

use super::arguments::ExplainArguments;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::explanations::{self, exit_codes};

/// Prints the page of a name or an exit code, or lists all of them.
pub(crate) fn explain(arguments: &ExplainArguments) -> Ended {
    let page = match (&arguments.name, arguments.markdown) {
        (None, false) => page::overview(),
        (None, true) => page::reference(),
        (Some(name), markdown) => {
            let wanted = name.trim().trim_matches('`');
            let code = wanted.parse::<u8>().map(|code| code.to_string());
            let code = exit_codes().iter().find(|known| code.as_deref() == Ok(known.name));
            let found = explanations::find(wanted).or(code);
            let found = found.ok_or_else(|| CommandError::usage(unknown(wanted)))?;
            if markdown { page::markdown(found) } else { page::text(found) }
        }
    };
    printed(console::page(&page))
}

fn unknown(name: &str) -> String {
    if name.parse::<i64>().is_ok() {
        let codes: Vec<&str> = exit_codes().iter().map(|code| code.name).collect();
        return format!("taskferry has no exit code {name}; the codes are {}", codes.join(", "));
    }
    let name = printable(name);
    match explanations::similar(&name) {
        Some(near) => format!("no error or warning has the name `{name}`; did you mean `{near}`?"),
        None => format!(
            "no error or warning has the name `{name}`; `taskferry explain` lists all names"
        ),
    }
}
