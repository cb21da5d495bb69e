//! Replaces ids and free texts of a recorded record, so that a test can be shared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use serde_json::Value;
use taskferry_sdk::LookupAnswers;

use crate::command::format::capitalized;

/// Fields whose values are few and fixed by the API: `validation_state`, `event_type`, `level`.
const KINDS: [&str; 3] = ["state", "type", "level"];
/// Characters that may precede or follow a text in a file.
const BORDERS: [char; 8] = ['"', '\'', ',', ';', '\t', '\n', '\r', '|'];

/// Replaces texts. The same text gets the same replacement everywhere.
pub(crate) struct Pseudonyms {
    /// The texts of the files that the pipeline reads, in lower case. Strings that occur in these files are not replaced: they
    /// are not secrets of the record, and the pipeline may depend on them.
    files: Vec<String>,
    /// Replacements by text.
    given: BTreeMap<String, String>,
    /// The last number of each kind of replacement: 2 for `Task` after `Task 2`.
    counts: BTreeMap<String, usize>,
    fields: BTreeSet<String>,
}

impl Pseudonyms {
    /// `files` are the texts of the files that the pipeline reads.
    pub(crate) fn new(files: &[String]) -> Self {
        Self {
            files: files.iter().map(|text| text.to_lowercase()).collect(),
            given: BTreeMap::new(),
            counts: BTreeMap::new(),
            fields: BTreeSet::new(),
        }
    }

    /// The record with replaced texts.
    pub(crate) fn record(&mut self, record: &Value) -> Value {
        self.value(record, "job", "")
    }

    /// The answers to lookups, with replaced texts. Replace the records first.
    pub(crate) fn answers(&mut self, answers: &LookupAnswers) -> LookupAnswers {
        let of_stage = |(stage, answers): (&String, &BTreeMap<String, Value>)| {
            let answers = answers.iter();
            let answers = answers.map(|(key, it)| (self.key(key), self.value(it, stage, stage)));
            (stage.clone(), answers.collect())
        };
        answers.iter().map(of_stage).collect()
    }

    /// The key of a lookup. Texts of the record in it are replaced.
    fn key(&self, key: &str) -> String {
        if let Some(given) = self.given.get(key) {
            return given.clone();
        }
        let mut texts: Vec<_> = self.given.iter().filter(|(text, _)| key.contains(*text)).collect();
        texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let mut replaced = key.to_owned();
        for (text, replacement) in texts {
            replaced = replaced.replace(text, replacement);
        }
        replaced
    }

    /// The number of replaced texts, and the fields that contain them.
    pub(crate) fn replaced(&self) -> (usize, Vec<&str>) {
        (self.given.len(), self.fields.iter().map(String::as_str).collect())
    }

    /// A value of the field `key` of an object in the field `parent`.
    fn value(&mut self, value: &Value, parent: &str, key: &str) -> Value {
        match value {
            Value::Object(fields) => {
                let parent = if key.is_empty() { parent } else { key };
                let field = |(name, field): (&String, &Value)| {
                    (name.clone(), self.value(field, parent, name))
                };
                Value::Object(fields.iter().map(field).collect())
            }
            Value::Array(items) => items.iter().map(|item| self.value(item, parent, key)).collect(),
            Value::String(text) if !self.stays(key, text) => {
                self.fields.insert(if key.is_empty() { parent } else { key }.to_owned());
                Value::from(self.replacement(text, parent, key))
            }
            other => other.clone(),
        }
    }

    fn stays(&self, key: &str, text: &str) -> bool {
        let is_kind = KINDS.contains(&key.rsplit('_').next().unwrap_or_default());
        let is_word = !text.contains(char::is_whitespace) && text.len() <= 32;
        let is_time = text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok();
        text.trim().is_empty() || (is_kind && is_word) || is_time || self.is_mentioned(text)
    }

    fn is_mentioned(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let in_file = |file: &String| {
            file.match_indices(&text).any(|(start, found)| {
                let (before, after) = (file.get(..start), file.get(start + found.len()..));
                let ends = before.is_none_or(|it| it.is_empty() || it.ends_with(BORDERS));
                ends && after.is_none_or(|it| it.is_empty() || it.starts_with(BORDERS))
            })
        };
        self.files.iter().any(in_file)
    }

    fn replacement(&mut self, text: &str, parent: &str, key: &str) -> String {
        if let Some(given) = self.given.get(text) {
            return given.clone();
        }
        let (words, separator) = match key {
            "external_id" | "id" => (parent.replace('_', "-"), "-"),
            _ => match key.strip_suffix("_id") {
                Some(name) => (name.replace('_', "-"), "-"),
                None => (capitalized(&key.replace('_', " ")), " "),
            },
        };
        let replacement = loop {
            let count = self.counts.entry(words.clone()).or_default();
            *count += 1;
            let candidate = format!("{words}{separator}{count}");
            if !self.is_mentioned(&candidate) {
                break candidate;
            }
        };
        self.given.insert(text.to_owned(), replacement.clone());
        replacement
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_and_texts_are_replaced_unless_a_file_contains_them() {
        let record = json!({
            "external_id": "11-1011", "name": "Chief Executive", "updated": "2026-01-31T08:00:00Z",
            "tasks": [
                {
                    "task_id": "11-1011", "task": "Direct", "weekly_hours": 1.50, "validation_state": "validated",
                    "ai_impact": {"level": "H3", "rationale": "Chief Executive"},
                    "linked_skills": [{"skill_id": "s1", "skill": "python"}, {"skill": "Juggling"}, "Juggling"],
                    "source_data": [{"external_id": "a3903505"}], "note": null, "empty": "",
                },
            ],
        });
        let files = ["workday,Python,Python Programming\nworkday,Direct mail,x\n".to_owned()];
        let replaced = [
            ("11-1011", "job-1"),
            ("Chief Executive", "Name 1"),
            ("Direct", "Task 1"),
            ("s1", "skill-1"),
            ("Juggling", "Skill 1"),
            ("a3903505", "source-data-1"),
        ];
        let expected = replaced.iter().fold(record.to_string(), |text, (old, new)| {
            text.replace(&format!("\"{old}\""), &format!("\"{new}\""))
        });
        let mut pseudonyms = Pseudonyms::new(&files);
        assert_eq!(pseudonyms.record(&record).to_string(), expected);
        assert_eq!(pseudonyms.replaced().0, 6);
    }

    #[test]
    fn a_replacement_differs_from_the_texts_in_the_files() {
        let mut pseudonyms = Pseudonyms::new(&["levels = [\"Task 1\"]".to_owned()]);
        assert_eq!(pseudonyms.record(&json!({"task": "secret"})), json!({"task": "Task 2"}));
    }
}
