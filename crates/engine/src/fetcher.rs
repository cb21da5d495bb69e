//! Reads pages ahead of the transforms.

use std::sync::Arc;
use std::time::SystemTime;

use taskferry_pipeline::{Feed, StageFailure, StageId};
use taskferry_sdk::{
    Cursor, ErrorKind, Origin, Position, RequestedWith, RunContext, ShardRange, SourceStatistics,
    StageError,
};
use tokio::sync::mpsc;

use crate::envelope::{Envelope, PageBatch};
use crate::live_stats::LiveStats;
use crate::observer::Period;
use crate::progress_tracker::ReadPage;
use crate::stop::StopSignal;
use crate::tracer::{TracedResult, TracedStep, Tracer};

/// The result of reading.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) end: FetchEnd,
    pub(crate) statistics: SourceStatistics,
    pub(crate) warnings: Vec<String>,
}

/// The result of a source that was not opened, or that panicked.
impl From<FetchEnd> for Fetched {
    fn from(end: FetchEnd) -> Self {
        Self { end, statistics: SourceStatistics::default(), warnings: Vec::new() }
    }
}

/// Why reading ended.
#[derive(Debug)]
pub(crate) enum FetchEnd {
    /// The listing, or the run's shard of it, is complete.
    Complete(Option<ShardRange>),
    /// The run is stopping.
    Stopped,
    Failed(StageFailure),
}

/// Reads a source and sends its pages to the transforms.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) id: StageId,
    pub(crate) feed: Feed,
    pub(crate) run: Arc<RunContext>,
    /// The position to resume at.
    pub(crate) from: Option<Position>,
    pub(crate) pages: mpsc::Sender<PageBatch>,
    pub(crate) live_stats: Arc<LiveStats>,
    pub(crate) tracer: Option<Arc<dyn Tracer>>,
    pub(crate) stopped: StopSignal,
    /// Whether a transform needs a page with `is_last` set, even if the listing ends without one.
    pub(crate) needs_last_page: bool,
}

/// The last page read, in all attempts at the run.
#[derive(Debug, Default)]
struct LastPage {
    number: u64,
    next: Option<Cursor>,
}

struct NumberedPage {
    page: PageBatch,
    next: Option<Cursor>,
    bytes: u64,
    fingerprints: Vec<u128>,
}

/// The error of a send after the transforms have ended, or while the run is stopping.
struct Closed;

impl Fetcher {
    /// Reads pages until the source ends or fails, or the run stops. Calls `on_read` before it sends a page.
    pub(crate) async fn fetch(mut self, on_read: impl Fn(ReadPage) + Send) -> Fetched {
        if let (Feed::Source(source), Some(_)) = (&self.feed, self.run.shard)
            && !source.can_shard()
        {
            return FetchEnd::Failed(StageFailure::of(&self.id, shards_unsupported())).into();
        }
        let from = self.from.as_ref();
        let mut last = from.map_or_else(LastPage::default, |from| LastPage {
            number: from.pages,
            next: from.cursor.clone(),
        });
        let mut is_open = false;
        let end = loop {
            let start = SystemTime::now();
            let next = async {
                if !std::mem::replace(&mut is_open, true) {
                    open(&mut self.feed, &self.run, self.from.as_ref()).await?;
                }
                next_page(&mut self.feed, &last).await
            };
            // A dropped request is safe: its page is not delivered, so the next run requests it again.
            let next = tokio::select! {
                biased;
                _ = self.stopped.stopped() => break FetchEnd::Stopped,
                next = next => next,
            };
            let page = match next {
                Ok(Some(page)) => page,
                Ok(None) => {
                    let needs_last_page = self.needs_last_page && !last.ends_listing();
                    if needs_last_page
                        && self.send(last.empty_page(), start, &on_read).await.is_err()
                    {
                        break FetchEnd::Stopped;
                    }
                    let Feed::Source(source) = &self.feed else {
                        break FetchEnd::Complete(None);
                    };
                    break FetchEnd::Complete(source.shard_range());
                }
                Err(error) => break FetchEnd::Failed(self.failure(error, &last)),
            };
            if last.ends_listing() {
                break FetchEnd::Failed(StageFailure::of(&self.id, page_after_the_last()));
            }
            last = LastPage { number: page.page.page(), next: page.next.clone() };
            if self.send(page, start, &on_read).await.is_err() {
                break FetchEnd::Stopped;
            }
        };
        let warnings = match &self.feed {
            Feed::Source(source) => source.warnings(),
            Feed::DeadLetters(_) => Vec::new(),
        };
        Fetched { end, statistics: self.statistics(), warnings }
    }

    fn failure(&self, error: StageError, last: &LastPage) -> StageFailure {
        let record = error.record();
        let failure = StageFailure::of(&self.id, error);
        let Some(index) = record else { return failure };
        let (page, cursor) = (last.number + 1, last.next.clone());
        failure.at(&Origin { page, cursor, index, job: None })
    }

    fn statistics(&self) -> SourceStatistics {
        match &self.feed {
            Feed::Source(source) => source.statistics(),
            Feed::DeadLetters(_) => SourceStatistics::default(),
        }
    }

    async fn send(
        &mut self,
        page: NumberedPage,
        start: SystemTime,
        on_read: &(impl Fn(ReadPage) + Send),
    ) -> Result<(), Closed> {
        let period = Period::since(start);
        // Reserves channel capacity before announcing the page, so that an announced page always arrives.
        let permit = tokio::select! {
            biased;
            permit = self.pages.reserve() => permit.map_err(|_| Closed)?,
            _ = self.stopped.stopped() => return Err(Closed),
        };
        let NumberedPage { page, next, bytes, fingerprints } = page;
        let (number, records) = (page.page(), page.len() as u64);
        let statistics = self.statistics();
        self.live_stats.source.add(1, records, bytes);
        self.live_stats.source.set_statistics(statistics);
        tracing::debug!(page = number, records, "page read");
        if let Some(tracer) = &self.tracer {
            for (record, origin) in page.batch.records.iter().zip(&page.batch.origins) {
                let result = TracedResult::Emitted(std::slice::from_ref(record), &[]);
                tracer.on_record(&TracedStep { stage: &self.id, origin, input: None, result });
            }
        }
        on_read(ReadPage { number, next, records, bytes, fingerprints, statistics, period });
        permit.send(page);
        Ok(())
    }
}

impl LastPage {
    /// Whether this is the last page.
    fn ends_listing(&self) -> bool {
        self.number > 0 && self.next.is_none()
    }

    /// An empty page after this one, which ends the listing.
    fn empty_page(&self) -> NumberedPage {
        let page = PageBatch::new(self.number + 1, true);
        NumberedPage { page, next: None, bytes: 0, fingerprints: Vec::new() }
    }
}

async fn open(
    feed: &mut Feed,
    run: &RunContext,
    from: Option<&Position>,
) -> Result<(), StageError> {
    match feed {
        Feed::Source(source) => source.open(run, from).await,
        Feed::DeadLetters(reader) => {
            reader.open(from.map(|from| (from.pages, from.cursor.as_ref()))).await
        }
    }
}

async fn next_page(feed: &mut Feed, last: &LastPage) -> Result<Option<NumberedPage>, StageError> {
    let number = last.number + 1;
    match feed {
        Feed::Source(source) => {
            let Some(read) = source.next_page().await? else { return Ok(None) };
            let cursor = match read.requested_with {
                RequestedWith::Cursor(cursor) => Some(cursor),
                RequestedWith::NoCursor => None,
                _ => last.next.clone(),
            };
            let mut page = PageBatch::new(number, read.next.is_none());
            for (index, record) in read.records.into_iter().enumerate() {
                let origin = Origin { page: number, cursor: cursor.clone(), index, job: record.id };
                page.batch.push(record.record, origin);
            }
            page.next_index = page.len();
            let (next, bytes, fingerprints) = (read.next, read.bytes, read.fingerprints);
            Ok(Some(NumberedPage { page, next, bytes, fingerprints }))
        }
        Feed::DeadLetters(reader) => {
            let Some(read) = reader.next_page().await? else { return Ok(None) };
            let mut page = PageBatch::new(number, read.next.is_none());
            for replayed in read.records {
                let (origin, entry) = (Arc::new(replayed.origin), Some(replayed.stage));
                page.push(Envelope { record: replayed.record, origin, entry });
            }
            let (next, bytes) = (read.next, read.bytes);
            Ok(Some(NumberedPage { page, next, bytes, fingerprints: Vec::new() }))
        }
    }
}

/// A source that can't read single shards would export every job once for each shard.
fn shards_unsupported() -> StageError {
    StageError::new(ErrorKind::Config, "the source does not support `--shard`")
        .hint("run without `--shard`")
}

/// Not resumable: the checkpoint after the last page marks the listing as complete, and a resumed run would publish a
/// partial export.
fn page_after_the_last() -> StageError {
    let message =
        "the source returned another page after its last page (a page without a next cursor)";
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the source plugin; please report it to its authors")
        .not_resumable()
}
