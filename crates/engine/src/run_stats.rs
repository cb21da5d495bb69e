//! Counts of committed pages, as checkpoints store them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use taskferry_pipeline::{Pipeline, TransformStage};
use taskferry_sdk::{Counters, SourceStatistics};

use crate::fields::FieldCounts;

/// Counts of all stages over the pages that every sink has committed.
///
/// Pages are added as a whole, so the counts of consecutive stages always match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunStats {
    pub(crate) source: SourceStats,
    pub(crate) transforms: Vec<TransformStats>,
    pub(crate) sinks: Vec<SinkStats>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceStats {
    pub(crate) pages: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    /// Whether a sandbox made any of the records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sandbox: bool,
    #[serde(default, skip_serializing_if = "FieldCounts::is_empty")]
    pub(crate) fields: FieldCounts,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransformStats {
    pub(crate) records_in: u64,
    pub(crate) records_out: u64,
    /// Accepted records that produced no output.
    pub(crate) filtered: u64,
    pub(crate) skipped: u64,
    pub(crate) dead_letters: u64,
    #[serde(default, skip_serializing_if = "Counters::is_empty")]
    pub(crate) counters: Counters,
    /// The state of an ordered transform after the last page.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Value>,
}

/// Counts of one sink, and of its own transforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SinkStats {
    pub(crate) transforms: Vec<TransformStats>,
    pub(crate) records_in: u64,
    pub(crate) delivered: u64,
    pub(crate) skipped: u64,
    pub(crate) dead_letters: u64,
}

/// Deserializes `null` as `Some(Value::Null)`, because `null` is a valid state.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl RunStats {
    /// Zero counts for the stages of a pipeline.
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let zero = |stages: &[TransformStage]| vec![TransformStats::default(); stages.len()];
        let sinks = pipeline
            .sinks
            .iter()
            .map(|sink| SinkStats { transforms: zero(&sink.transforms), ..SinkStats::default() });
        Self {
            source: SourceStats::default(),
            transforms: zero(&pipeline.transforms),
            sinks: sinks.collect(),
        }
    }

    /// Whether both have the same number of transforms and sinks.
    pub(crate) fn has_stages_of(&self, other: &Self) -> bool {
        let stages = |stats: &Self| -> Vec<usize> {
            let own = stats.sinks.iter().map(|sink| sink.transforms.len());
            std::iter::once(stats.transforms.len()).chain(own).collect()
        };
        stages(self) == stages(other)
    }

    pub(crate) fn dead_letters(&self) -> u64 {
        let own = self.sinks.iter().flat_map(|sink| &sink.transforms);
        let transforms = self.transforms.iter().chain(own).map(|stats| stats.dead_letters);
        transforms.chain(self.sinks.iter().map(|sink| sink.dead_letters)).sum()
    }
}

impl SourceStats {
    /// Updates the request counts to the sum of earlier attempts and this attempt. Counts never decrease.
    pub(crate) fn update(&mut self, earlier: SourceStatistics, current: SourceStatistics) {
        self.requests = self.requests.max(earlier.requests + current.requests);
        self.retries = self.retries.max(earlier.retries + current.retries);
        self.sandbox |= earlier.sandbox | current.sandbox;
    }
}

impl TransformStats {
    fn add(&mut self, more: &Self) {
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

    /// Adds the counts of a chain, stage by stage.
    pub(crate) fn add_all(stats: &mut [Self], more: &[Self]) {
        for (stats, more) in stats.iter_mut().zip(more) {
            stats.add(more);
        }
    }
}

impl SinkStats {
    pub(crate) fn add(&mut self, more: &Self) {
        TransformStats::add_all(&mut self.transforms, &more.transforms);
        self.records_in += more.records_in;
        self.delivered += more.delivered;
        self.skipped += more.skipped;
        self.dead_letters += more.dead_letters;
    }
}
