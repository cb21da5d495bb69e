//! Sends batches and commits to all sinks.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::commit_timer::CommitTimer;
use crate::dead_letter::DeadLetterBacklog;
use crate::envelope::PageBatch;
use crate::stop::StopSignal;

#[derive(Debug, Clone)]
pub(crate) enum SinkInput {
    Batch(Arc<PageBatch>),
    Commit,
}

/// The channels to all sinks.
#[derive(Debug)]
pub(crate) struct Broadcaster {
    pub(crate) sinks: Vec<mpsc::Sender<SinkInput>>,
    pub(crate) commits: CommitTimer,
    pub(crate) backlog: DeadLetterBacklog,
    /// Fires when another sink has failed.
    pub(crate) cancelled: StopSignal,
    /// Fires when the run ends without waiting for its workers.
    pub(crate) aborted: StopSignal,
}

/// A sink has ended. The sink reports the reason itself.
#[derive(Debug)]
pub(crate) struct SinkEnded;

impl Broadcaster {
    /// Sends a page to all sinks, and a commit if one is due. `dead_letters` is the size of the page's dead letters so far.
    pub(crate) async fn send(
        &mut self,
        page: PageBatch,
        dead_letters: u64,
    ) -> Result<(), SinkEnded> {
        if self.backlog.is_full() {
            // Only dead letters of committed pages are saved.
            if self.commits.has_uncommitted() {
                self.commit().await?;
            }
            tokio::select! {
                () = self.backlog.wait_until_not_full() => {}
                _ = self.cancelled.stopped() => return Err(SinkEnded),
                _ = self.aborted.stopped() => return Err(SinkEnded),
            }
        }
        self.backlog.add(dead_letters);
        self.broadcast(&SinkInput::Batch(Arc::new(page))).await?;
        self.commits.add_page();
        if self.commits.is_due() { self.commit().await } else { Ok(()) }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), SinkEnded> {
        self.commits.reset();
        self.broadcast(&SinkInput::Commit).await
    }

    async fn broadcast(&self, input: &SinkInput) -> Result<(), SinkEnded> {
        for sink in &self.sinks {
            sink.send(input.clone()).await.map_err(|_| SinkEnded)?;
        }
        Ok(())
    }
}
