//! Reads no page before it is needed.

use std::sync::Arc;

use async_trait::async_trait;
use taskferry_sdk::{Page, Position, RunContext, Source, SourceStatistics, StageError};

use super::collector::Collector;

/// A source that returns a page only when the records before it do not suffice. Then the listing ends for the engine.
#[derive(Debug)]
pub(crate) struct Gate {
    source: Box<dyn Source>,
    collector: Arc<Collector>,
    pages: u64,
}

impl Gate {
    pub(crate) fn new(source: Box<dyn Source>, collector: Arc<Collector>) -> Self {
        Self { source, collector, pages: 0 }
    }
}

#[async_trait]
impl Source for Gate {
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
