//! `taskferry plugins`: what can stand in a pipeline file, out of the plugins' own schemas.

mod entry;
mod options;
mod page;

use taskferry_pipeline::Registry;

use taskferry_sdk::nearest;

use super::arguments::PluginsArguments;
use crate::console;
use crate::exit::Exit;
use entry::Entry;

/// Prints all plugins, or every option of one.
pub(crate) fn plugins(registry: &Registry, arguments: &PluginsArguments) -> Exit {
    let all = entry::all(registry);
    let page = match (&arguments.type_name, arguments.markdown) {
        (None, false) => page::overview(&all),
        (None, true) => page::markdown(&all),
        (Some(type_name), markdown) => {
            let found: Vec<Entry> =
                all.iter().filter(|entry| entry.name == type_name.as_str()).cloned().collect();
            if found.is_empty() {
                console::error(&unknown(type_name, &all));
                return Exit::USAGE;
            }
            if markdown { page::markdown(&found) } else { page::details(&found) }
        }
    };
    Exit::printed(&console::page(&page))
}

fn unknown(type_name: &str, all: &[Entry]) -> String {
    let names: Vec<&str> = all.iter().map(|entry| entry.name).collect();
    let near =
        nearest(type_name, names.iter().copied()).map(|near| format!(" did you mean `{near}`?"));
    format!(
        "there is no plugin or table `{type_name}`;{} there are {}",
        near.unwrap_or_default(),
        names.join(", ")
    )
}
