//! The responses to `sandbox:` and `--sandbox` of a binary that was built without the feature `sandbox`.

use std::ffi::OsString;

use clap::Args;
use taskferry_sdk::{BuildContext, KeyPath, LocalEndpoint, Problem};

use crate::command_error::{CommandError, Ended};

const MISSING: &str = "this binary was built without the feature `sandbox`";
const HELP: &str =
    "use a binary that was built with its default features, or write the address of a tenant";

/// Refuses a `sandbox:` URL, including the URL that `--sandbox` sets.
pub(crate) fn build(_: &str, _: &BuildContext<'_>) -> Result<Box<dyn LocalEndpoint>, Vec<Problem>> {
    Err(vec![Problem::at(KeyPath::root(), "unsupported-sandbox", MISSING).help(HELP)])
}

/// Accepts any arguments of `taskferry sandbox`.
#[derive(Debug, Args)]
pub(crate) struct SandboxArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// The end of the command's help.
pub(crate) fn long_help() -> &'static str {
    "This command is not available: the binary was built without the feature `sandbox`."
}

/// Refuses the command `sandbox`.
pub(crate) async fn sandbox(_: SandboxArguments) -> Ended {
    let help = "use a binary that was built with its default features";
    Err(CommandError::usage(MISSING).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_config::Layers;

    fn diagnostics(url: &str, is_sandbox: bool) -> String {
        let text = format!(
            "[source]\ntype = \"techwolf\"\nurl = \"{url}\"\n\n[[sink]]\ntype = \"stdout\"\n"
        );
        let layers = Layers::from_text("jobs.toml", &text).sandbox(is_sandbox);
        let found = taskferry_config::load(&layers, &crate::builtin::registry()).unwrap_err();
        found.to_string()
    }

    #[test]
    fn a_sandbox_url_and_the_option_name_the_missing_feature() {
        for (url, is_sandbox) in
            [("sandbox:", false), ("sandbox:?jobs=5", false), ("https://acme.example", true)]
        {
            let message = diagnostics(url, is_sandbox);
            assert!(message.contains(MISSING), "{message}");
        }
    }

    #[test]
    fn the_command_is_a_usage_error_whatever_its_arguments() {
        let arguments = ["taskferry", "sandbox", "--jobs", "5"].map(OsString::from);
        let exit = crate::command::execute(&crate::builtin::registry(), &arguments);
        assert_eq!(exit, crate::exit::Exit::USAGE);
    }
}
