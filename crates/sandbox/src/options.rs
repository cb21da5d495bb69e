//! What a sandbox serves and how.

use std::path::PathBuf;
use std::time::Duration;

/// The largest number of jobs that can be generated.
pub const MAX_JOBS: u32 = 1_000_000;

/// How many jobs are generated when nothing is said.
pub(crate) const DEFAULT_JOBS: u32 = 200;
/// Which jobs are generated when nothing is said.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// How a sandbox is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxOptions {
    /// The jobs to serve. Default: 200 generated ones.
    pub data: DataOrigin,
    /// How long an access token is good for. Default: 3 hours, as in TechWolf's example.
    pub token_lifetime: Duration,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self { data: DataOrigin::default(), token_lifetime: Duration::from_hours(3) }
    }
}

/// Where the jobs come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataOrigin {
    /// Made up. The same seed gives the same jobs, and a job does not depend on how many are asked for.
    Generated {
        /// How many, at most [`MAX_JOBS`].
        jobs: u32,
        /// Which ones.
        seed: u64,
    },
    /// Read from a dataset file: one [`JobProfile`](taskferry_profile::model::JobProfile) a line as JSON, oldest
    /// job first, plain or compressed with gzip.
    File(PathBuf),
}

impl Default for DataOrigin {
    /// 200 generated jobs with seed 1.
    fn default() -> Self {
        Self::Generated { jobs: DEFAULT_JOBS, seed: DEFAULT_SEED }
    }
}
