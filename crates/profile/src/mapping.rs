//! Reads a mapping of skills to the names of vendors from a CSV file.
//!
//! The columns are `vendor`, `skill_id` and/or `skill`, `vendor_skill`, and optionally `vendor_skill_id` and `rank`. Other
//! columns are ignored.
//!
//! ```
//! use taskferry_profile::mapping::read_mapping;
//!
//! let rows = read_mapping(b"vendor,skill,vendor_skill\r\n\r\nworkday,Python,Python Programming\r\n").unwrap();
//! assert_eq!((rows[0].line, rows[0].vendor_skill.as_str()), (3, "Python Programming"));
//!
//! let errors = read_mapping(b"vendor,skill,vendor_skill\nworkday,Python\n").unwrap_err();
//! assert_eq!((errors[0].line, errors[0].message.as_str()), (2, "the row has 2 columns, the header has 3"));
//! ```

mod csv;

use std::borrow::Cow;
use std::path::Path;

use icu_normalizer::ComposingNormalizerBorrowed;
use taskferry_sdk::{KeyPath, Problem};

use csv::{Cells, OpenQuote, Rows};

/// The maximum number of errors that are reported with their lines.
const MAX_REPORTED: usize = 10;

/// The name of one skill at one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRow {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The vendor.
    pub vendor: String,
    /// The skill's id. This or `skill` is set, or both.
    pub skill_id: Option<String>,
    /// The skill's name.
    pub skill: Option<String>,
    /// The vendor's name of the skill.
    pub vendor_skill: String,
    /// The vendor's id of the skill.
    pub vendor_skill_id: Option<String>,
    /// The rank among the rows of one skill, the lowest first. A row without a rank comes last.
    pub rank: u64,
}

/// An error in a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The line of the file, from 1.
    pub line: u64,
    /// A stable code of the kind of error.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to correct it.
    pub help: Option<String>,
}

impl MappingError {
    /// An error in a line.
    pub fn new(code: &'static str, line: u64, message: impl Into<String>) -> Self {
        Self { line, code, message: message.into(), help: None }
    }

    /// Says how to correct it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The first errors in the file that an option names, with their lines, and the number of further errors.
    pub fn problems(errors: Vec<Self>, option: &str, file: &Path) -> Vec<Problem> {
        let at = |code, message| Problem::at(KeyPath::of(option), code, message);
        let file = file.display();
        let more = errors.len().saturating_sub(MAX_REPORTED);
        let more =
            (more > 0).then(|| at("invalid-mapping", format!("{file}: {more} more invalid rows")));
        let reported = errors.into_iter().take(MAX_REPORTED).map(|error| {
            let problem = at(error.code, format!("{file}:{}: {}", error.line, error.message));
            error.help.into_iter().fold(problem, Problem::help)
        });
        reported.chain(more).collect()
    }
}

/// Text in Unicode normalization form C, in which names are compared: `é` as one character equals `e` with a combining accent.
pub fn composed(text: &str) -> Cow<'_, str> {
    const NORMALIZER: ComposingNormalizerBorrowed<'_> = ComposingNormalizerBorrowed::new_nfc();
    if text.is_ascii() { Cow::Borrowed(text) } else { NORMALIZER.normalize(text) }
}

/// Reads all rows. Empty rows are ignored.
///
/// # Errors
/// All errors, in the order of the lines.
pub fn read_mapping(bytes: &[u8]) -> Result<Vec<MappingRow>, Vec<MappingError>> {
    let text = text_of(bytes).map_err(|error| vec![error])?;
    let mut rows = Rows::of(text);
    let header = match rows.next() {
        Some(Ok(header)) => header,
        Some(Err(open)) => return Err(vec![never_closed(open)]),
        None => {
            let help = "begin with a header: vendor,skill,vendor_skill";
            return Err(vec![column(1, "the file is empty", help)]);
        }
    };
    let columns = Columns::of(&header)?;
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for row in rows {
        let row = row.map_err(never_closed);
        match row.and_then(|cells| columns.row(&cells).map_err(|what| wrong_row(cells.line, what)))
        {
            Ok(row) => read.push(row),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

/// The text of a file, without a byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, MappingError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong_row(1, "the file is UTF-16 text").help("save the file as UTF-8"));
    }
    // A ZIP archive: an Excel workbook or an OpenDocument sheet.
    if bytes.starts_with(b"PK\x03\x04") {
        let error = wrong_row(1, "the file is a spreadsheet, not CSV");
        return Err(error.help("export the sheet as \"CSV UTF-8\""));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let before = std::str::from_utf8(before).unwrap_or_default();
        let error = wrong_row(1 + csv::line_breaks(before), "the line is not UTF-8 text");
        error.help("save the file as UTF-8; Excel calls it \"CSV UTF-8\"")
    })
}

fn wrong_row(line: u64, message: impl Into<String>) -> MappingError {
    MappingError::new("invalid-mapping", line, message)
}

fn column(line: u64, message: impl Into<String>, help: impl Into<String>) -> MappingError {
    MappingError::new("missing-column", line, message).help(help)
}

fn never_closed(OpenQuote(line): OpenQuote) -> MappingError {
    wrong_row(line, "the quote that opens a cell in this line is not closed")
        .help("add the closing quote, or write `\"\"` for a quote in the text")
}

struct Columns {
    count: usize,
    vendor: usize,
    vendor_skill: usize,
    skill_id: Option<usize>,
    skill: Option<usize>,
    vendor_skill_id: Option<usize>,
    rank: Option<usize>,
}

const COLUMNS: [&str; 6] =
    ["vendor", "skill_id", "skill", "vendor_skill", "vendor_skill_id", "rank"];

impl Columns {
    fn of(header: &Cells) -> Result<Self, Vec<MappingError>> {
        let (line, names) = (header.line, &header.cells);
        let twice =
            COLUMNS.iter().filter(|name| names.iter().filter(|other| other == *name).count() > 1);
        let mut errors: Vec<MappingError> = twice
            .map(|name| {
                let message = format!("duplicate column `{name}`");
                column(line, message, "rename or remove one of them")
            })
            .collect();
        let find = |name: &str| names.iter().position(|column| column == name);
        let (vendor, vendor_skill) = (find("vendor"), find("vendor_skill"));
        let (skill_id, skill) = (find("skill_id"), find("skill"));
        if let (Some(vendor), Some(vendor_skill)) = (vendor, vendor_skill)
            && skill_id.or(skill).is_some()
            && errors.is_empty()
        {
            let (vendor_skill_id, rank) = (find("vendor_skill_id"), find("rank"));
            let count = names.len();
            return Ok(Self {
                count,
                vendor,
                vendor_skill,
                skill_id,
                skill,
                vendor_skill_id,
                rank,
            });
        }
        let missing = [
            (vendor.is_none(), "`vendor`"),
            (vendor_skill.is_none(), "`vendor_skill`"),
            (skill_id.or(skill).is_none(), "`skill_id` or `skill`"),
        ];
        errors.extend(missing.into_iter().filter(|(missing, _)| *missing).map(|(_, name)| {
            column(line, format!("the column {name} is missing"), about_header(names))
        }));
        Err(errors)
    }

    fn row(&self, row: &Cells) -> Result<MappingRow, String> {
        let (columns, expected) = (row.cells.len(), self.count);
        if columns != expected {
            return Err(format!("the row has {columns} columns, the header has {expected}"));
        }
        let cell = |column: usize| row.cells.get(column).filter(|text| !text.is_empty()).cloned();
        let (skill_id, skill) = (self.skill_id.and_then(cell), self.skill.and_then(cell));
        if skill_id.is_none() && skill.is_none() {
            return Err("`skill_id` and `skill` are both empty".to_owned());
        }
        let rank = match self.rank.and_then(cell) {
            None => u64::MAX,
            Some(text) => text
                .parse()
                .map_err(|_| format!("the rank `{text}` is not a whole number of at least 0"))?,
        };
        Ok(MappingRow {
            line: row.line,
            vendor: cell(self.vendor).ok_or("`vendor` is empty")?,
            vendor_skill: cell(self.vendor_skill).ok_or("`vendor_skill` is empty")?,
            skill_id,
            skill,
            vendor_skill_id: self.vendor_skill_id.and_then(cell),
            rank,
        })
    }
}

/// The help for a missing column.
fn about_header(names: &[String]) -> String {
    let first = names.first().map(String::as_str).unwrap_or_default();
    let other = [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")];
    let found = other.into_iter().find(|(delimiter, _)| first.contains(*delimiter));
    if let Some((_, delimiters)) = found {
        return format!("the columns are separated by {delimiters}; separate them with commas");
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("the header has {}", names.join(", "))
}
