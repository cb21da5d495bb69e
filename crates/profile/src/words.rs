//! The keys of hierarchies: names of levels, and keys that only group values.

/// The levels of the work taxonomy above a task, outermost first, as in the API's description of its task endpoint. Their keys
/// in a hierarchy record are not documented.
pub const LEVELS: [&str; 4] = ["domain", "subdomain", "cluster", "canonical_task"];

/// Keys of a whole hierarchy.
const HIERARCHIES: [&str; 5] = ["hierarchies", "hierarchy", "task_hierarchy", "taxonomy", "tree"];

/// Keys of any grouping, such as a part of a hierarchy.
const GROUPS: [&str; 9] =
    ["branches", "children", "data", "groups", "items", "levels", "nodes", "root", "roots"];

/// The level of a word: `domain`, `Domains`, `sub-domain`, `domain_name`, …
pub(crate) fn level_of_word(word: &str) -> Option<usize> {
    // A fast check, since most words are not levels.
    if !matches!(
        word.as_bytes().first(),
        Some(b'c' | b'd' | b's' | b't' | b'C' | b'D' | b'S' | b'T')
    ) {
        return None;
    }
    let word = word.to_lowercase().replace(['-', ' '], "_");
    let word = word.strip_suffix("_name").unwrap_or(&word);
    let word = word.strip_suffix('s').unwrap_or(word);
    let word = word.strip_prefix("taxonomy_").unwrap_or(word);
    match word {
        "sub_domain" => Some(1),
        "task_cluster" => Some(2),
        _ => LEVELS.iter().position(|level| *level == word),
    }
}

/// Whether the value of a key contains only tasks or levels.
pub(crate) fn is_tree(key: &str) -> bool {
    HIERARCHIES.contains(&key)
        || level_of_word(key).is_some()
        || key == "task"
        || key.ends_with("tasks")
}

/// Whether a key groups values and is not a name.
pub(crate) fn is_structural(key: &str) -> bool {
    is_tree(key) || GROUPS.contains(&key)
}

/// The name of a level. Levels below the four known ones are numbered.
pub(crate) fn level_name(slot: usize) -> String {
    LEVELS.get(slot).map_or_else(|| format!("level_{}", slot + 1), |name| (*name).to_owned())
}

/// Whether the value of a key is always a list of tasks or a branch. The name of one level (`domain`) can be a label instead.
pub(crate) fn is_branch(key: &str) -> bool {
    key == "tasks"
        || ["hierarchies", "hierarchy", "task_hierarchy"].contains(&key)
        || (key.ends_with('s') && level_of_word(key).is_some())
}

/// Whether the value of a key in a node of a hierarchy is a branch.
pub(crate) fn is_branch_of_node(key: &str) -> bool {
    ["branches", "children", "nodes"].contains(&key)
}

/// Whether a member describes its node, and is not a branch whose key is a name.
pub(crate) fn describes(key: &str) -> bool {
    const DESCRIPTIONS: [&str; 7] =
        ["code", "description", "id", "label", "level", "name", "title"];
    DESCRIPTIONS.contains(&key) || key.ends_with("_id") || key.ends_with("_name")
}
