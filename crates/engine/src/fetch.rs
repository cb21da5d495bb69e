//! Reads pages ahead of the work on them.

use std::sync::Arc;
use std::time::SystemTime;

use taskferry_pipeline::{Feed, StageFailure, StageId};
use taskferry_sdk::{
    Cursor, ErrorKind, Origin, Position, RequestedWith, RunContext, Share, SourceStatistics,
    StageError,
};
use tokio::sync::mpsc;

use crate::envelope::{Envelope, Work};
use crate::ledger::ReadPage;
use crate::live_stats::LiveStats;
use crate::observe::Period;
use crate::stop::StopSignal;

/// What is left of a source.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) end: FetchEnd,
    pub(crate) statistics: SourceStatistics,
    /// What it said that deserves a look.
    pub(crate) warnings: Vec<String>,
}

impl From<FetchEnd> for Fetched {
    /// Of a source that was never opened, or that can't be asked.
    fn from(end: FetchEnd) -> Self {
        Self { end, statistics: SourceStatistics::default(), warnings: Vec::new() }
    }
}

/// How reading came to its end.
#[derive(Debug)]
pub(crate) enum FetchEnd {
    /// The listing is complete, or the share of it that the run takes.
    Complete(Option<Share>),
    /// The run was asked to stop, or nobody takes pages any more.
    Stopped,
    /// The source failed.
    Failed(StageFailure),
}

/// A source with all it needs to read.
#[derive(Debug)]
pub(crate) struct Fetching {
    pub(crate) id: StageId,
    pub(crate) feed: Feed,
    pub(crate) run: Arc<RunContext>,
    /// Where to go on, in a resumed run.
    pub(crate) from: Option<Position>,
    pub(crate) pages: mpsc::Sender<Work>,
    pub(crate) progress: Arc<LiveStats>,
    pub(crate) halt: StopSignal,
    /// Whether a stage has to see the last page as such, even if the listing ends without one.
    pub(crate) needs_last_page: bool,
}

/// How far reading is, in all attempts at the run.
#[derive(Debug, Default)]
struct Reached {
    pages: u64,
    /// The cursor of the next page.
    cursor: Option<Cursor>,
}

/// A page as it came, with what the engine adds.
struct NumberedPage {
    work: Work,
    next: Option<Cursor>,
    bytes: u64,
    fingerprints: Vec<u128>,
}

/// What became of a page.
enum Sent {
    Yes,
    /// No thread takes pages any more.
    No,
}

impl Fetching {
    /// Reads pages until the source ends, fails, or the run is asked to stop. `tell` hears of each page before
    /// anybody else sees it.
    pub(crate) async fn fetch(mut self, tell: impl Fn(ReadPage) + Send) -> Fetched {
        let failed = |error| FetchEnd::Failed(StageFailure::of(&self.id, error));
        if let (Feed::Source(source), Some(_)) = (&self.feed, self.run.shard)
            && !source.can_shard()
        {
            return failed(can_not_shard()).into();
        }
        let mut reached = self.from.as_ref().map_or_else(Reached::default, |from| Reached {
            pages: from.pages,
            cursor: from.cursor.clone(),
        });
        let mut opened = false;
        let end = loop {
            let began = SystemTime::now();
            let next = async {
                if !std::mem::replace(&mut opened, true) {
                    open(&mut self.feed, &self.run, self.from.as_ref()).await?;
                }
                next_page(&mut self.feed, &reached).await
            };
            // A page that is on its way when the run is stopped is dropped: it was not delivered, so the next
            // run asks for it again.
            let next = tokio::select! {
                biased;
                _ = self.halt.asked() => break FetchEnd::Stopped,
                next = next => next,
            };
            let page = match next {
                Ok(Some(page)) => page,
                Ok(None) if self.needs_last_page && !reached.is_at_end() => {
                    let last = self.send(reached.last_page(), Period::since(began), &tell).await;
                    let Sent::Yes = last else { break FetchEnd::Stopped };
                    break FetchEnd::Complete(share(&self.feed));
                }
                Ok(None) => break FetchEnd::Complete(share(&self.feed)),
                Err(error) => break FetchEnd::Failed(self.located(error, &reached)),
            };
            if reached.is_at_end() {
                break FetchEnd::Failed(StageFailure::of(&self.id, page_after_the_last()));
            }
            (reached.pages, reached.cursor) = (page.work.page(), page.next.clone());
            if let Sent::No = self.send(page, Period::since(began), &tell).await {
                break FetchEnd::Stopped;
            }
        };
        let (statistics, warnings) = match &self.feed {
            Feed::Source(source) => (source.statistics(), source.warnings()),
            Feed::DeadLetters(_) => (SourceStatistics::default(), Vec::new()),
        };
        Fetched { end, statistics, warnings }
    }

    /// Where an error of the page that is being read happened.
    fn located(&self, error: StageError, reached: &Reached) -> StageFailure {
        let record = error.record();
        let failure = StageFailure::of(&self.id, error);
        match record {
            Some(index) => failure.at(&reached.origin(index)),
            None => failure,
        }
    }

    async fn send(
        &mut self,
        page: NumberedPage,
        period: Period,
        tell: &(impl Fn(ReadPage) + Send),
    ) -> Sent {
        // Reserves capacity before the page is announced: a page that was announced arrives.
        let place = tokio::select! {
            biased;
            place = self.pages.reserve() => place,
            _ = self.halt.asked() => return Sent::No,
        };
        let Ok(place) = place else { return Sent::No };
        let NumberedPage { work, next, bytes, fingerprints } = page;
        let statistics = match &self.feed {
            Feed::Source(source) => source.statistics(),
            Feed::DeadLetters(_) => SourceStatistics::default(),
        };
        let (number, records) = (work.page(), work.len() as u64);
        let read = ReadPage { number, next, records, bytes, fingerprints, statistics, period };
        self.progress.source.add_page(read.records, read.bytes);
        tracing::debug!(page = read.number, records = read.records, "page read");
        tell(read);
        place.send(work);
        Sent::Yes
    }
}

impl Reached {
    /// Whether the last page was read.
    fn is_at_end(&self) -> bool {
        self.pages > 0 && self.cursor.is_none()
    }

    /// Where a record of the next page comes from.
    fn origin(&self, index: usize) -> Origin {
        Origin { page: self.pages + 1, cursor: self.cursor.clone(), index, job: None }
    }

    /// A last page without records.
    fn last_page(&self) -> NumberedPage {
        let work = Work::new(self.pages + 1, true);
        NumberedPage { work, next: None, bytes: 0, fingerprints: Vec::new() }
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

async fn next_page(feed: &mut Feed, reached: &Reached) -> Result<Option<NumberedPage>, StageError> {
    let (next, bytes, fingerprints, envelopes): (_, _, _, Vec<Envelope>) = match feed {
        Feed::Source(source) => {
            let Some(page) = source.next_page().await? else { return Ok(None) };
            let cursor = match page.requested_with {
                RequestedWith::Cursor(cursor) => Some(cursor),
                RequestedWith::NoCursor => None,
                _ => reached.cursor.clone(),
            };
            let number = reached.pages + 1;
            let envelopes = page.records.into_iter().enumerate().map(|(index, record)| {
                let origin = Origin { page: number, cursor: cursor.clone(), index, job: record.id };
                Envelope { record: record.record, origin: Arc::new(origin), entry: None }
            });
            (page.next, page.bytes, page.fingerprints, envelopes.collect())
        }
        Feed::DeadLetters(reader) => {
            let Some(page) = reader.next_page().await? else { return Ok(None) };
            let envelopes = page.records.into_iter().map(|returned| Envelope {
                record: returned.record,
                origin: Arc::new(returned.origin),
                entry: Some(returned.stage),
            });
            (page.next, page.bytes, Vec::new(), envelopes.collect())
        }
    };
    let mut work = Work::new(reached.pages + 1, next.is_none());
    for envelope in envelopes {
        work.push(envelope);
    }
    Ok(Some(NumberedPage { work, next, bytes, fingerprints }))
}

fn share(feed: &Feed) -> Option<Share> {
    match feed {
        Feed::Source(source) => source.share(),
        Feed::DeadLetters(_) => None,
    }
}

/// Reading all of it would export everything once for each share.
fn can_not_shard() -> StageError {
    StageError::new(ErrorKind::Config, "a share was asked for, and it can only be read as a whole")
        .hint("run it without a shard")
}

/// A checkpoint behind a page that names no next one says that the listing is complete.
fn page_after_the_last() -> StageError {
    let message = "a page followed one that was said to be the last, as it named no next cursor";
    // The checkpoint behind that page calls the listing complete: resuming there would publish a part.
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the source plugin; please report it to its authors")
        .not_resumable()
}
