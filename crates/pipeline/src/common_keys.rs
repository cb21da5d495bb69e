//! Keys that the tables of all stages of a role have.

use crate::Role;

/// A key that stands in the table of every stage of a role, beside the plugin's own options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonKey {
    /// The key.
    pub name: &'static str,
    /// What can stand behind it.
    pub values: &'static str,
    /// What stands there when nothing is said.
    pub default: Option<&'static str>,
    /// What it does.
    pub description: &'static str,
}

const TYPE: CommonKey = CommonKey {
    name: "type",
    values: "string",
    default: None,
    description: "Which plugin makes the stage.",
};
const NAME: CommonKey = CommonKey {
    name: "name",
    values: "string",
    default: Some("the type"),
    description: "What messages and the manifest call the stage.",
};
const ON_ERROR: CommonKey = CommonKey {
    name: "on_error",
    values: "\"fail\" | \"skip\" | \"dead_letter\"",
    default: Some("\"fail\""),
    description: "What becomes of a record that the stage refuses: `fail` ends the run and names the record, \
                  `skip` leaves it out, counts it and logs it, `dead_letter` keeps it in the file of \
                  `[dead_letter]` for a replay.",
};
const OWN_TRANSFORMS: CommonKey = CommonKey {
    name: "transform",
    values: "list of transforms",
    default: Some("[]"),
    description: "Transforms for this sink alone, after those of the pipeline: `[[sink.transform]]`.",
};

/// The keys that every stage of a role has.
pub const fn common_keys(role: Role) -> &'static [CommonKey] {
    match role {
        Role::Source => &[TYPE, NAME],
        Role::Transform => &[TYPE, NAME, ON_ERROR],
        Role::Sink => &[TYPE, NAME, ON_ERROR, OWN_TRANSFORMS],
    }
}
