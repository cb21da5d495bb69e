//! The output of a transform.

use std::sync::Arc;
use std::vec::Drain;

use crate::{Counters, Origin, Record};

/// Collects the records and counts that a transform produces.
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
    counts: Vec<Count>,
    /// The texts of `counts`, concatenated.
    texts: String,
    effects: Option<Vec<Effect>>,
    origin: Option<Arc<Origin>>,
}

/// The effect of an option on a record, for previews and explanations.
///
/// ```
/// use taskferry_sdk::Output;
///
/// let mut out = Output::with_effects();
/// out.explain("levels", || "drops the task `Write reports`: its level is H4".to_owned());
/// assert_eq!(out.take_effects()[0].option, "levels");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effect {
    /// The name of the option.
    pub option: &'static str,
    /// What it did, and why: "drops the task `Write reports`: its level is H4".
    pub text: String,
}

#[derive(Debug, Clone, Copy)]
enum Count {
    Add(&'static str, u64),
    /// A value, by the end of its text.
    Value(&'static str, usize),
    /// A note, by the end of its text.
    Note(usize),
}

impl Output {
    /// An empty output.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty output that collects effects.
    pub fn with_effects() -> Self {
        Self { effects: Some(Vec::new()), ..Self::default() }
    }

    /// Sets the origin of the record that the transform receives next.
    pub fn set_origin(&mut self, origin: Option<Arc<Origin>>) {
        self.origin = origin;
    }

    /// The origin of the record that the transform has received. `None` in [`finish`](crate::OrderedTransform::finish).
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Emits a record.
    pub fn emit(&mut self, record: impl Into<Record>) {
        self.records.push(record.into());
    }

    /// Adds to a counter. The summary and the manifest show the totals of the run, and the transform's `warnings` receives them.
    /// Counts for a refused record are discarded.
    pub fn count(&mut self, name: &'static str, count: u64) {
        self.counts.push(Count::Add(name, count));
    }

    /// Counts a value. The manifest shows the ten most frequent values of each name.
    pub fn count_value(&mut self, name: &'static str, value: &str) {
        self.texts.push_str(value);
        self.counts.push(Count::Value(name, self.texts.len()));
    }

    /// Notes a fact for the transform's `warnings`. Reports don't show notes. Every different note is kept, so use only
    /// a few.
    pub fn note(&mut self, seen: &str) {
        self.texts.push_str(seen);
        self.counts.push(Count::Note(self.texts.len()));
    }

    /// Describes the effect of an option on the record, for previews and explanations. `text` returns a string, or `None` if the
    /// option has no effect; a run does not call it. The plugin lists the option in
    /// [`TransformPlugin::explained_options`](crate::TransformPlugin::explained_options).
    ///
    /// ```
    /// # use taskferry_sdk::Output;
    /// let mut out = Output::with_effects();
    /// out.explain("levels", || "drops the task `Write reports`: its level is H4".to_owned());
    /// out.explain("missing", || None);
    /// assert_eq!(out.take_effects().len(), 1);
    /// ```
    pub fn explain<T: Into<Option<String>>>(
        &mut self,
        option: &'static str,
        text: impl FnOnce() -> T,
    ) {
        if let Some(effects) = &mut self.effects
            && let Some(text) = text().into()
        {
            effects.push(Effect { option, text });
        }
    }

    /// Removes and returns the effects.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.effects.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The emitted records, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Removes and returns the emitted records, in order.
    pub fn drain_records(&mut self) -> Drain<'_, Record> {
        self.records.drain(..)
    }

    /// Removes and returns the counts.
    pub fn take_counters(&mut self) -> Counters {
        let mut counters = Counters::default();
        self.add_counters_to(&mut counters);
        counters
    }

    /// Moves the counts to `counters`.
    pub fn add_counters_to(&mut self, counters: &mut Counters) {
        let (texts, mut start) = (&self.texts, 0);
        let mut next_text = |end| {
            let text = texts.get(start..end).unwrap_or_default();
            start = end;
            text
        };
        for count in self.counts.drain(..) {
            match count {
                Count::Add(name, count) => counters.add(name, count),
                Count::Value(name, end) => counters.add_value(name, next_text(end)),
                Count::Note(end) => counters.note(next_text(end)),
            }
        }
        self.texts.clear();
    }

    /// Removes all records and counts.
    pub fn clear(&mut self) {
        self.records.clear();
        self.counts.clear();
        self.texts.clear();
        self.take_effects();
    }
}
