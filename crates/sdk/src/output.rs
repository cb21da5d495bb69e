//! Where a transform's results go.

use std::vec::Drain;

use crate::{Counters, Record};

/// Takes what a transform makes of a record, and what it counts.
///
/// ```
/// use taskferry_sdk::{Output, Record};
///
/// let mut out = Output::new();
/// out.emit(Record::parse(r#"{"task_id": "t1"}"#)?);
/// out.count("tasks", 1);
/// assert_eq!(out.records().len(), 1);
/// assert_eq!(out.take_counters().get("tasks"), 1);
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug, Default)]
pub struct Output {
    records: Vec<Record>,
    counted: Vec<Counted>,
    /// The values and notes in `counted`, one after the other.
    values: String,
}

#[derive(Debug, Clone, Copy)]
enum Counted {
    Times(&'static str, u64),
    /// A value, by where it ends.
    Value(&'static str, usize),
    /// A note, by where it ends in the values.
    Note(usize),
}

impl Output {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a record on.
    pub fn emit(&mut self, record: impl Into<Record>) {
        self.records.push(record.into());
    }

    /// Adds to the count under a name. Totals of the run stand in the closing table and in the manifest, and the transform's
    /// `warnings` can turn them into warnings. What is counted for a record that is refused in the end does not count.
    pub fn count(&mut self, name: &'static str, count: u64) {
        self.counted.push(Counted::Times(name, count));
    }

    /// Counts one value under a name. The ten most frequent ones stand in the manifest.
    pub fn count_value(&mut self, name: &'static str, value: &str) {
        self.values.push_str(value);
        self.counted.push(Counted::Value(name, self.values.len()));
    }

    /// Notes that something was seen at all, for the transform's `warnings`; no report shows it. All notes are kept, so
    /// there must not be many different ones.
    pub fn note(&mut self, seen: &str) {
        self.values.push_str(seen);
        self.counted.push(Counted::Note(self.values.len()));
    }

    /// The records that were emitted, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes the records out, in order.
    pub fn drain_records(&mut self) -> Drain<'_, Record> {
        self.records.drain(..)
    }

    /// Takes out what was counted, and begins anew at zero.
    pub fn take_counters(&mut self) -> Counters {
        let mut counters = Counters::default();
        self.add_counters_to(&mut counters);
        counters
    }

    /// Adds what was counted to `counters`, and begins anew at zero.
    pub fn add_counters_to(&mut self, counters: &mut Counters) {
        let mut start = 0;
        for counted in self.counted.drain(..) {
            match counted {
                Counted::Times(name, count) => counters.add(name, count),
                Counted::Value(name, end) => {
                    counters.add_value(name, self.values.get(start..end).unwrap_or_default());
                    start = end;
                }
                Counted::Note(end) => {
                    counters.note(self.values.get(start..end).unwrap_or_default());
                    start = end;
                }
            }
        }
        self.values.clear();
    }

    /// Forgets all that was emitted and counted.
    pub fn clear(&mut self) {
        self.records.clear();
        self.counted.clear();
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleared_counts_are_discarded() {
        let (mut out, mut counters) = (Output::new(), Counters::default());
        for (name, refused) in [("kept", false), ("refused", true), ("kept too", false)] {
            out.count("records", 1);
            out.count_value("names", name);
            out.note(name);
            if refused {
                out.clear();
            }
            out.add_counters_to(&mut counters);
        }
        let names: Vec<_> = counters.frequent("names").into_iter().map(|one| one.value).collect();
        assert_eq!((counters.get("records"), names), (2, vec!["kept".into(), "kept too".into()]));
        assert!(counters.is_noted("kept too") && !counters.is_noted("refused"));
        assert!(out.take_counters().is_empty());
    }
}
