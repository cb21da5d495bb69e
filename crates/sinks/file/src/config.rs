//! The options of `type = "file"`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_format::{Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding};
use taskferry_sdk::{BuildContext, KeyPath, Part, PathTemplate, Plugin, Problem, Sink, SinkPlugin};

use crate::Compression;
use crate::paths::part_of;
use crate::sink::FileSink;

/// Writes records to a file, and publishes the file when it is complete.
///
/// At the end of the run, an existing file is replaced atomically. A failed run does not change an existing file.
/// Missing folders are created. The manifest contains the size and the SHA-256 of the file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-sandbox" = true))]
pub struct FileOptions {
    /// The path of the file, relative to the working directory. The placeholders are `{pipeline}`, `{date}`, `{time}`,
    /// `{run_id}` and `{shard}`: see "Names and paths" in `docs/running.md`. Date and time mean the start of the run, in UTC.
    ///
    /// A symbolic link that belongs to root or to the user of the process is followed: the run creates or replaces the target.
    /// The folder of the target must exist.
    pub path: PathTemplate,

    /// The format of the records.
    #[serde(default)]
    pub format: Format,

    /// The compression of the file, regardless of its extension.
    #[serde(default)]
    pub compression: Compression,

    /// The columns of a CSV table, in this order. By default, all fields of all records, in order of first appearance. Without
    /// `columns`, rows are stored on the same disk until the last record.
    ///
    /// The manifest lists omitted fields and empty columns.
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    pub columns: Option<Vec<String>>,

    /// Adds a leading `'` to CSV cells that a spreadsheet would read as a formula.
    ///
    /// A text or a list is escaped if it begins with a tab, a line break, or `=`, `+`, `-`, `@` (also in full
    /// width, and after blanks). Numbers are never escaped. A warning counts the escaped cells. The escapes do not protect a
    /// spreadsheet that splits the file at another character than `delimiter`.
    #[schemars(extend("default" = true))]
    pub escape_formulas: Option<bool>,

    /// The dialect of a CSV table, which sets the defaults of `delimiter`, `bom`, `decimal` and `line_ending`.
    ///
    /// `rfc4180` has commas, decimal points and no byte order mark. `excel` adds the byte order mark that Excel needs
    /// for UTF-8. `excel-semicolon` also has semicolons and decimal commas. Excel accepts only the delimiter of its
    /// region.
    #[schemars(extend("default" = "rfc4180"))]
    pub dialect: Option<Dialect>,

    /// The separator of CSV cells. By default, the dialect decides.
    pub delimiter: Option<Delimiter>,

    /// Whether a CSV table begins with a byte order mark. By default, the dialect decides.
    pub bom: Option<bool>,

    /// The decimal separator of numbers in CSV cells. Strings and JSON in cells are not changed. By default, the dialect
    /// decides. A comma needs another `delimiter`.
    pub decimal: Option<Decimal>,

    /// The line ending of a CSV table.
    #[schemars(extend("default" = "crlf"))]
    pub line_ending: Option<LineEnding>,
}

impl Plugin for FileOptions {
    const TYPE: &'static str = "file";
}

impl SinkPlugin for FileOptions {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        // Serde does not support `flatten` with `deny_unknown_fields`, so this struct repeats the format options.
        let options = FormatOptions {
            format: self.format,
            columns: self.columns.clone(),
            escape_formulas: self.escape_formulas,
            dialect: self.dialect,
            delimiter: self.delimiter,
            bom: self.bom,
            decimal: self.decimal,
            line_ending: self.line_ending,
        };
        let mut problems = options.problems();
        problems.extend(path_problem(self.path.as_str(), self.compression, self.format));
        if problems.is_empty() {
            Ok(Box::new(FileSink::new(self.path.clone(), options, self.compression)))
        } else {
            Err(problems)
        }
    }

    fn columns(&self) -> Vec<String> {
        self.columns.clone().unwrap_or_default()
    }

    fn output_id(&self, context: &BuildContext<'_>) -> Option<String> {
        Some(self.path.output_id(context.pipeline()))
    }

    fn files(&self, context: &BuildContext<'_>) -> Vec<PathBuf> {
        let path = self.path.for_pipeline(context.pipeline());
        let beside = ["part", "rows"].map(|ending| part_of(&path, ending));
        std::iter::once(path).chain(beside).collect()
    }
}

/// Reports a path that is a folder, or an extension that does not match the compression or the format.
fn path_problem(path: &str, compression: Compression, format: Format) -> Option<Problem> {
    let at_path = KeyPath::of("path");
    let name = path.rsplit('/').next().unwrap_or(path);
    if matches!(name, "." | "..") {
        let problem = Problem::at(at_path, "missing-file-name", "the path is a folder");
        return Some(problem.help("add a file name"));
    }
    let expected = Compression::of_file_name(name).filter(|expected| *expected != compression);
    let Some(expected) = expected else { return format_problem(name, format) };
    let message = match compression {
        Compression::None => {
            format!("the file extension belongs to {expected}, but `compression` is \"none\"")
        }
        other => {
            format!("the file extension belongs to {expected}, but `compression` is {other}")
        }
    };
    let help = format!("write `compression = \"{expected}\"`, or use another extension");
    Some(conflict(message, "compression").help(help))
}

/// Reports a name whose extension does not match the format. The extension of the compression is ignored.
fn format_problem(name: &str, format: Format) -> Option<Problem> {
    let plain = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let expected = match plain.rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        _ => return None,
    };
    if expected == format {
        return None;
    }
    let message = format!("the file extension belongs to {expected}, but `format` is {format}");
    let help = format!("write `format = \"{expected}\"`, or use another extension");
    Some(conflict(message, "format").help(help))
}

/// The error for a path whose extension contradicts the option `key`.
fn conflict(message: String, key: &str) -> Problem {
    Problem::at(KeyPath::of("path"), "conflicting-options", message)
        .label("this extension")
        .related(KeyPath::of(key), Part::Value, "does not match this")
}
