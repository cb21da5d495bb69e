//! The transform.

use std::collections::HashMap;

use serde_json::Value;
use taskferry_sdk::json::{Document, Node, Text};
use taskferry_sdk::{ErrorKind, OrderedTransform, Output, Record, StageError};

use crate::group::{Accumulator, Group, Measure};

#[derive(Debug)]
pub(crate) struct Aggregator {
    pub(crate) group_by: Vec<String>,
    pub(crate) count: Option<String>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) max_groups: usize,
    /// In the order in which they first appeared.
    pub(crate) groups: Vec<Group>,
    /// The position of each group by its key.
    pub(crate) positions: HashMap<Vec<String>, usize>,
}

impl OrderedTransform for Aggregator {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        let key: Vec<String> = self.group_by.iter().map(|field| json_of(root.get(field))).collect();
        let position = self.positions.get(&key).copied();
        if position.is_none() && self.groups.len() >= self.max_groups {
            return Err(self.too_many(&key));
        }
        let mut results = match position.and_then(|position| self.groups.get(position)) {
            Some(group) => group.results.clone(),
            None => vec![Accumulator::default(); self.measures.len()],
        };
        for (measure, result) in self.measures.iter().zip(&mut results) {
            if let Some(number) = measure.number(root)? {
                *result = measure.add(*result, number)?;
            }
        }
        out.explain("group_by", || format!("adds the record to the group {}", shown(&key)));
        let position = position.unwrap_or(self.groups.len());
        match self.groups.get_mut(position) {
            Some(group) => (group.count, group.results) = (group.count + 1, results),
            None => self.insert(Group { key, count: 1, results }),
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), StageError> {
        for group in &self.groups {
            let keys: Result<Vec<Document>, _> =
                group.key.iter().cloned().map(Document::parse).collect();
            let keys =
                keys.map_err(|error| StageError::new(ErrorKind::Defect, error.to_string()))?;
            out.emit(Text::object(|row| {
                for (field, value) in self.group_by.iter().zip(&keys) {
                    row.member(field.as_str(), value.root());
                }
                if let Some(name) = &self.count {
                    row.member(name.as_str(), group.count);
                }
                for (measure, result) in self.measures.iter().zip(&group.results) {
                    row.member(measure.name.as_str(), measure.result(*result));
                }
            }));
        }
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        serde_json::to_value(&self.groups).ok()
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        let groups: Vec<Group> = serde_json::from_value(state.clone()).map_err(|error| {
            StageError::new(ErrorKind::Defect, format!("the saved groups can't be read: {error}"))
                .hint("start over with `--fresh`")
        })?;
        for group in groups {
            self.insert(group);
        }
        Ok(())
    }
}

impl Aggregator {
    fn insert(&mut self, group: Group) {
        self.positions.insert(group.key.clone(), self.groups.len());
        self.groups.push(group);
    }

    fn too_many(&self, key: &[String]) -> StageError {
        let message = format!(
            "the record needs the new group {}, but the limit `max_groups` ({}) is reached",
            shown(key),
            self.max_groups
        );
        StageError::new(ErrorKind::Record, message)
            .hint("group by a field with fewer values, or raise `max_groups`")
    }
}

/// The JSON of a value with normalized string escapes. A missing field is null.
fn json_of(value: Option<Node<'_>>) -> String {
    let Some(value) = value else { return "null".to_owned() };
    match value.as_str() {
        Some(text) => Text::value(&*text).to_string(),
        None => String::from_utf8_lossy(value.raw()).into_owned(),
    }
}

fn shown(key: &[String]) -> String {
    if key.is_empty() { "of all records".to_owned() } else { format!("`{}`", key.join(", ")) }
}
