//! What `taskferry plugins` describes.

use schemars::Schema;
use taskferry_pipeline::Role;

/// A plugin, or a table that configures the run.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The role of a plugin; `None` for a table.
    pub(super) role: Option<Role>,
    /// The type of the plugin, or the key of the table.
    pub(super) name: &'static str,
    /// The options. The description is the doc comment of their struct.
    pub(super) schema: Schema,
}

impl Entry {
    /// `source`, `transform`, `sink` or `table`.
    pub(super) fn kind(&self) -> String {
        self.role.map_or_else(|| "table".to_owned(), |role| role.to_string())
    }
}
