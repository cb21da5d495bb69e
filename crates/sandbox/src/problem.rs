//! Errors in options.

/// An error in the text of a client, a tenant or a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OptionProblem(pub(crate) String);

/// An error in the text of a setting or of a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct SyntaxProblem {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl SyntaxProblem {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
