//! Keys that every stage of a role has.

use crate::Role;

/// A key that every stage of a role has, in addition to the plugin's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonKey {
    /// The key.
    pub name: &'static str,
    /// Its possible values.
    pub values: &'static str,
    /// Its default.
    pub default: Option<&'static str>,
    /// Its description.
    pub description: &'static str,
}

const TYPE: CommonKey = CommonKey {
    name: "type",
    values: "string",
    default: None,
    description: "The plugin of the stage.",
};
const NAME: CommonKey = CommonKey {
    name: "name",
    values: "string",
    default: Some("the type"),
    description: "The name of the stage in messages and in the manifest.",
};
const ON_ERROR: CommonKey = CommonKey {
    name: "on_error",
    values: "\"fail\" | \"skip\" | \"dead_letter\"",
    default: Some("\"fail\""),
    description: "The action for a record that the stage refuses. `fail` ends the run and names the record. \
                  `skip` skips, counts and logs the record. `dead_letter` writes the record to the file of \
                  `[dead_letter]` for a replay.",
};
const OWN_TRANSFORMS: CommonKey = CommonKey {
    name: "transform",
    values: "list of transforms",
    default: Some("[]"),
    description: "Transforms that apply to this sink only, after the transforms of the pipeline: `[[sink.transform]]`.",
};

/// The keys that every stage of a role has.
pub const fn common_keys(role: Role) -> &'static [CommonKey] {
    match role {
        Role::Source => &[TYPE, NAME],
        Role::Transform => &[TYPE, NAME, ON_ERROR],
        Role::Sink => &[TYPE, NAME, ON_ERROR, OWN_TRANSFORMS],
    }
}
