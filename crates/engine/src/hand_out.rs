//! Hands batches out to the sinks, and decides after which of them all sinks make durable what they have.
//!
//! A checkpoint is a cut through all sinks, so they have to commit behind the same page: whoever hands out the pages says
//! when. Forcing a page to disk costs more than all the work on it, and nothing is lost by doing it for several at once but
//! the work of a fraction of a second, which a killed run does again.

use std::sync::Arc;
use std::time::Duration;

use taskferry_sdk::{Batch, Resumption, SinkStage, StateOptions};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::backlog::Backlog;
use crate::stop::StopSignal;

/// How many pages are committed together at most, however long the interval is: what is known of them waits in memory.
const MOST_PAGES: u32 = 500;

/// What a sink is told.
#[derive(Debug, Clone)]
pub(crate) enum ToSink {
    /// Write this.
    Batch(Arc<Batch>),
    /// Make durable what was written.
    Commit,
}

/// When sinks commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grouping(Duration);

impl Grouping {
    /// After every page where a sink waits for the checkpoint before it sends more, else as often as the options say.
    pub(crate) fn of(sinks: &[SinkStage], options: &StateOptions) -> Self {
        let waits = sinks.iter().any(|stage| stage.sink.resumption() == Resumption::Repeats);
        Self(if waits { Duration::ZERO } else { options.commit_interval.get() })
    }
}

/// The way to all sinks.
#[derive(Debug)]
pub(crate) struct Outlet {
    sinks: Vec<mpsc::Sender<ToSink>>,
    grouping: Grouping,
    /// When the sinks were told to commit.
    committed: Instant,
    /// Pages that they were handed since.
    open: u32,
    backlog: Backlog,
    /// Set when nothing will be written down any more.
    ending: [StopSignal; 2],
}

/// A sink has ended.
#[derive(Debug)]
pub(crate) struct SinkEnded;

impl Outlet {
    pub(crate) fn new(
        sinks: Vec<mpsc::Sender<ToSink>>,
        grouping: Grouping,
        backlog: Backlog,
        ending: [StopSignal; 2],
    ) -> Self {
        Self { sinks, grouping, committed: Instant::now(), open: 0, backlog, ending }
    }

    /// When the sinks have to be told to commit, whatever comes until then; `None` while they have nothing to commit.
    pub(crate) fn due(&self) -> Option<Instant> {
        (self.open > 0).then(|| self.committed.checked_add(self.grouping.0)).flatten()
    }

    /// Gives a batch to every sink. `refused` is the size of the dead letters that came of it before.
    pub(crate) async fn hand_out(&mut self, batch: Batch, refused: u64) -> Result<(), SinkEnded> {
        if self.backlog.is_full() {
            self.make_room().await?;
        }
        self.backlog.add(refused);
        self.tell(&ToSink::Batch(Arc::new(batch))).await?;
        self.open += 1;
        if self.open >= MOST_PAGES || self.committed.elapsed() >= self.grouping.0 {
            self.commit().await?;
        }
        Ok(())
    }

    /// Has written down what waits, all of which is about pages that the sinks were given.
    async fn make_room(&mut self) -> Result<(), SinkEnded> {
        if self.open > 0 {
            self.commit().await?;
        }
        let [doomed, abandoned] = &mut self.ending;
        tokio::select! {
            () = self.backlog.room() => Ok(()),
            _ = doomed.asked() => Err(SinkEnded),
            _ = abandoned.asked() => Err(SinkEnded),
        }
    }

    /// Has the sinks make durable what they were given.
    pub(crate) async fn commit(&mut self) -> Result<(), SinkEnded> {
        (self.open, self.committed) = (0, Instant::now());
        self.tell(&ToSink::Commit).await
    }

    async fn tell(&self, what: &ToSink) -> Result<(), SinkEnded> {
        for sink in &self.sinks {
            sink.send(what.clone()).await.map_err(|_| SinkEnded)?;
        }
        Ok(())
    }
}
