//! A pipeline that can run.

use taskferry_pipeline::Pipeline;

use crate::mistake::Mistake;
use crate::outputs::FilesInUse;

/// A pipeline that can run, and what is worth a second look all the same.
#[derive(Debug)]
pub struct Checked {
    /// Every stage built, nothing opened.
    pub pipeline: Pipeline,
    /// The files that it reads and writes.
    pub files: FilesInUse,
    /// What the pipeline most likely does not do as its author wants, each with its place, in the order of the places.
    pub warnings: Vec<Mistake>,
}
