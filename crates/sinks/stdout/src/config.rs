//! The options of `type = "stdout"`.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_format::{Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding};
use taskferry_sdk::{BuildContext, Plugin, Problem, Sink, SinkPlugin};

use crate::sink::{StdoutSink, standard_output};

/// Writes records to standard output.
///
/// Records appear page by page. A CSV table without `columns` appears at the end, since its header is the
/// union of all records' fields; until then its rows wait in the system's folder for temporary files.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-sandbox" = true))]
pub struct StdoutOptions {
    /// How records are written.
    ///
    /// By default `ndjson`.
    #[serde(default)]
    pub format: Format,

    /// The columns of a CSV table, in this order; the summary tells which fields were left out, and
    /// which columns were empty in every record.
    ///
    /// By default all fields that any record has, in order of first appearance.
    pub columns: Option<Vec<String>>,

    /// Whether CSV cells that a spreadsheet would take for a formula get a `'` in front.
    ///
    /// These are texts and lists that begin with `=`, `+`, `-`, `@` or their full-width forms, blanks aside, or with a tab or a
    /// line break; numbers never. A spreadsheet that splits the file at another sign than its `delimiter` finds cells that
    /// nobody escaped.
    ///
    /// By default `true`.
    #[schemars(extend("default" = true))]
    pub escape_formulas: Option<bool>,

    /// The reader that a CSV table is for: defaults for `delimiter`, `bom`, `decimal` and `line_ending`.
    ///
    /// `rfc4180` (the default) has commas, decimal points and no byte order mark. `excel` adds the byte order mark without which
    /// Excel does not read UTF-8. `excel-semicolon` is for regions that write 1,5: semicolons and decimal commas. Excel splits
    /// a file at the delimiter of its own region alone.
    #[schemars(extend("default" = "rfc4180"))]
    pub dialect: Option<Dialect>,

    /// What stands between CSV cells.
    ///
    /// By default that of the `dialect`.
    pub delimiter: Option<Delimiter>,

    /// Whether a CSV table begins with a byte order mark.
    ///
    /// By default that of the `dialect`.
    pub bom: Option<bool>,

    /// The sign before the decimals of numbers in CSV cells; text and JSON in cells stay as they are.
    ///
    /// By default that of the `dialect`. A comma needs another `delimiter`.
    pub decimal: Option<Decimal>,

    /// How the lines of a CSV table end.
    ///
    /// By default `crlf`.
    #[schemars(extend("default" = "crlf"))]
    pub line_ending: Option<LineEnding>,
}

impl Plugin for StdoutOptions {
    const TYPE: &'static str = "stdout";
}

impl SinkPlugin for StdoutOptions {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        let Self {
            format,
            columns,
            escape_formulas,
            dialect,
            delimiter,
            bom,
            decimal,
            line_ending,
        } = self.clone();
        let options = FormatOptions {
            format,
            columns,
            escape_formulas,
            dialect,
            delimiter,
            bom,
            decimal,
            line_ending,
        };
        let problems = options.problems();
        if problems.is_empty() {
            Ok(Box::new(StdoutSink::new(options, standard_output)))
        } else {
            Err(problems)
        }
    }

    fn columns(&self) -> Vec<String> {
        self.columns.clone().unwrap_or_default()
    }

    fn output_id(&self, _: &BuildContext<'_>) -> Option<String> {
        Some("stdout".to_owned())
    }
}
