//! Masks strings of records, because previews are often copied into logs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use taskferry_sdk::Record;

use crate::trace::{Outcome, RecordTrace};

/// A text of at least this many characters is also replaced where it is not quoted.
const MIN_UNQUOTED_CHARACTERS: usize = 4;

/// Replaces the texts of one record, except ids and levels. Equal texts get the same number: `…3`.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    is_on: bool,
    /// Ids and levels.
    unmasked: BTreeSet<String>,
    numbers: BTreeMap<String, usize>,
}

impl Mask {
    pub(crate) fn of(trace: &RecordTrace, is_on: bool) -> Self {
        let mut mask = Self { is_on, ..Self::default() };
        if !is_on {
            return mask;
        }
        let emitted = trace.steps.iter().flat_map(|step| match &step.outcome {
            Outcome::Emitted { records, .. } => records.as_slice(),
            _ => &[],
        });
        let values: Vec<Value> =
            std::iter::once(&trace.record).chain(emitted).map(value_of).collect();
        for value in &values {
            mask.find_unmasked(value, false);
        }
        for value in &values {
            mask.number(value);
        }
        mask
    }

    /// The record as a JSON value, with its texts replaced.
    pub(crate) fn record(&self, record: &Record) -> Value {
        let value = value_of(record);
        if self.is_on { self.value(&value) } else { value }
    }

    /// A message about the record, without its texts.
    pub(crate) fn text(&self, text: &str) -> String {
        if !self.is_on {
            return text.to_owned();
        }
        let mut text = self.without_excerpts(text);
        let mut numbers: Vec<_> = self.numbers.iter().collect();
        numbers.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, number) in numbers {
            if value.chars().count() >= MIN_UNQUOTED_CHARACTERS {
                text = text.replace(value.as_str(), &format!("…{number}"));
            }
            for quote in ['`', '"'] {
                let quoted = format!("{quote}{value}{quote}");
                text = text.replace(&quoted, &format!("{quote}…{number}{quote}"));
            }
        }
        text
    }

    /// Replaces shortened texts: `"Advise the bo..."`.
    fn without_excerpts(&self, text: &str) -> String {
        let is_excerpt = |part: &str| {
            let beginning = part.trim_end_matches(['.', '…']);
            let is_cut = beginning.len() < part.len() && !beginning.is_empty();
            is_cut && self.numbers.keys().any(|value| value.starts_with(beginning))
        };
        let parts = text.split('"').map(|part| if is_excerpt(part) { "…" } else { part });
        parts.collect::<Vec<_>>().join("\"")
    }

    fn find_unmasked(&mut self, value: &Value, is_unmasked: bool) {
        match value {
            Value::String(text) if is_unmasked => _ = self.unmasked.insert(text.clone()),
            Value::Array(items) => {
                for item in items {
                    self.find_unmasked(item, is_unmasked);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    self.find_unmasked(member, is_id_or_level(key));
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() && !self.unmasked.contains(text) => {
                let next = self.numbers.len() + 1;
                self.numbers.entry(text.clone()).or_insert(next);
            }
            Value::Array(items) => items.iter().for_each(|item| self.number(item)),
            Value::Object(members) => members.values().for_each(|member| self.number(member)),
            _ => {}
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.numbers.get(text) {
                Some(number) => format!("…{number}").into(),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(key, member)| (key.clone(), self.value(member)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            _ => value.clone(),
        }
    }
}

fn is_id_or_level(key: &str) -> bool {
    let endings = ["id", "ids", "level"];
    endings.iter().any(|ending| {
        key.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

/// A record as a JSON value; its text if it is not valid JSON.
fn value_of(record: &Record) -> Value {
    record.value().unwrap_or_else(|_| record.to_json().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_replaced_but_ids_levels_and_numbers_stay() {
        let record = Record::from(json!({
            "external_id": "j1", "name": "Judge", "no": "no", "job": "j1", "hours": 1.5,
            "ai_impact": {"level": "H2", "rationale": "Judge"}
        }));
        let trace =
            RecordTrace { origin: taskferry_sdk::Origin::default(), record, steps: Vec::new() };
        let mask = Mask::of(&trace, true);
        let expected = json!({
            "external_id": "j1", "name": "…1", "no": "…2", "job": "j1", "hours": 1.5,
            "ai_impact": {"level": "H2", "rationale": "…1"}
        });
        assert_eq!(mask.record(&trace.record), expected);
        let message = "no `no`: Judge and \"Ju...\" of `j1`";
        assert_eq!(mask.text(message), "no `…2`: …1 and \"…\" of `j1`");
        assert_eq!(Mask::of(&trace, false).text(message), message);
    }
}
