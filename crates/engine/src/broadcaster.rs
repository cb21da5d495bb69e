//! Sends batches to all sinks.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::backlog::Backlog;
use crate::envelope::Work;
use crate::stop::StopSignal;

/// What a sink gets.
#[derive(Debug, Clone)]
pub(crate) enum ToSink {
    /// Write this.
    Batch(Arc<Work>),
    /// Make durable what was written.
    Commit,
}

/// The channels to all sinks.
#[derive(Debug)]
pub(crate) struct Broadcaster {
    sinks: Vec<mpsc::Sender<ToSink>>,
    backlog: Backlog,
    /// Set when nothing will be written down any more.
    ending: [StopSignal; 2],
}

/// A sink has ended.
#[derive(Debug)]
pub(crate) struct SinkEnded;

impl Broadcaster {
    pub(crate) fn new(
        sinks: Vec<mpsc::Sender<ToSink>>,
        backlog: Backlog,
        ending: [StopSignal; 2],
    ) -> Self {
        Self { sinks, backlog, ending }
    }

    /// Whether too many dead letters wait to be written down.
    pub(crate) fn is_full(&self) -> bool {
        self.backlog.is_full()
    }

    /// Waits until dead letters are written down, all of which are about pages that the sinks have committed.
    pub(crate) async fn wait_for_room(&mut self) -> Result<(), SinkEnded> {
        let [doomed, abandoned] = &mut self.ending;
        tokio::select! {
            () = self.backlog.room() => Ok(()),
            _ = doomed.asked() => Err(SinkEnded),
            _ = abandoned.asked() => Err(SinkEnded),
        }
    }

    /// Sends a batch to every sink. `refused` is the size of the dead letters that came of it before.
    pub(crate) async fn send(&self, work: Work, refused: u64) -> Result<(), SinkEnded> {
        self.backlog.add(refused);
        self.broadcast(&ToSink::Batch(Arc::new(work))).await
    }

    /// Has the sinks make durable what they have.
    pub(crate) async fn commit(&self) -> Result<(), SinkEnded> {
        self.broadcast(&ToSink::Commit).await
    }

    async fn broadcast(&self, what: &ToSink) -> Result<(), SinkEnded> {
        for sink in &self.sinks {
            sink.send(what.clone()).await.map_err(|_| SinkEnded)?;
        }
        Ok(())
    }
}
