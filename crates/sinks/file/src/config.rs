//! The options of `type = "file"`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_format::{Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding};
use taskferry_sdk::{BuildContext, KeyPath, PathTemplate, Plugin, Problem, Sink, SinkPlugin};

use crate::Compression;
use crate::paths::part_of;
use crate::sink::FileSink;

/// Writes records to a file that appears under its name only when complete.
///
/// A file of that name is replaced in one step at the end of the run; a run that fails leaves it alone.
/// Folders that do not exist are created. The summary tells the file's size and SHA-256.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-sandbox" = true))]
pub struct FileOptions {
    /// Where the file goes, relative to the working directory.
    ///
    /// `{pipeline}`, `{date}`, `{time}`, `{run_id}` and `{shard}` are filled in; date and time are the run's start in
    /// UTC, and the shard is the share of the export that `run --shard` takes (`2-of-8`), or `all`.
    ///
    /// If the path is a symbolic link of root or of the user who runs taskferry, the file it leads to is created or
    /// replaced, and the link stays. The folder that it leads into must exist.
    pub path: PathTemplate,

    /// How records are written.
    ///
    /// By default `ndjson`.
    #[serde(default)]
    pub format: Format,

    /// How the file is compressed.
    ///
    /// By default `none`, whatever the path ends in.
    #[serde(default)]
    pub compression: Compression,

    /// The columns of a CSV table, in this order; the summary tells which fields were left out, and
    /// which columns were empty in every record.
    ///
    /// By default all fields that any record has, in order of first appearance; rows then wait on the same
    /// disk until the last record has come.
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

impl Plugin for FileOptions {
    const TYPE: &'static str = "file";
}

impl SinkPlugin for FileOptions {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        let Self {
            path,
            format,
            compression,
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
        let mut problems = options.problems();
        problems.extend(path_problem(path.as_str(), compression, format));
        if problems.is_empty() {
            Ok(Box::new(FileSink::new(path, options, compression)))
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

/// A path that names no file, or one whose ending promises what its bytes will not be.
fn path_problem(path: &str, compression: Compression, format: Format) -> Option<Problem> {
    let at_path = KeyPath::of("path");
    let name = path.rsplit('/').next().unwrap_or(path);
    if matches!(name, "." | "..") {
        let problem = Problem::at(at_path, "value::folder", "the path names a folder");
        return Some(problem.help("add a file name"));
    }
    let promised = Compression::promised_by(name).filter(|promised| *promised != compression);
    let Some(promised) = promised else { return format_problem(name, format) };
    let message = match compression {
        Compression::None => {
            format!("the path promises {promised}, but the file is not compressed")
        }
        other => format!("the path promises {promised}, but the compression is {other}"),
    };
    let help = format!("write `compression = \"{promised}\"`, or another ending");
    Some(Problem::at(at_path, "value::contradiction", message).help(help))
}

/// A name whose ending, before that of the compression, is another format's.
fn format_problem(name: &str, format: Format) -> Option<Problem> {
    let plain = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let promised = match plain.rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        _ => return None,
    };
    if promised == format {
        return None;
    }
    let message = format!("the path promises {promised}, but the format is {format}");
    let help = format!("write `format = \"{promised}\"`, or another ending");
    Some(Problem::at(KeyPath::of("path"), "value::contradiction", message).help(help))
}
