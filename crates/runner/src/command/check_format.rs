//! The formats in which `taskferry check` reports errors.

use std::path::PathBuf;
use std::str::FromStr;

/// A format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckFormat {
    /// Text or JSON lines on standard error, depending on `--log`.
    Text,
    /// Workflow commands on standard output.
    Github,
    /// SARIF in a file, or on standard output.
    Sarif(Option<PathBuf>),
}

impl FromStr for CheckFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "text" => Ok(Self::Text),
            None if text == "github" => Ok(Self::Github),
            None if text == "sarif" => Ok(Self::Sarif(None)),
            Some(("sarif", file)) if !file.is_empty() => Ok(Self::Sarif(Some(file.into()))),
            _ => Err("the formats are `text`, `github`, `sarif` and `sarif=FILE`".to_owned()),
        }
    }
}
