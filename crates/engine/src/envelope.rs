//! Records with what the engine keeps about them: where they came from, and which stage they enter at.

use std::iter;
use std::sync::Arc;

use taskferry_pipeline::StageId;
use taskferry_sdk::{Batch, Origin, Record};

/// A record on its way.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) record: Record,
    pub(crate) origin: Arc<Origin>,
    /// In a replay, the stage that no stage before it gets the record. `None` once the record has arrived there.
    pub(crate) entry: Option<Arc<StageId>>,
}

/// A page on its way: as the source returned it, or what transforms have made of it so far.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) batch: Batch,
    /// Whether no page follows.
    pub(crate) is_last: bool,
    /// The entries of the records, in a replay; otherwise empty.
    entries: Vec<Option<Arc<StageId>>>,
}

impl Work {
    /// A page without records.
    pub(crate) fn new(page: u64, is_last: bool) -> Self {
        Self { batch: Batch::new(page), is_last, entries: Vec::new() }
    }

    pub(crate) fn page(&self) -> u64 {
        self.batch.page
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.batch.records.len()
    }

    pub(crate) fn push(&mut self, envelope: Envelope) {
        let Envelope { record, origin, entry } = envelope;
        if entry.is_some() || !self.entries.is_empty() {
            self.entries.resize(self.len(), None);
            self.entries.push(entry);
        }
        self.batch.push(record, origin);
    }

    /// Takes the records out, in order.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Envelope> + use<> {
        let records = std::mem::take(&mut self.batch.records);
        let origins = std::mem::take(&mut self.batch.origins);
        let entries = std::mem::take(&mut self.entries).into_iter().chain(iter::repeat(None));
        let envelopes = records.into_iter().zip(origins).zip(entries);
        envelopes.map(|((record, origin), entry)| Envelope { record, origin, entry })
    }

    /// What has arrived at the sink `stage`, and nothing that another sink is meant to get.
    #[must_use]
    pub(crate) fn arrived_at(mut self, stage: &StageId) -> Self {
        let mut arrived = Self::new(self.page(), self.is_last);
        let here =
            |envelope: &Envelope| envelope.entry.as_deref().is_none_or(|entry| entry == stage);
        for envelope in self.take().filter(here) {
            arrived.push(Envelope { entry: None, ..envelope });
        }
        arrived
    }
}
