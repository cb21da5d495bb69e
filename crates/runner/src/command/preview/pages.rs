//! A source that first returns stored pages, and then reads further pages from a real source.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::{
    Cursor, Page, Position, RunContext, Source, SourceRecord, SourceStatistics, StageError,
};

/// The number of records in a page of a file.
const PAGE_SIZE: usize = 100;
/// The maximum number of pages to keep.
const MAX_PAGES: usize = 20;

/// Pages that were read once. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageStore(Arc<Mutex<StoredPages>>);

/// The first pages of a listing.
#[derive(Debug, Default)]
pub(crate) struct StoredPages {
    pub(crate) pages: Vec<Page>,
    /// When the first page was read.
    pub(crate) read_at: Timestamp,
    /// Whether a sandbox made the records.
    pub(crate) sandbox: bool,
    /// Whether pages were added that are not on disk.
    pub(crate) is_changed: bool,
}

impl PageStore {
    pub(crate) fn new(pages: StoredPages) -> Self {
        Self(Arc::new(Mutex::new(pages)))
    }

    /// Records as pages.
    pub(crate) fn of(records: &[SourceRecord]) -> Self {
        let pages = records.chunks(PAGE_SIZE).map(|chunk| Page::new(chunk.to_vec()));
        let mut pages: Vec<Page> = pages.collect();
        let count = pages.len();
        for (number, page) in pages.iter_mut().enumerate().take(count.saturating_sub(1)) {
            page.next = Some(Cursor::new(format!("record {}", (number + 1) * PAGE_SIZE)));
        }
        Self::new(StoredPages { pages, ..StoredPages::default() })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, StoredPages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a source that reads these pages first, then the next pages of `source`, and stores the new pages.
    pub(crate) fn source(&self, source: Option<Box<dyn Source>>) -> Box<dyn Source> {
        Box::new(CachedSource {
            store: self.clone(),
            source,
            returned: 0,
            run: None,
            is_open: false,
        })
    }
}

#[derive(Debug)]
struct CachedSource {
    store: PageStore,
    source: Option<Box<dyn Source>>,
    /// The number of returned pages.
    returned: usize,
    run: Option<RunContext>,
    /// Whether `source` is open.
    is_open: bool,
}

#[async_trait]
impl Source for CachedSource {
    async fn open(&mut self, run: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
        self.run = Some(run.clone());
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let from = {
            let stored = self.store.lock();
            if let Some(page) = stored.pages.get(self.returned) {
                self.returned += 1;
                return Ok(Some(page.clone()));
            }
            stored.end()
        };
        let (Some(source), Some(run)) = (&mut self.source, &self.run) else { return Ok(None) };
        if !self.is_open {
            if from.as_ref().is_some_and(|from| from.cursor.is_none()) {
                return Ok(None);
            }
            source.open(run, from.as_ref()).await?;
            self.is_open = true;
        }
        let page = source.next_page().await?;
        if let Some(page) = &page {
            self.store.lock().add(page, self.returned, source.statistics().sandbox);
            self.returned += 1;
        }
        Ok(page)
    }

    fn statistics(&self) -> SourceStatistics {
        let source = self.source.as_ref().filter(|_| self.is_open);
        let mut statistics = source.map(|source| source.statistics()).unwrap_or_default();
        statistics.sandbox |= self.store.lock().sandbox;
        statistics
    }

    fn warnings(&self) -> Vec<String> {
        let source = self.source.as_ref().filter(|_| self.is_open);
        source.map(|source| source.warnings()).unwrap_or_default()
    }
}

impl StoredPages {
    /// The position after the last page; `None` without pages.
    fn end(&self) -> Option<Position> {
        let cursor = self.pages.last()?.next.clone();
        let fingerprints = self.pages.iter().flat_map(|page| page.fingerprints.iter().copied());
        Some(Position::new(self.pages.len() as u64, cursor, fingerprints.collect()))
    }

    fn add(&mut self, page: &Page, position: usize, sandbox: bool) {
        if position != self.pages.len() || position >= MAX_PAGES {
            return;
        }
        if self.pages.is_empty() {
            self.read_at = Timestamp::now();
        }
        self.sandbox |= sandbox;
        self.is_changed = true;
        self.pages.push(page.clone());
    }
}
