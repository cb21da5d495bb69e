//! What a run returns.

use taskferry_pipeline::StageFailure;

use crate::manifest::Manifest;

/// How a run ended.
#[derive(Debug)]
pub struct RunReport {
    /// The account of it.
    pub manifest: Manifest,
    /// What made it fail.
    pub error: Option<StageFailure>,
}
