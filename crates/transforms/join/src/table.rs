//! The rows of the file, by key.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use taskferry_profile::mapping::MappingError;
use taskferry_sdk::json::{Document, Text};

use crate::config::FileFormat;
use crate::key::{Comparison, text_of};

/// The columns of the file, by key.
#[derive(Debug)]
pub(crate) struct Table {
    comparison: Comparison,
    rows: HashMap<String, Row>,
    /// All keys, in the form that ignores all differences.
    loose: HashSet<String>,
}

#[derive(Debug)]
struct Row {
    line: u64,
    /// In the order of the option `columns`. `None` if a JSON object lacks the column.
    values: Vec<Option<Text>>,
}

impl Table {
    /// Reads the file. The first of `columns` is the key column.
    ///
    /// # Errors
    /// All errors.
    pub(crate) fn read(
        bytes: &[u8],
        format: FileFormat,
        columns: &[&str],
        comparison: Comparison,
    ) -> Result<Self, Vec<MappingError>> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut table = Self { comparison, rows: HashMap::new(), loose: HashSet::new() };
        let mut errors = Vec::new();
        let mut add = |line, key: Option<String>, values| {
            errors.extend(table.add(line, columns, key, values).err());
        };
        let read = match format {
            FileFormat::Csv => read_csv,
            FileFormat::Ndjson => read_ndjson,
        };
        read(bytes, columns, &mut add).map_err(|error| vec![error])?;
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    }

    fn add(
        &mut self,
        line: u64,
        columns: &[&str],
        key: Option<String>,
        values: Vec<Option<Text>>,
    ) -> Result<(), MappingError> {
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            let column = columns.first().copied().unwrap_or_default();
            let message = format!("the row has no value in the key column `{column}`");
            return Err(MappingError::new("invalid-mapping", line, message));
        };
        self.loose.insert(Comparison::LOOSE.compared(Cow::Borrowed(&key)).into_owned());
        let compared = self.comparison.compared(Cow::Borrowed(&key)).into_owned();
        if let Some(first) = self.rows.get(&compared) {
            let message = format!("the key `{key}` is also in line {}", first.line);
            let help = "keep one of the two rows";
            return Err(MappingError::new("duplicate-key", line, message).help(help));
        }
        self.rows.insert(compared, Row { line, values });
        Ok(())
    }

    /// The values for a key.
    pub(crate) fn find(&self, key: &str) -> Option<&[Option<Text>]> {
        let compared = self.comparison.compared(Cow::Borrowed(key));
        self.rows.get(&*compared).map(|row| row.values.as_slice())
    }

    /// Whether a key is in the file if all differences are ignored.
    pub(crate) fn has_similar(&self, key: &str) -> bool {
        self.loose.contains(&*Comparison::LOOSE.compared(Cow::Borrowed(key)))
    }
}

type Add<'a> = dyn FnMut(u64, Option<String>, Vec<Option<Text>>) + 'a;

fn read_csv(bytes: &[u8], columns: &[&str], add: &mut Add<'_>) -> Result<(), MappingError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let header = reader.headers().map_err(|error| csv_error(&error))?.clone();
    let positions = columns.iter().map(|column| {
        let position = header.iter().position(|name| name.trim() == *column);
        position.ok_or_else(|| missing_column(column, &header))
    });
    let positions: Vec<usize> = positions.collect::<Result<_, _>>()?;
    for row in reader.records() {
        let row = row.map_err(|error| csv_error(&error))?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut cells = positions.iter().map(|position| row.get(*position));
        let key = cells.next().flatten().map(str::to_owned);
        add(line, key, cells.map(|cell| cell.map(Text::value)).collect());
    }
    Ok(())
}

fn missing_column(column: &str, header: &csv::StringRecord) -> MappingError {
    let names: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
    let first = header.get(0).unwrap_or_default();
    let help =
        match [(';', "semicolons"), ('\t', "tabs")].iter().find(|(it, _)| first.contains(*it)) {
            Some((_, delimiters)) => {
                format!("the columns are separated by {delimiters}; separate them with commas")
            }
            None => format!("the header has {}", names.join(", ")),
        };
    MappingError::new("missing-column", 1, format!("the column `{column}` is missing")).help(help)
}

fn csv_error(error: &csv::Error) -> MappingError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            let help = "save the file as UTF-8; Excel calls it \"CSV UTF-8\"";
            MappingError::new("invalid-mapping", line, "the line is not UTF-8 text").help(help)
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => MappingError::new(
            "invalid-mapping",
            line,
            format!("the row has {len} columns, the header has {expected_len}"),
        ),
        _ => MappingError::new("invalid-mapping", line, format!("the file is not CSV: {error}")),
    }
}

fn read_ndjson(bytes: &[u8], columns: &[&str], add: &mut Add<'_>) -> Result<(), MappingError> {
    let mut found: HashSet<&str> = HashSet::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong = |message: String| MappingError::new("invalid-mapping", number, message);
        let object = Document::parse(line.to_vec())
            .map_err(|error| wrong(format!("the line is not JSON: {error}")))?;
        let root = object.root();
        let mut values =
            columns.iter().map(|column| root.get(column).inspect(|_| _ = found.insert(column)));
        let key = values.next().flatten().and_then(text_of).map(Cow::into_owned);
        add(number, key, values.map(|value| value.map(Text::value)).collect());
    }
    match columns.iter().find(|column| !found.contains(*column)) {
        Some(column) => {
            let message = format!("no line has the column `{column}`");
            Err(MappingError::new("missing-column", 1, message))
        }
        None => Ok(()),
    }
}
