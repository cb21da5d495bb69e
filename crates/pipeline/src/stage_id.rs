//! Names of stages.

use std::fmt;

use taskferry_sdk::printable;

/// The role of a stage in a pipeline. It determines the exit code if the stage fails.
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

/// Identifies a stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageId {
    /// The stage's role.
    pub role: Role,
    /// The stage's name: the key `name`, or by default the type.
    pub name: String,
}

impl fmt::Display for StageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.role, printable(&self.name))
    }
}
