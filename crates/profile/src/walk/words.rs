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
pub(super) fn level_of_word(word: &str) -> Option<usize> {
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
pub(super) fn is_tree(key: &str) -> bool {
    HIERARCHIES.contains(&key)
        || level_of_word(key).is_some()
        || key == "task"
        || key.ends_with("tasks")
}

/// Whether a key holds things together and is no name of its own.
pub(super) fn is_structural(key: &str) -> bool {
    is_tree(key) || HOLDERS.contains(&key)
}

/// The name of a level; those deeper than the four known ones are counted.
pub(super) fn level_name(slot: usize) -> String {
    LEVELS.get(slot).map_or_else(|| format!("level_{}", slot + 1), |name| (*name).to_owned())
}
