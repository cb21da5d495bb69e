//! Jobs of refused records.

use std::collections::BTreeSet;

/// The jobs of refused records. A missing record of such a job does not count as removed.
#[derive(Debug, Default)]
pub(crate) struct RefusedJobs {
    jobs: BTreeSet<String>,
    /// Whether a refused record had no known job.
    has_unknown: bool,
}

impl RefusedJobs {
    pub(crate) fn add(&mut self, job: Option<String>) {
        match job {
            Some(job) => _ = self.jobs.insert(job),
            None => self.has_unknown = true,
        }
    }

    /// Whether a record of this job may be missing because a record was refused.
    pub(crate) fn concerns(&self, job: Option<&str>) -> bool {
        self.has_unknown || job.map_or(!self.jobs.is_empty(), |job| self.jobs.contains(job))
    }
}
