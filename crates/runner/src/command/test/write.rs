//! Writes a recorded test to the test file.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;
use taskferry_config::{ExpectedRefusals, TestCase, toml_key, toml_value};
use taskferry_sdk::LookupAnswers;

use crate::command::json_lines::file_text;

/// A test to write.
pub(crate) struct Recorded<'a> {
    pub(crate) name: &'a str,
    pub(crate) stage: Option<&'a str>,
    pub(crate) input: &'a [Value],
    /// The answers to lookups.
    pub(crate) lookups: &'a LookupAnswers,
    pub(crate) outputs: &'a [Value],
    /// The number of dropped input records; 0 if it is unknown.
    pub(crate) dropped: u64,
    pub(crate) refused: Option<ExpectedRefusals>,
}

impl Recorded<'_> {
    /// The test as a TOML table. JSON text keeps what TOML can't represent, for example `null` and the digits of numbers.
    pub(crate) fn to_toml(&self) -> String {
        let mut toml = format!("[[test]]\nname = {}\n", string(self.name));
        if let Some(stage) = self.stage {
            _ = writeln!(toml, "stage = {}", string(stage));
        }
        _ = writeln!(toml, "input = {}", json(self.input));
        for (stage, answers) in self.lookups {
            let answers = answers.iter().map(|(key, answer)| (key.clone(), answer.clone()));
            let answers = json(&[answers.collect()]);
            _ = writeln!(toml, "lookups.{} = {answers}", toml_key(stage));
        }
        _ = writeln!(toml, "expect = {}", json(self.outputs));
        if self.dropped > 0 {
            _ = writeln!(toml, "expect_dropped = {}", self.dropped);
        }
        match &self.refused {
            Some(ExpectedRefusals::Reason(text)) => {
                _ = writeln!(toml, "expect_refused = {}", string(text));
            }
            Some(ExpectedRefusals::Count(count)) => _ = writeln!(toml, "expect_refused = {count}"),
            None => {}
        }
        toml
    }
}

/// Adds a test to a file. If `old` is set, the test replaces the test at this line. A missing file is created. `lines` contains
/// the first line of each test of the file.
///
/// # Errors
/// Errors of the file system.
pub(crate) fn write(
    file: &Path,
    table: &str,
    old: Option<usize>,
    lines: &[usize],
) -> io::Result<()> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let text = match old {
        Some(line) => replaced(&text, table, line, lines),
        None if text.trim().is_empty() => table.to_owned(),
        None => format!("{}\n\n{table}", text.trim_end()),
    };
    fs::write(file, text)
}

/// The text with `table` in place of the test that begins at `line`, from 1. `lines` are where the tests of the file begin.
fn replaced(text: &str, table: &str, line: usize, lines: &[usize]) -> String {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let next = lines.iter().copied().filter(|other| *other > line).min();
    let mut end = next.map_or(all.len(), |next| next.saturating_sub(1));
    // Comments above the next test belong to it.
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    while next.is_some() && end > line && all.get(end - 1).is_some_and(is_comment) {
        end -= 1;
    }
    let part = |range: std::ops::Range<usize>| all.get(range).unwrap_or_default().concat();
    format!("{}{table}{}", part(0..line.saturating_sub(1)), part(end..all.len()))
}

/// The lines at which the tests of a file begin.
pub(crate) fn lines_in(file: &Path, cases: &[TestCase]) -> Vec<usize> {
    let positions = cases.iter().filter_map(|case| case.position.as_ref());
    let own = positions.filter(|position| Path::new(&position.file) == file);
    own.map(|position| position.line).collect()
}

fn string(text: &str) -> String {
    toml_value(&text.into())
}

/// Records as a literal string with JSON on its lines.
fn json(records: &[Value]) -> String {
    if records.is_empty() {
        return "[]".to_owned();
    }
    // Three single quotes would end the string. In JSON, single quotes occur only in strings, where they may be escaped.
    let text: String = records.iter().map(file_text).collect();
    format!("'''\n{}'''", text.replace("'''", "''\\u0027"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_test_is_written_as_a_person_writes_it() {
        let test = Recorded {
            name: "the \"first\"",
            stage: None,
            input: &[json!({"external_id": "job-1", "tasks": null, "quote": "'''"})],
            lookups: &[("job titles".to_owned(), [("j1".to_owned(), json!(null))].into())].into(),
            outputs: &[json!({"a": 1}), json!({"a": 2})],
            dropped: 0,
            refused: None,
        };
        insta::assert_snapshot!(test.to_toml(), @r#"
        [[test]]
        name = "the \"first\""
        input = '''
        {"external_id": "job-1", "tasks": null, "quote": "''\u0027"}
        '''
        lookups."job titles" = '''
        {"j1": null}
        '''
        expect = '''
        {"a": 1}
        {"a": 2}
        '''
        "#);
    }

    #[test]
    fn only_the_old_test_is_replaced() {
        let text = "# tests\n\n[[test]]\nname = \"a\"\n[test.env]\nX = \"1\"\n\n# about b\n[[test]]\nname = \"b\"\n";
        let new = "[[test]]\nname = \"new\"\n";
        assert_eq!(
            replaced(text, new, 3, &[3, 9]),
            "# tests\n\n[[test]]\nname = \"new\"\n\n# about b\n[[test]]\nname = \"b\"\n"
        );
        assert!(replaced(text, new, 9, &[3, 9]).ends_with("# about b\n[[test]]\nname = \"new\"\n"));
    }
}
