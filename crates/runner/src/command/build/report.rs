//! Messages about a build.

use std::path::Path;
use std::process::Command;

use super::cargo::CompileError;
use super::package::name_of;
use super::resolved::{Packages, Resolved};
use crate::builtin;
use crate::command::arguments::quoted;
use crate::command_error::CommandError;
use crate::console;
use crate::exit::Exit;

/// How a crate registers its plugins.
const REGISTER: &str = "pub fn register(plugins: &mut impl taskferry_sdk::Plugins)";

/// Reports why the binary was not built. The messages of Cargo itself are already on the terminal.
pub(super) fn compile_errors(
    errors: &[CompileError],
    packages: &Packages<'_>,
    plugins: &[Resolved<'_>],
) -> CommandError {
    for (index, plugin) in plugins.iter().enumerate() {
        let call = format!("{}::register", name_of(index));
        if errors.iter().any(|error| error.code.contains(&call)) {
            let title = plugin.title();
            return CommandError::usage(format!(
                "`{title}` does not export the function that registers its plugins"
            ))
            .help(format!("add `{REGISTER}` to the `lib.rs` of the crate"));
        }
    }
    for error in errors {
        console::drawn(&error.rendered);
    }
    let Some(failed) = errors.first().and_then(|error| packages.find(&error.package)) else {
        return CommandError::usage("the build failed: see the message of Cargo above");
    };
    let is_plugin = plugins.iter().any(|plugin| plugin.id == failed.id);
    let (what, title) = (if is_plugin { "the plugin " } else { "" }, failed.title());
    CommandError::usage(format!("{what}`{title}` does not compile: see the errors above"))
}

/// Starts the binary, which reports plugins with the same type, and returns the types that taskferry does not have.
pub(super) fn added_types(binary: &Path) -> Result<Vec<String>, CommandError> {
    let output = Command::new(binary).arg("plugins").output();
    let output = output.map_err(|error| format!("can't start the new binary: {error}"))?;
    if !output.status.success() {
        console::drawn(&String::from_utf8_lossy(&output.stderr));
        console::line("The binary is not written.");
        return Err(Exit::USAGE.into());
    }
    let registry = builtin::registry();
    let builtin = registry.plugins();
    let is_builtin = |role: &str, name: &str| {
        builtin.iter().any(|it| it.type_name == name && it.role.to_string() == role)
    };
    let page = String::from_utf8_lossy(&output.stdout);
    let mut role: Option<&str> = None;
    let mut added = Vec::new();
    for line in page.lines() {
        if let Some(plugin) = line.strip_prefix("  ") {
            let name = plugin.split(' ').next().unwrap_or_default();
            if let Some(role) = role.filter(|role| !name.is_empty() && !is_builtin(role, name)) {
                added.push(format!("{role} `{name}`"));
            }
        } else if !line.is_empty() {
            role = line.strip_suffix('s').filter(|role| !role.contains(' '));
        }
    }
    Ok(added)
}

/// Describes the binary.
pub(super) fn complete(output: &Path, titles: &[String], added: &[String]) {
    let crates = titles.join(", ");
    if added.is_empty() {
        console::warning(&format!("{crates} registers no plugin"));
    }
    let with = if added.is_empty() { String::new() } else { format!(" with {}", added.join(", ")) };
    console::line(&format!("wrote {}{with} ({crates})", output.display()));
    let command = if output.components().count() > 1 {
        quoted(&output.to_string_lossy()).into_owned()
    } else {
        format!("./{}", quoted(&output.to_string_lossy()))
    };
    console::line(&format!("  {command} plugins    lists the plugins of the binary"));
}
