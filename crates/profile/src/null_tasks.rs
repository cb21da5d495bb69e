//! Counts jobs in which `tasks` or a branch of the hierarchy is null. Null is treated as an empty list.

use taskferry_sdk::Output;

use crate::Job;

/// The name of the counter of such jobs.
pub const NAME: &str = "null_tasks";

/// Counts the job if `tasks` or a branch is null.
pub(crate) fn count(job: Job<'_>, out: &mut Output) {
    if job.has_null_tasks() {
        out.count(NAME, 1);
    }
}

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
