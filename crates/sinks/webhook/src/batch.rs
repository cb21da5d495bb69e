//! Builds the batches of one page.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use taskferry_sdk::{Origin, Record};

use crate::event::{Envelope, EventMode};
use crate::key::{Keys, RecordId};

#[derive(Debug)]
pub(crate) struct BatchFormat {
    /// The maximum number of records in a batch.
    pub(crate) max_records: usize,
    /// The maximum size of a batch, before compression. A larger record is a batch of its own.
    pub(crate) max_bytes: u64,
    /// `None` sends plain records.
    pub(crate) envelope: Option<Envelope>,
    pub(crate) keys: Keys,
}

/// Builds batches from the records of one page.
#[derive(Debug)]
pub(crate) struct BatchBuilder<'a> {
    format: &'a BatchFormat,
    records: &'a [Record],
    ids: Vec<RecordId<'a>>,
}

/// The content of one request.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The records, by their positions in the page.
    pub(crate) records: Range<usize>,
    pub(crate) body: Bytes,
    /// The `Idempotency-Key`.
    pub(crate) key: String,
}

impl BatchFormat {
    fn mode(&self) -> Option<EventMode> {
        self.envelope.as_ref().map(|envelope| envelope.mode)
    }
}

impl<'a> BatchBuilder<'a> {
    /// `origins` are the origins of `records`, in the same order.
    pub(crate) fn new(
        format: &'a BatchFormat,
        records: &'a [Record],
        origins: &'a [Arc<Origin>],
    ) -> Self {
        Self { format, records, ids: RecordId::all(origins) }
    }

    /// All records in order, in the largest batches within the limits.
    pub(crate) fn batches(&self) -> impl Iterator<Item = Batch> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let batch = self.build(start..self.records.len())?;
            start = batch.records.end;
            Some(batch)
        })
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self.format.mode() {
            None => "application/json",
            Some(EventMode::Structured) => "application/cloudevents+json",
            Some(EventMode::Batched) => "application/cloudevents-batch+json",
        }
    }

    /// Splits a batch in two. `None` for a batch of one record.
    pub(crate) fn halves(&self, batch: &Batch) -> Option<(Batch, Batch)> {
        let Range { start, end } = batch.records;
        let middle = start + (end - start) / 2;
        // Each half is within the limits.
        if middle > start { self.build(start..middle).zip(self.build(middle..end)) } else { None }
    }

    /// Describes a batch for messages: the number of records, and the origin of the first one.
    pub(crate) fn content(&self, batch: &Batch) -> String {
        let first = self.ids.get(batch.records.start).map(|id| id.origin().to_string());
        let first = first.unwrap_or_default();
        match batch.records.len() {
            1 => format!("1 record from {first}"),
            records => format!("{records} records from {first}"),
        }
    }

    /// The longest batch of these records within the limits, with at least one record. `None` without records.
    fn build(&self, records: Range<usize>) -> Option<Batch> {
        let (open, close) = match self.format.mode() {
            Some(EventMode::Structured) => ("", ""),
            _ => ("[", "]"),
        };
        let BatchFormat { max_records, max_bytes, keys, .. } = self.format;
        let first = self.ids.get(records.start)?;
        let (mut body, mut end) = (open.as_bytes().to_vec(), records.start);
        for index in records.clone().take(*max_records) {
            let before = body.len();
            if index > records.start {
                body.push(b',');
            }
            self.write(index, &mut body);
            if index > records.start && (body.len() + close.len()) as u64 > *max_bytes {
                body.truncate(before);
                break;
            }
            end = index + 1;
        }
        body.extend_from_slice(close.as_bytes());
        let key = keys.batch(first, &body);
        Some(Batch { records: records.start..end, body: body.into(), key })
    }

    fn write(&self, index: usize, body: &mut Vec<u8>) {
        let (Some(record), Some(id)) = (self.records.get(index), self.ids.get(index)) else {
            return;
        };
        let text = record.as_bytes();
        match &self.format.envelope {
            None => body.extend_from_slice(text),
            Some(envelope) => {
                let event_id = self.format.keys.event(id, text);
                envelope.write(&event_id, id.origin().job.as_deref(), text, body);
            }
        }
    }
}
