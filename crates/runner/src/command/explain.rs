//! `taskferry explain`: what the names of mistakes and the exit codes mean, and what to do.

mod page;

use taskferry_sdk::printable;

use super::arguments::ExplainArguments;
use crate::console;
use crate::exit::{self, Exit};
use crate::explanations;

/// Prints the page of a name or an exit code, or lists all of them.
pub(crate) fn explain(arguments: &ExplainArguments) -> Exit {
    let page = match (&arguments.name, arguments.markdown) {
        (None, false) => page::overview(),
        (None, true) => page::reference(),
        (Some(name), markdown) => {
            let wanted = name.trim().trim_matches('`');
            let code = wanted.parse().ok().and_then(exit::find);
            match (explanations::find(wanted), code) {
                (Some(found), _) if markdown => page::markdown(found),
                (Some(found), _) => page::text(found),
                (None, Some(code)) if markdown => page::markdown_of_code(code),
                (None, Some(code)) => page::text_of_code(code),
                (None, None) => {
                    console::error(&unknown(wanted));
                    return Exit::USAGE;
                }
            }
        }
    };
    Exit::printed(&console::page(&page))
}

fn unknown(name: &str) -> String {
    if name.parse::<i64>().is_ok() {
        let codes: Vec<String> = exit::all().iter().map(|code| code.exit.0.to_string()).collect();
        return format!("taskferry has no exit code {name}; the codes are {}", codes.join(", "));
    }
    let name = printable(name);
    match explanations::similar(&name) {
        Some(near) => format!("there is no mistake `{name}`; did you mean `{near}`?"),
        None => format!("there is no mistake `{name}`; `taskferry explain` lists all names"),
    }
}
