//! Where a transform's results go.

use serde_json::Value;

use crate::{Counters, Origin, Record};

/// Takes what a transform makes of one record, and what it counts.
///
/// Whatever is emitted gets the origin of the record it was made from.
#[derive(Debug, Default)]
pub struct Output {
    origin: Origin,
    records: Vec<Record>,
    start: usize,
    counters: Counters,
    /// What the current record counts for, as long as it may still be refused.
    counted: Vec<Counted>,
    /// The values in it, one after the other.
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
    pub fn emit(&mut self, record: Record) {
        self.records.push(record.with_origin(self.origin.clone()));
    }

    /// Sends a value on, as a record.
    pub fn emit_value(&mut self, value: Value) {
        self.emit(Record::from_value(value));
    }

    /// Adds to the count under a name. Totals of the run stand in the closing table and in the manifest, and
    /// [`Transform::warnings`](crate::Transform::warnings) can turn them into warnings. What is counted for a record that is
    /// refused in the end does not count.
    pub fn count(&mut self, name: &'static str, count: u64) {
        self.counted.push(Counted::Times(name, count));
    }

    /// Counts one value under a name. The ten most frequent ones stand in the manifest.
    pub fn count_value(&mut self, name: &'static str, value: &str) {
        self.values.push_str(value);
        self.counted.push(Counted::Value(name, self.values.len()));
    }

    /// Notes that something was seen at all, for [`Transform::warnings`](crate::Transform::warnings); no report shows it. All
    /// notes are kept, so there must not be many different ones.
    pub fn note(&mut self, seen: &str) {
        self.values.push_str(seen);
        self.counted.push(Counted::Note(self.values.len()));
    }

    /// Sends a record on that the stage was not to see. Called by the engine.
    pub fn pass(&mut self, record: Record) {
        self.records.push(record);
    }

    /// From now on, what is emitted was made from a record of this origin. Called by the engine.
    pub fn begin(&mut self, origin: &Origin) {
        self.settle();
        self.origin.clone_from(origin);
        self.start = self.records.len();
    }

    /// Takes back what was emitted and counted since [`Output::begin`]. Called by the engine when a transform fails.
    pub fn take_back(&mut self) {
        self.records.truncate(self.start);
        self.counted.clear();
        self.values.clear();
    }

    /// How many records were emitted in all.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing was emitted.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All that was counted, which begins anew at zero.
    pub fn take_counters(&mut self) -> Counters {
        self.settle();
        std::mem::take(&mut self.counters)
    }

    /// All that was emitted, in order.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    fn settle(&mut self) {
        let mut start = 0;
        for counted in self.counted.drain(..) {
            match counted {
                Counted::Times(name, count) => self.counters.add(name, count),
                Counted::Value(name, end) => {
                    self.counters.add_value(name, self.values.get(start..end).unwrap_or_default());
                    start = end;
                }
                Counted::Note(end) => {
                    self.counters.note(self.values.get(start..end).unwrap_or_default());
                    start = end;
                }
            }
        }
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refused_record_counted_is_taken_back() {
        let mut out = Output::new();
        for (name, refused) in [("kept", false), ("refused", true), ("kept too", false)] {
            out.begin(&Origin::default());
            out.count("records", 1);
            out.count_value("names", name);
            out.note(name);
            if refused {
                out.take_back();
            }
        }
        let counters = out.take_counters();
        let names: Vec<_> = counters.frequent("names").into_iter().map(|one| one.value).collect();
        assert_eq!((counters.get("records"), names), (2, vec!["kept".into(), "kept too".into()]));
        assert!(counters.is_noted("kept too") && !counters.is_noted("refused"));
        assert!(out.take_counters().is_empty());
    }
}
