//! The options of `type = "stdout"`.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_format::{FormatOptions, StreamSink};
use taskferry_sdk::{BuildContext, Plugin, Problem, Sink, SinkPlugin};

use crate::sink::{cannot_write, open};

/// Writes records to standard output.
///
/// Records are written page by page. A CSV table without `columns` is written at the end, because its header contains
/// the fields of all records. Until then, the rows are stored in the temporary folder of the system.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("x-sandbox" = true))]
pub struct StdoutOptions(FormatOptions);

impl Plugin for StdoutOptions {
    const TYPE: &'static str = "stdout";
}

impl SinkPlugin for StdoutOptions {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        let problems = self.0.problems();
        if problems.is_empty() {
            Ok(Box::new(StreamSink::new(self.0.clone(), open, cannot_write)))
        } else {
            Err(problems)
        }
    }

    fn columns(&self) -> Vec<String> {
        self.0.columns.clone().unwrap_or_default()
    }

    fn output_id(&self, _: &BuildContext<'_>) -> Option<String> {
        Some("stdout".to_owned())
    }
}
