//! The keys of hierarchy records, and the pattern of ids.

/// The pattern of ids.
pub(crate) const ID_PATTERN: &str = "^[a-zA-Z0-9_-]+$";

/// The keys of each level: the key of the array of nodes, and the key of a node's name. No public page shows them. They
/// are inferred from the names of the levels and must be corrected once the real ones are known.
pub(crate) const HIERARCHY_KEYS: [(&str, &str); 4] = [
    ("domains", "domain"),
    ("subdomains", "subdomain"),
    ("clusters", "cluster"),
    ("canonical_tasks", "canonical_task"),
];

/// The keys of the other layout: the tree, and the name, level and children of a node.
pub(crate) const NODE_KEYS: [&str; 4] = ["hierarchy", "name", "level", "children"];
