//! The options of `type = "stdout"`.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_core::{BuildContext, Plugin, Problem, Sink, SinkPlugin};
use taskferry_format::{Format, FormatOptions};

use crate::sink::StdoutSink;

/// Writes records to standard output.
///
/// Records appear page by page. A CSV table without `columns` appears at the end, since its header is the
/// union of all records' fields; until then its rows wait in the system's folder for temporary files.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StdoutOptions {
    /// How records are written.
    ///
    /// By default `ndjson`.
    #[serde(default)]
    pub format: Format,

    /// The columns of a CSV table, in this order; the summary tells which fields were left out.
    ///
    /// By default all fields that any record has, in order of first appearance.
    pub columns: Option<Vec<String>>,

    /// Whether CSV cells that a spreadsheet would take for a formula get a `'` in front.
    ///
    /// By default `true`.
    #[schemars(extend("default" = true))]
    pub escape_formulas: Option<bool>,
}

impl Plugin for StdoutOptions {
    const TYPE: &'static str = "stdout";
}

impl SinkPlugin for StdoutOptions {
    fn build(self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        let Self { format, columns, escape_formulas } = self;
        let options = FormatOptions { format, columns, escape_formulas };
        let problems = options.problems();
        if problems.is_empty() {
            Ok(Box::new(StdoutSink::new(options, std::io::stdout())))
        } else {
            Err(problems)
        }
    }

    fn columns(&self) -> Vec<String> {
        self.columns.clone().unwrap_or_default()
    }

    fn claims(&self, _: &BuildContext<'_>) -> Option<String> {
        Some("stdout".to_owned())
    }
}
