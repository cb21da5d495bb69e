//! AI impact levels.

use std::fmt;
use std::str::FromStr;

/// A level of the Human Agency Scale, from `H1` (done by AI alone) to `H5` (done only by a person). Ordered H1 < H2 < … < H5.
///
/// TechWolf's pages show H1, H2 and H3 (EXPORT-JOBS, EXPORT-EMP). H4 and H5 are inferred from the scale that TechWolf cites. The
/// API's list is not public, so records can have other levels, which are not an `AiLevel`.
///
/// ```
/// use taskferry_profile::AiLevel;
///
/// assert!("H2".parse::<AiLevel>().unwrap() < AiLevel::H4);
/// assert!("H9".parse::<AiLevel>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AiLevel {
    /// AI does the task alone.
    H1,
    /// AI leads, with a little human input.
    H2,
    /// Equal partners.
    H3,
    /// AI needs human input to finish.
    H4,
    /// AI can't do the task without continuous human involvement.
    H5,
}

impl AiLevel {
    /// All levels, lowest first.
    pub const ALL: [Self; 5] = [Self::H1, Self::H2, Self::H3, Self::H4, Self::H5];

    /// The level in the spelling of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::H1 => "H1",
            Self::H2 => "H2",
            Self::H3 => "H3",
            Self::H4 => "H4",
            Self::H5 => "H5",
        }
    }
}

impl fmt::Display for AiLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is not a known level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLevel;

impl fmt::Display for UnknownLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not one of the levels H1, H2, H3, H4, H5")
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for AiLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}
