//! A checked pipeline.

use taskferry_pipeline::Pipeline;
use taskferry_sdk::KeyPath;

use crate::diagnostic::Diagnostic;
use crate::outputs::FilesInUse;
use crate::positions::{StageInfo, TextPosition};

/// A pipeline that can run, with the warnings about it.
#[derive(Debug)]
pub struct Checked {
    /// The pipeline: every stage is built, nothing is opened.
    pub pipeline: Pipeline,
    /// The files that the pipeline reads and writes.
    pub files: FilesInUse,
    /// The stages, in the order of the records: the source, the transforms, then each sink after its own transforms.
    pub stages: Vec<StageInfo>,
    /// Identifies the pages that the source returns: a digest of the program's version, of the source's options without secrets,
    /// and of the size and time of files that are only opened during a run.
    pub pages_digest: String,
    /// The warnings, in the order of their positions.
    pub warnings: Vec<Diagnostic>,
    /// The variables and files that placeholders replace, in the order of the options. Empty without
    /// [`Layers::placeholders`](crate::Layers::placeholders).
    pub unverified: Vec<Unverified>,
}

/// An unset variable or an unreadable file that a placeholder replaces. The value is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// The name of the variable, or `file:PATH`.
    pub variable: String,
    /// The option whose value contains it.
    pub option: KeyPath,
    /// The position of the reference.
    pub position: Option<TextPosition>,
}

impl Unverified {
    /// The path of the file; `None` if it is a variable.
    pub fn file(&self) -> Option<&str> {
        self.variable.strip_prefix("file:")
    }
}
