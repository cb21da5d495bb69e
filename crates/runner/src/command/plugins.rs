//! `taskferry plugins`: describes the plugins and tables of a pipeline file, from the schemas of their options.

mod options;
mod page;

use taskferry_config::did_you_mean;
use taskferry_pipeline::{Registry, run_tables};

use self::options::Entry;
use super::arguments::PluginsArguments;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;

/// Prints an overview, or every option of one plugin or table.
pub(crate) fn plugins(registry: &Registry, arguments: &PluginsArguments) -> Ended {
    let plugins = registry.plugins().into_iter();
    let plugins = plugins.map(|plugin| Entry {
        role: Some(plugin.role),
        name: plugin.type_name,
        schema: plugin.schema.clone(),
    });
    let tables = run_tables().into_iter();
    let tables = tables.map(|(name, schema)| Entry { role: None, name, schema });
    let all: Vec<Entry> = plugins.chain(tables).collect();
    let page = match (&arguments.type_name, arguments.markdown) {
        (None, false) => page::overview(&all),
        (None, true) => page::reference(&all),
        (Some(type_name), markdown) => {
            let named: Vec<Entry> =
                all.iter().filter(|entry| entry.name == type_name.as_str()).cloned().collect();
            if named.is_empty() {
                return Err(CommandError::usage(unknown(type_name, &all)));
            }
            if markdown { page::markdown(&named) } else { page::details(&named) }
        }
    };
    printed(console::page(&page))
}

fn unknown(type_name: &str, all: &[Entry]) -> String {
    let names: Vec<&str> = all.iter().map(|entry| entry.name).collect();
    let help = did_you_mean(type_name, &names, || format!("expected one of {}", names.join(", ")));
    format!("there is no plugin or table `{type_name}`; {help}")
}
