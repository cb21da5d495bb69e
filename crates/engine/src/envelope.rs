//! Records and pages with the engine's metadata.

use std::iter;
use std::sync::Arc;

use taskferry_pipeline::StageId;
use taskferry_sdk::{Batch, Origin, Record};

/// A record with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) record: Record,
    pub(crate) origin: Arc<Origin>,
    /// In a replay, the stage at which the record enters the pipeline; `None` from that stage on.
    pub(crate) entry: Option<Arc<StageId>>,
}

/// A page between two stages.
#[derive(Debug, Clone)]
pub(crate) struct PageBatch {
    pub(crate) batch: Batch,
    pub(crate) is_last: bool,
    /// The origins of the records that earlier stages have refused.
    pub(crate) refused: Vec<Arc<Origin>>,
    /// The entry stages of the records, in a replay; otherwise empty.
    entries: Vec<Option<Arc<StageId>>>,
    /// The position for a record that belongs to no record of the source. It is greater than all positions that the page has had in any
    /// stage.
    pub(crate) next_index: usize,
}

impl PageBatch {
    /// A page without records.
    pub(crate) fn new(page: u64, is_last: bool) -> Self {
        let (refused, entries) = (Vec::new(), Vec::new());
        Self { batch: Batch::new(page), is_last, refused, entries, next_index: 0 }
    }

    /// Creates the output page of a stage, without records.
    pub(crate) fn next(&mut self) -> Self {
        let refused = std::mem::take(&mut self.refused);
        let next_index = self.next_index;
        Self { refused, next_index, ..Self::new(self.page(), self.is_last) }
    }

    pub(crate) fn page(&self) -> u64 {
        self.batch.page
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.records.len()
    }

    pub(crate) fn push(&mut self, envelope: Envelope) {
        let Envelope { record, origin, entry } = envelope;
        if entry.is_some() || !self.entries.is_empty() {
            self.entries.resize(self.len(), None);
            self.entries.push(entry);
        }
        self.next_index = self.next_index.max(origin.index.saturating_add(1));
        self.batch.push(record, origin);
    }

    /// Removes and returns the records, in order.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Envelope> + use<> {
        let records = std::mem::take(&mut self.batch.records);
        let origins = std::mem::take(&mut self.batch.origins);
        let entries = std::mem::take(&mut self.entries).into_iter().chain(iter::repeat(None));
        let envelopes = records.into_iter().zip(origins).zip(entries);
        envelopes.map(|((record, origin), entry)| Envelope { record, origin, entry })
    }

    /// Keeps the records whose entry stage is this sink or an earlier stage.
    #[must_use]
    pub(crate) fn for_sink(mut self, stage: &StageId) -> Self {
        let mut kept = self.next();
        for envelope in self.take() {
            if envelope.entry.as_deref().is_none_or(|entry| entry == stage) {
                kept.push(Envelope { entry: None, ..envelope });
            }
        }
        kept
    }
}
