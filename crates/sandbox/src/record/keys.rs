//! The names of the fields that make a hierarchy record.

/// The keys of a hierarchy record's levels: the array that holds a level's nodes, and a node's name. No public page
/// shows them; these are inferred from the names of the levels, and whoever learns the real ones corrects them here.
pub(crate) const HIERARCHY_KEYS: [(&str, &str); 4] = [
    ("domains", "domain"),
    ("subdomains", "subdomain"),
    ("clusters", "cluster"),
    ("canonical_tasks", "canonical_task"),
];

/// The keys of the other layout: the tree, and of a node its name, its level and what stands below it.
pub(crate) const NODE_KEYS: [&str; 4] = ["hierarchy", "name", "level", "children"];
