//! What can stand in a pipeline file: plugins, and the tables about the run as a whole.

use schemars::{JsonSchema, Schema, schema_for};
use taskferry_pipeline::{
    CommonKey, DeadLetterOptions, ExpectOptions, Registry, Role, StateOptions, common_keys,
};

/// Something with a table of options.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// The plugin's type, or the table's key.
    pub(super) name: &'static str,
    /// Keys that stand in every table of the kind.
    pub(super) common: &'static [CommonKey],
    /// The options. The description is the doc comment of their struct.
    pub(super) schema: Schema,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A plugin of this role.
    Plugin(Role),
    /// A table about the run.
    Table,
}

impl Kind {
    /// All of them, in the order in which they are shown, with their headings.
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Plugin(Role::Source), "sources"),
        (Self::Plugin(Role::Transform), "transforms"),
        (Self::Plugin(Role::Sink), "sinks"),
        (Self::Table, "tables about the run"),
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plugin(Role::Source) => "source",
            Self::Plugin(Role::Transform) => "transform",
            Self::Plugin(Role::Sink) => "sink",
            Self::Table => "table",
        }
    }
}

/// Everything that a pipeline file can hold.
pub(super) fn all(registry: &Registry) -> Vec<Entry> {
    let plugins = registry.plugins().into_iter().map(|plugin| Entry {
        kind: Kind::Plugin(plugin.role),
        name: plugin.type_name,
        common: common_keys(plugin.role),
        schema: plugin.schema,
    });
    let tables = [
        table::<StateOptions>("state"),
        table::<ExpectOptions>("expect"),
        table::<DeadLetterOptions>("dead_letter"),
    ];
    plugins.chain(tables).collect()
}

fn table<T: JsonSchema>(name: &'static str) -> Entry {
    Entry { kind: Kind::Table, name, common: &[], schema: schema_for!(T) }
}
