//! The words that layouts of a hierarchy use: names of levels, and keys that only hold things together.

/// The levels of the work taxonomy above a task, outermost first (seen in the description of the API's task
/// endpoint; the keys that carry them in a hierarchy record are not documented).
pub const LEVELS: [&str; 4] = ["domain", "subdomain", "cluster", "canonical_task"];

/// Keys that hold a whole hierarchy.
const HIERARCHIES: [&str; 5] = ["hierarchies", "hierarchy", "task_hierarchy", "taxonomy", "tree"];

/// Keys that hold anything, a part of a hierarchy among others.
const HOLDERS: [&str; 9] =
    ["branches", "children", "data", "groups", "items", "levels", "nodes", "root", "roots"];

/// Which level a word means: `domain`, `Domains`, `sub-domain`, `domain_name`, …
pub(crate) fn level_of_word(word: &str) -> Option<usize> {
    // Most words begin with another letter than those of levels.
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

/// Whether a key holds tasks or levels and nothing else.
pub(crate) fn is_tree(key: &str) -> bool {
    HIERARCHIES.contains(&key)
        || level_of_word(key).is_some()
        || key == "task"
        || key.ends_with("tasks")
}

/// Whether a key holds things together and is no name of its own.
pub(crate) fn is_structural(key: &str) -> bool {
    is_tree(key) || HOLDERS.contains(&key)
}

/// The name of a level; those deeper than the four known ones are counted.
pub(crate) fn level_name(slot: usize) -> String {
    LEVELS.get(slot).map_or_else(|| format!("level_{}", slot + 1), |name| (*name).to_owned())
}

/// Whether what stands under a key can only be a list of tasks or a branch of a hierarchy, wherever the key stands. Names of one
/// level (`domain`) are none of these: they may be labels.
pub(crate) fn is_branch(key: &str) -> bool {
    key == "tasks"
        || ["hierarchies", "hierarchy", "task_hierarchy"].contains(&key)
        || (key.ends_with('s') && level_of_word(key).is_some())
}

/// The same of keys that mean a branch only within a node of a hierarchy.
pub(crate) fn is_branch_of_node(key: &str) -> bool {
    ["branches", "children", "nodes"].contains(&key)
}

/// Whether a member of a node says something about the node rather than being a branch under its own name.
pub(crate) fn describes(key: &str) -> bool {
    const DESCRIPTIONS: [&str; 7] =
        ["code", "description", "id", "label", "level", "name", "title"];
    DESCRIPTIONS.contains(&key) || key.ends_with("_id") || key.ends_with("_name")
}
