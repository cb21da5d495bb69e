//! The positions of stages in the pipeline file.

use std::collections::BTreeMap;
use std::fmt;

use taskferry_pipeline::{OnError, StageId};
use taskferry_sdk::KeyPath;

use crate::built::CheckedStage;

/// A position in a pipeline file, in an overlay, or in an override.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    /// The file, `environment` or `--set`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for TextPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A stage of a checked pipeline, and its position.
#[derive(Debug, Clone)]
pub struct StageInfo {
    /// The stage.
    pub id: StageId,
    /// The name of the sink, for a transform of one sink.
    pub sink: Option<String>,
    /// The plugin's type.
    pub type_name: &'static str,
    /// What happens to records that it refuses. A source refuses none.
    pub on_error: OnError,
    /// The path of its table.
    pub path: KeyPath,
    /// Where its table begins: at the bracket of `[source]` or `[[sink]]`.
    pub position: Option<TextPosition>,
    /// The keys that the pipeline sets in its table, with their positions. The position of a table such as `[source.auth]` is
    /// its bracket.
    pub options: BTreeMap<String, TextPosition>,
    /// The options whose effects the plugin explains.
    pub explained_options: &'static [&'static str],
}

impl StageInfo {
    /// A stage without positions.
    pub(crate) fn new<S>(checked: &CheckedStage<S>) -> Self {
        Self {
            id: checked.id.clone(),
            sink: None,
            type_name: checked.type_name,
            on_error: checked.on_error,
            path: checked.path.clone(),
            position: None,
            options: BTreeMap::new(),
            explained_options: &[],
        }
    }
}
