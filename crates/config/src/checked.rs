//! A checked pipeline.

use taskferry_pipeline::Pipeline;

use crate::mistake::Mistake;
use crate::outputs::FilesInUse;
use crate::positions::StageInfo;

/// A pipeline that can run, with the warnings about it.
#[derive(Debug)]
pub struct Checked {
    /// The pipeline: every stage is built, nothing is opened.
    pub pipeline: Pipeline,
    /// The files that the pipeline reads and writes.
    pub files: FilesInUse,
    /// The stages, in the order of the records: the source, the transforms, then each sink after its own transforms.
    pub stages: Vec<StageInfo>,
    /// Identifies the pages that the source returns: a digest of the program's version and of the source's options, without
    /// secrets.
    pub pages_digest: String,
    /// The warnings, in the order of their positions.
    pub warnings: Vec<Mistake>,
}
