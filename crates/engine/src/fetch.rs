//! Reads pages ahead of the work on them.

use std::sync::Arc;
use std::time::SystemTime;

use taskferry_sdk::{
    ErrorKind, Page, Position, RunContext, Share, SourceStage, SourceStatistics, StageError,
};
use tokio::sync::mpsc;

use crate::ledger::ReadPage;
use crate::observe::Period;
use crate::progress::Progress;
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
    Failed(StageError),
}

/// A source with all it needs to read.
#[derive(Debug)]
pub(crate) struct Fetching {
    pub(crate) stage: SourceStage,
    pub(crate) run: Arc<RunContext>,
    /// Where to go on, in a resumed run.
    pub(crate) from: Option<Position>,
    pub(crate) pages: mpsc::Sender<Page>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) halt: StopSignal,
    /// Pages that were handed over, in all attempts at the run.
    pub(crate) pages_read: u64,
}

/// What became of a page.
enum Handed {
    Over,
    ToNobody,
    Wrong(StageError),
}

impl Fetching {
    /// Reads pages until the source ends, fails, or the run is asked to stop. `tell` hears of each page before
    /// anybody else sees it.
    pub(crate) async fn fetch(mut self, tell: impl Fn(ReadPage) + Send) -> Fetched {
        let id = self.stage.id();
        let mut opened = false;
        self.pages_read = self.from.as_ref().map_or(0, |from| from.pages);
        if self.run.shard.is_some() && !self.stage.source.can_shard() {
            return FetchEnd::Failed(can_not_shard().at_stage(&id)).into();
        }
        let end = loop {
            let began = SystemTime::now();
            let next = async {
                if !std::mem::replace(&mut opened, true) {
                    self.stage.source.open(&self.run, self.from.as_ref()).await?;
                }
                self.stage.source.next_page().await
            };
            // A page that is on its way when the run is stopped is dropped: it was not delivered, so the next
            // run asks for it again.
            let next = tokio::select! {
                biased;
                _ = self.halt.asked() => break FetchEnd::Stopped,
                next = next => next,
            };
            match next {
                Ok(None) => break FetchEnd::Complete(self.stage.source.share()),
                Err(error) => break FetchEnd::Failed(error.at_stage(&id)),
                Ok(Some(page)) => match self.hand_over(page, Period::since(began), &tell).await {
                    Handed::Over => {}
                    Handed::ToNobody => break FetchEnd::Stopped,
                    Handed::Wrong(error) => break FetchEnd::Failed(error.at_stage(&id)),
                },
            }
        };
        let source = self.stage.source;
        Fetched { end, statistics: source.statistics(), warnings: source.warnings() }
    }

    async fn hand_over(
        &mut self,
        mut page: Page,
        period: Period,
        tell: &(impl Fn(ReadPage) + Send),
    ) -> Handed {
        // The place is there before anybody hears of the page: one that was told of arrives.
        let place = tokio::select! {
            biased;
            place = self.pages.reserve() => place,
            _ = self.halt.asked() => return Handed::ToNobody,
        };
        let Ok(place) = place else { return Handed::ToNobody };
        if page.number != self.pages_read + 1 {
            let message =
                format!("page {} came where page {} was due", page.number, self.pages_read + 1);
            return Handed::Wrong(StageError::new(ErrorKind::Defect, message));
        }
        self.pages_read += 1;
        let read = ReadPage {
            number: page.number,
            next: page.next.clone(),
            records: page.records.len() as u64,
            bytes: page.bytes,
            fingerprints: std::mem::take(&mut page.fingerprints),
            statistics: self.stage.source.statistics(),
            period,
        };
        self.progress.source.add_page(read.records, read.bytes);
        tracing::debug!(page = read.number, records = read.records, "page read");
        tell(read);
        place.send(page);
        Handed::Over
    }
}

/// Reading all of it would export everything once for each share.
fn can_not_shard() -> StageError {
    StageError::new(ErrorKind::Config, "a share was asked for, and it can only be read as a whole")
        .hint("run it without a shard")
}
