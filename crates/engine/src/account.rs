//! What was counted, of pages that every sink has.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use taskferry_pipeline::{Pipeline, TransformStage};
use taskferry_sdk::{Counters, SourceStatistics};

/// Counts of all stages, up to a page. They only ever take in a page as a whole, so that they always add up:
/// what goes into a stage is what came out of the one before, and each record that went in came out as something,
/// as nothing, or was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) source: SourceCount,
    pub(crate) transforms: Vec<TransformCount>,
    pub(crate) sinks: Vec<SinkCount>,
}

/// Counts of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceCount {
    pub(crate) pages: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    /// Whether any of it was made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sandbox: bool,
}

/// Counts of one transform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransformCount {
    pub(crate) records_in: u64,
    pub(crate) records_out: u64,
    /// Records of which nothing came out, and which were not refused.
    pub(crate) filtered: u64,
    pub(crate) skipped: u64,
    pub(crate) dead_letters: u64,
    /// What it counts itself.
    #[serde(default, skip_serializing_if = "Counters::is_empty")]
    pub(crate) counters: Counters,
    /// The state of a transform that has one, behind the last page.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Value>,
}

/// Counts of one sink, and of its own transforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SinkCount {
    pub(crate) transforms: Vec<TransformCount>,
    pub(crate) records_in: u64,
    pub(crate) delivered: u64,
    pub(crate) skipped: u64,
    pub(crate) dead_letters: u64,
}

/// A state that is `null` is a state all the same.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Account {
    /// Nothing yet, of a pipeline of this shape.
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let none = |stages: &[TransformStage]| vec![TransformCount::default(); stages.len()];
        let sink = |transforms| SinkCount { transforms, ..SinkCount::default() };
        Self {
            source: SourceCount::default(),
            transforms: none(&pipeline.transforms),
            sinks: pipeline.sinks.iter().map(|stage| sink(none(&stage.transforms))).collect(),
        }
    }

    /// Whether it has the shape of another one.
    pub(crate) fn has_shape_of(&self, other: &Self) -> bool {
        let transforms = |sinks: &[SinkCount]| -> Vec<usize> {
            sinks.iter().map(|sink| sink.transforms.len()).collect()
        };
        self.transforms.len() == other.transforms.len()
            && transforms(&self.sinks) == transforms(&other.sinks)
    }

    /// Records that went to the dead letters, wherever.
    pub(crate) fn dead_letters(&self) -> u64 {
        let own = self.sinks.iter().flat_map(|sink| &sink.transforms);
        let transforms: u64 =
            self.transforms.iter().chain(own).map(|count| count.dead_letters).sum();
        transforms + self.sinks.iter().map(|sink| sink.dead_letters).sum::<u64>()
    }
}

impl SourceCount {
    /// Takes in one page. `earlier` is what earlier attempts at this run took.
    pub(crate) fn add(
        &mut self,
        records: u64,
        bytes: u64,
        earlier: SourceStatistics,
        now: SourceStatistics,
    ) {
        self.pages += 1;
        self.records += records;
        self.bytes += bytes;
        self.note_statistics(earlier, now);
    }

    /// Takes note of what it took; never of less than before.
    pub(crate) fn note_statistics(&mut self, earlier: SourceStatistics, now: SourceStatistics) {
        self.requests = self.requests.max(earlier.requests + now.requests);
        self.retries = self.retries.max(earlier.retries + now.retries);
        self.sandbox |= earlier.sandbox | now.sandbox;
    }
}

impl TransformCount {
    pub(crate) fn add(&mut self, more: &Self) {
        self.records_in += more.records_in;
        self.records_out += more.records_out;
        self.filtered += more.filtered;
        self.skipped += more.skipped;
        self.dead_letters += more.dead_letters;
        self.counters.merge(&more.counters);
        if more.state.is_some() {
            self.state.clone_from(&more.state);
        }
    }
}

impl SinkCount {
    pub(crate) fn add(&mut self, more: &Self) {
        add_all(&mut self.transforms, &more.transforms);
        self.records_in += more.records_in;
        self.delivered += more.delivered;
        self.skipped += more.skipped;
        self.dead_letters += more.dead_letters;
    }
}

/// Takes in the counts of a chain, stage by stage.
pub(crate) fn add_all(counts: &mut [TransformCount], more: &[TransformCount]) {
    for (count, more) in counts.iter_mut().zip(more) {
        count.add(more);
    }
}
