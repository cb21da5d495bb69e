//! Names of stages.

use std::fmt;

use taskferry_sdk::printable;

/// What a stage does in a pipeline. The exit code of a failed run follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Reads pages.
    Source,
    /// Changes records.
    Transform,
    /// Delivers records.
    Sink,
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Sink => "sink",
        })
    }
}

/// Which stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageId {
    /// What it does.
    pub role: Role,
    /// Its name in the pipeline: the `name` key, else its type.
    pub name: String,
}

impl fmt::Display for StageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.role, printable(&self.name))
    }
}
