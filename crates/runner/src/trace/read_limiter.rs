//! Reads each page only when the page is needed.

use std::sync::Arc;

use async_trait::async_trait;
use taskferry_sdk::{Page, Position, RunContext, Source, SourceStatistics, StageError};

use super::collector::Collector;

/// A source that returns the next page only if the records so far do not suffice. If the records suffice, the source reports the
/// end of the listing.
#[derive(Debug)]
pub(crate) struct ReadLimiter {
    source: Box<dyn Source>,
    collector: Arc<Collector>,
    pages: u64,
}

impl ReadLimiter {
    pub(crate) fn new(source: Box<dyn Source>, collector: Arc<Collector>) -> Self {
        Self { source, collector, pages: 0 }
    }
}

#[async_trait]
impl Source for ReadLimiter {
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        self.source.open(run, from).await
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        if !self.collector.needs_page(self.pages).await {
            return Ok(None);
        }
        let page = self.source.next_page().await?;
        self.pages += 1;
        if page.as_ref().is_none_or(|page| page.next.is_none()) {
            self.collector.set_complete();
        }
        Ok(page)
    }

    fn statistics(&self) -> SourceStatistics {
        self.source.statistics()
    }

    fn warnings(&self) -> Vec<String> {
        self.source.warnings()
    }
}
