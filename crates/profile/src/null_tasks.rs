//! Jobs whose `tasks`, or a branch of whose hierarchy, is null: they count as empty, and are counted.

/// The name of the counter of such jobs.
pub const NAME: &str = "null_tasks";

/// The warning about `jobs` such jobs.
pub fn warning(jobs: u64) -> Option<String> {
    let jobs = match jobs {
        0 => return None,
        1 => "in 1 job".to_owned(),
        jobs => format!("in {jobs} jobs"),
    };
    Some(format!(
        "`tasks` or a branch of the hierarchy is null {jobs}; null is read as an empty list"
    ))
}
