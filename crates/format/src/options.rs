//! What a user may choose about the format.

use std::collections::HashSet;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_core::{KeyPath, Part, Problem};

/// How records are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One record a line, each as the JSON it is.
    #[default]
    Ndjson,
    /// One JSON array of all records.
    Json,
    /// A table with a header, one record a row.
    Csv,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Csv => "csv",
        })
    }
}

/// A format and what goes with it. Sinks have these as options of their own, under the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormatOptions {
    /// How records are written.
    pub format: Format,
    /// The columns of a CSV table, in this order; fields that are not named are left out. Without it, the
    /// fields of all records, in order of first appearance.
    pub columns: Option<Vec<String>>,
    /// Whether CSV cells that a spreadsheet would take for a formula get a `'` in front; they do when
    /// nothing is said.
    pub escape_formulas: Option<bool>,
}

impl FormatOptions {
    /// All that is wrong with the options, with paths that start at the sink's table.
    ///
    /// ```
    /// use taskferry_format::FormatOptions;
    ///
    /// let options = FormatOptions { columns: Some(vec!["task".into()]), ..FormatOptions::default() };
    /// assert_eq!(options.problems()[0].message, "`columns` does nothing unless the format is csv");
    /// ```
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.format != Format::Csv {
            let set = [
                ("columns", self.columns.is_some()),
                ("escape_formulas", self.escape_formulas.is_some()),
            ];
            problems.extend(set.into_iter().filter(|(_, set)| *set).map(|(key, _)| no_effect(key)));
        } else if let Some(columns) = &self.columns {
            problems.extend(column_problems(columns));
        }
        problems
    }

    /// Whether formulas are made harmless: unless the user said otherwise.
    pub(crate) fn escapes(&self) -> bool {
        self.escape_formulas.unwrap_or(true)
    }
}

fn no_effect(key: &str) -> Problem {
    let message = format!("`{key}` does nothing unless the format is csv");
    Problem::at(KeyPath::of(key), "key::no_effect", message)
        .part(Part::Key)
        .help(format!("write `format = \"csv\"`, or take `{key}` out"))
}

fn column_problems(columns: &[String]) -> Vec<Problem> {
    let path = KeyPath::of("columns");
    if columns.is_empty() {
        let problem = Problem::at(path, "value::empty", "`columns` is empty");
        return vec![
            problem.help("name the columns, or take `columns` out to get all fields there are"),
        ];
    }
    let mut known = HashSet::new();
    let twice = columns.iter().enumerate().filter(|(_, name)| !known.insert(name.as_str()));
    twice
        .map(|(index, name)| {
            let message = format!("the column `{name}` is named twice");
            Problem::at(path.index(index), "value::duplicate", message).help("name it once")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(
        format: Format,
        columns: Option<&[&str]>,
        escape_formulas: Option<bool>,
    ) -> Vec<(String, &'static str)> {
        let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let problems = FormatOptions { format, columns, escape_formulas }.problems();
        problems.into_iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
    }

    #[test]
    fn options_without_effect_are_told() {
        let both = [
            ("columns".to_owned(), "key::no_effect"),
            ("escape_formulas".to_owned(), "key::no_effect"),
        ];
        assert_eq!(codes(Format::Json, Some(&["a"]), Some(true)), both);
        assert_eq!(codes(Format::Csv, Some(&["a"]), Some(true)), []);
    }

    #[test]
    fn columns_are_there_and_there_once() {
        assert_eq!(codes(Format::Csv, Some(&[]), None), [("columns".to_owned(), "value::empty")]);
        assert_eq!(
            codes(Format::Csv, Some(&["a", "b", "a", "a"]), None),
            [
                ("columns[2]".to_owned(), "value::duplicate"),
                ("columns[3]".to_owned(), "value::duplicate")
            ]
        );
    }
}
