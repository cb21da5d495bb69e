//! A source of given records.

use async_trait::async_trait;
use taskferry_sdk::json::Node;
use taskferry_sdk::{Page, Position, Record, RunContext, Source, SourceRecord, StageError};

/// Returns given records as one page.
#[derive(Debug)]
pub(crate) struct RecordSource {
    records: Option<Vec<SourceRecord>>,
}

impl RecordSource {
    pub(crate) fn new(records: Vec<Record>) -> Self {
        Self { records: Some(records.into_iter().map(with_id).collect()) }
    }
}

/// A record with its `external_id` as the id.
pub(crate) fn with_id(record: Record) -> SourceRecord {
    let id = record.root().ok().and_then(|root| root.get("external_id"));
    match id.and_then(Node::as_str).map(String::from) {
        Some(id) => SourceRecord::new(record, id),
        None => SourceRecord::from(record),
    }
}

#[async_trait]
impl Source for RecordSource {
    async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        Ok(self.records.take().map(Page::new))
    }
}
