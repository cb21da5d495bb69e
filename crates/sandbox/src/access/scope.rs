//! Scopes of access tokens.

use schemars::JsonSchema;

/// A scope of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
pub(crate) enum Scope {
    Read,
    Write,
    ReadReports,
}

impl Scope {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Write, Self::ReadReports];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadReports => "read_reports",
        }
    }
}
