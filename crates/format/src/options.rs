//! The format options.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_sdk::{KeyPath, Part, Problem};

/// How records are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON record a line.
    #[default]
    Ndjson,
    /// One JSON array of all records.
    Json,
    /// A table with a header, one record a row.
    Csv,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// The dialect of a CSV table: the defaults of `delimiter`, `bom`, `decimal` and `line_ending`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// RFC 4180: commas, lines that end in CRLF, no byte order mark.
    #[default]
    Rfc4180,
    /// Excel in regions with a decimal point: as `rfc4180`, with the byte order mark that Excel needs for UTF-8.
    Excel,
    /// Excel in regions with a decimal comma: semicolons, a decimal comma and a byte order mark.
    ExcelSemicolon,
}

/// The separator of cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Delimiter {
    /// A comma.
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// A semicolon.
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t")]
    Tab,
}

impl Delimiter {
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// The decimal separator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Decimal {
    /// 1.5
    #[default]
    #[serde(rename = ".")]
    Point,
    /// 1,5
    #[serde(rename = ",")]
    Comma,
}

/// How a line of a CSV table ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// Carriage return and line feed.
    #[default]
    Crlf,
    /// A line feed.
    Lf,
}

/// The format options of a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct FormatOptions {
    /// The format of the records.
    #[serde(default)]
    pub format: Format,

    /// The columns of a CSV table, in this order. By default, all fields of all records, in order of first appearance.
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

#[derive(Debug, Clone, Copy)]
pub(crate) struct TableStyle {
    pub(crate) delimiter: Delimiter,
    pub(crate) bom: bool,
    pub(crate) line_ending: LineEnding,
    pub(crate) cells: CellStyle,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct CellStyle {
    /// Whether formulas are escaped.
    pub(crate) escape: bool,
    pub(crate) decimal: Decimal,
}

impl FormatOptions {
    /// All errors in the options, with paths from the sink's table.
    ///
    /// ```
    /// use taskferry_format::FormatOptions;
    ///
    /// let options = FormatOptions { columns: Some(vec!["task".into()]), ..FormatOptions::default() };
    /// assert_eq!(options.problems()[0].message, "`columns` has no effect unless the format is csv");
    /// ```
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.format != Format::Csv {
            let set = [
                ("columns", self.columns.is_some()),
                ("escape_formulas", self.escape_formulas.is_some()),
                ("dialect", self.dialect.is_some()),
                ("delimiter", self.delimiter.is_some()),
                ("bom", self.bom.is_some()),
                ("decimal", self.decimal.is_some()),
                ("line_ending", self.line_ending.is_some()),
            ];
            problems.extend(set.into_iter().filter(|(_, set)| *set).map(|(key, _)| no_effect(key)));
            return problems;
        }
        problems.extend(self.columns.iter().flat_map(|columns| column_problems(columns)));
        problems.extend(self.decimal_problem());
        problems
    }

    /// A decimal comma with comma-separated cells would need quotes around most numbers.
    fn decimal_problem(&self) -> Option<Problem> {
        let style = self.table_style();
        if (style.delimiter, style.cells.decimal) != (Delimiter::Comma, Decimal::Comma) {
            return None;
        }
        let (decimal, delimiter) =
            (("decimal", "separates decimals"), ("delimiter", "separates cells"));
        let own = if self.decimal.is_some() { decimal } else { delimiter };
        // The dialect sets what the options do not set.
        let other = match (own == decimal, self.delimiter.is_some()) {
            (true, true) => delimiter,
            (true, false) => ("dialect", "separates cells by commas"),
            (false, _) => ("dialect", "separates decimals by commas"),
        };
        let message = "the comma can't be both the delimiter and the decimal separator";
        Some(
            Problem::at(KeyPath::of(own.0), "conflicting-options", message)
                .label(own.1)
                .related(KeyPath::of(other.0), Part::Value, other.1)
                .help("write `delimiter = \";\"` with `decimal = \",\"`, or `decimal = \".\"`"),
        )
    }

    /// The style of the dialect, overridden by the other options.
    pub(crate) fn table_style(&self) -> TableStyle {
        let (delimiter, bom, decimal) = match self.dialect.unwrap_or_default() {
            Dialect::Rfc4180 => (Delimiter::Comma, false, Decimal::Point),
            Dialect::Excel => (Delimiter::Comma, true, Decimal::Point),
            Dialect::ExcelSemicolon => (Delimiter::Semicolon, true, Decimal::Comma),
        };
        let cells = CellStyle {
            escape: self.escape_formulas.unwrap_or(true),
            decimal: self.decimal.unwrap_or(decimal),
        };
        TableStyle {
            delimiter: self.delimiter.unwrap_or(delimiter),
            bom: self.bom.unwrap_or(bom),
            line_ending: self.line_ending.unwrap_or_default(),
            cells,
        }
    }
}

fn no_effect(key: &str) -> Problem {
    let message = format!("`{key}` has no effect unless the format is csv");
    Problem::at(KeyPath::of(key), "unused-option", message)
        .part(Part::Key)
        .label("an option of CSV tables")
        .related(KeyPath::of("format"), Part::Value, "not csv")
        .help(format!("write `format = \"csv\"`, or remove `{key}`"))
}

fn column_problems(columns: &[String]) -> Vec<Problem> {
    let path = KeyPath::of("columns");
    if columns.is_empty() {
        let problem = Problem::at(path, "empty-value", "`columns` is empty");
        return vec![problem.help("name the columns, or remove `columns` to write all fields")];
    }
    Problem::duplicates(&path, columns)
}
