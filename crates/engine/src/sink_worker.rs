//! Delivers to one sink: its own transforms, write, commit, seal, publish.

use std::sync::Arc;
use std::time::SystemTime;

use taskferry_pipeline::{OnError, StageFailure, StageId};
use taskferry_sdk::{
    Batch, Delivery, Refusals, Resumption, RunContext, Sink, SinkState, StageError,
};
use tokio::sync::{mpsc, watch};

use crate::broadcaster::SinkInput;
use crate::chain::Chain;
use crate::dead_letter::{DeadLetter, DeadLetterBacklog};
use crate::envelope::PageBatch;
use crate::live_stats::LiveStats;
use crate::observer::Period;
use crate::progress_tracker::{SinkCommit, SinkPage};
use crate::run_stats::SinkStats;
use crate::step::{ChainOutcome, RefusalLog};
use crate::stop::StopSignal;
use crate::tracer::{TracedResult, TracedStep, Tracer};
use crate::watchdog::WatchdogSlot;

#[derive(Debug)]
pub(crate) enum SinkEvent {
    /// The sink and its own transforms are open.
    Opened(Arc<Chain>),
    Committed(SinkCommit),
    /// The deliveries so far, when the batches have ended or the sink has failed.
    Delivered(Delivery),
    /// All batches are committed.
    Drained,
    Sealed(SinkState),
    Published(Delivery),
}

/// A command of the dispatcher to a drained sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinkCommand {
    Seal,
    Publish,
}

#[derive(Debug)]
pub(crate) struct SinkWorker {
    pub(crate) index: usize,
    pub(crate) id: StageId,
    pub(crate) on_error: OnError,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) run: Arc<RunContext>,
    pub(crate) tracer: Option<Arc<dyn Tracer>>,
    /// The state to resume at.
    pub(crate) from: Option<SinkState>,
    pub(crate) slot: WatchdogSlot,
    pub(crate) log: RefusalLog,
    pub(crate) live_stats: Arc<LiveStats>,
    pub(crate) input: mpsc::Receiver<SinkInput>,
    pub(crate) commands: mpsc::Receiver<SinkCommand>,
    /// The number of pages in the last checkpoint.
    pub(crate) saved: watch::Receiver<u64>,
    pub(crate) backlog: DeadLetterBacklog,
    /// Fires when another sink has failed, after which no checkpoint can advance.
    pub(crate) cancelled: StopSignal,
    /// Fires when the run ends without waiting for its workers.
    pub(crate) aborted: StopSignal,
}

impl SinkWorker {
    /// Runs until the sink has published. If the dispatcher closes the channel of commands, nothing is published.
    pub(crate) async fn run(
        mut self,
        chain: Chain,
        notify: impl Fn(SinkEvent) + Send,
    ) -> Result<(), StageFailure> {
        let mut aborted = self.aborted.clone();
        let drained = tokio::select! {
            biased;
            _ = aborted.stopped() => false,
            result = self.deliver_all(chain, &notify) => {
                // Deliveries count even if the sink has failed.
                notify(SinkEvent::Delivered(self.sink.delivered()));
                result.map(|()| true)?
            }
        };
        if !drained || self.commands.recv().await != Some(SinkCommand::Seal) {
            return Ok(());
        }
        let failed = |error| StageFailure::of(&self.id, error);
        notify(SinkEvent::Sealed(self.sink.seal().await.map_err(failed)?));
        if self.commands.recv().await == Some(SinkCommand::Publish) {
            notify(SinkEvent::Published(self.sink.finish().await.map_err(failed)?));
        }
        Ok(())
    }

    async fn deliver_all(
        &mut self,
        chain: Chain,
        notify: &(impl Fn(SinkEvent) + Send),
    ) -> Result<(), StageFailure> {
        let chain = chain.open().await?;
        let opened = self.sink.open(&self.run, self.from.as_ref()).await;
        opened.map_err(|error| StageFailure::of(&self.id, error))?;
        notify(SinkEvent::Opened(Arc::clone(&chain)));
        let mut uncommitted = Vec::new();
        while let Some(input) = self.input.recv().await {
            match input {
                SinkInput::Commit => self.commit(&mut uncommitted, notify).await?,
                SinkInput::Batch(page) => {
                    let Some(written) = self.deliver(page, &chain).await? else {
                        // Closing the channel unblocks the broadcaster.
                        self.input.close();
                        break;
                    };
                    uncommitted.push(written);
                }
            }
        }
        self.commit(&mut uncommitted, notify).await?;
        notify(SinkEvent::Drained);
        Ok(())
    }

    async fn commit(
        &mut self,
        uncommitted: &mut Vec<SinkPage>,
        notify: &(impl Fn(SinkEvent) + Send),
    ) -> Result<(), StageFailure> {
        if uncommitted.is_empty() {
            return Ok(());
        }
        let state = self.sink.commit().await.map_err(|error| StageFailure::of(&self.id, error))?;
        let mut pages = std::mem::take(uncommitted);
        for page in &mut pages {
            page.period = Period::since(page.period.start);
            if let Some(live) = self.live_stats.sinks.get(self.index) {
                live.add(1, page.stats.delivered);
            }
        }
        notify(SinkEvent::Committed(SinkCommit { pages, state }));
        Ok(())
    }

    /// Delivers a page. Returns `None` if the run was stopped before the page was sent.
    async fn deliver(
        &mut self,
        page: Arc<PageBatch>,
        chain: &Chain,
    ) -> Result<Option<SinkPage>, StageFailure> {
        let (start, replay) = (SystemTime::now(), self.run.replay);
        let (page, outcome) = if chain.is_empty() && !replay {
            (page, ChainOutcome::default())
        } else {
            let (own, outcome) = chain.apply(Arc::unwrap_or_clone(page), &self.slot).await?;
            (Arc::new(if replay { own.for_sink(&self.id) } else { own }), outcome)
        };
        if !self.wait_for_checkpoint(page.page()).await {
            return Ok(None);
        }
        let batch = &page.batch;
        let mut refusals = if self.on_error == OnError::Fail {
            Refusals::forbidden()
        } else {
            Refusals::collected()
        };
        let written = self.sink.write(batch, &mut refusals).await;
        written.map_err(|error| self.failure(error, batch))?;
        if let Some(tracer) = &self.tracer {
            self.trace(&**tracer, batch, &refusals);
        }
        Ok(Some(self.count(batch, start, outcome, refusals)))
    }

    fn failure(&self, error: StageError, batch: &Batch) -> StageFailure {
        let origin = error.record().and_then(|index| batch.origins.get(index));
        let failure = StageFailure::of(&self.id, error);
        match origin {
            Some(origin) => failure.at(origin),
            None => failure,
        }
    }

    /// A sink that can't undo a write sends a page only after the checkpoint of the previous page is saved. Returns whether
    /// the page may be sent.
    async fn wait_for_checkpoint(&mut self, page: u64) -> bool {
        if self.sink.resumption() != Resumption::AtLeastOnce {
            return true;
        }
        let is_saved = async {
            if self.saved.wait_for(|saved| *saved + 1 >= page).await.is_err() {
                // The checkpoint writer has failed, and the run is about to be aborted.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = is_saved => true,
            _ = self.cancelled.stopped() => false,
        }
    }

    fn trace(&self, tracer: &dyn Tracer, batch: &Batch, refusals: &Refusals) {
        for (index, (record, origin)) in batch.records.iter().zip(&batch.origins).enumerate() {
            let result = match refusals.reason(index) {
                Some(error) => TracedResult::Refused(error),
                None => TracedResult::Delivered,
            };
            let (stage, input) = (&self.id, Some(record));
            tracer.on_record(&TracedStep { stage, origin, input, result });
        }
        tracer.on_page(&self.id, batch.page);
    }

    fn count(
        &self,
        batch: &Batch,
        start: SystemTime,
        outcome: ChainOutcome,
        refusals: Refusals,
    ) -> SinkPage {
        let (records_in, refused) = (batch.records.len() as u64, refusals.records() as u64);
        let keeps_refused = self.on_error == OnError::DeadLetter;
        let stats = SinkStats {
            transforms: outcome.stats,
            records_in,
            delivered: records_in.saturating_sub(refused),
            skipped: if keeps_refused { 0 } else { refused },
            dead_letters: if keeps_refused { refused } else { 0 },
        };
        let mut dead_letters = outcome.dead_letters;
        for refusal in refusals.into_sorted() {
            let (first, count) = (refusal.records.start, refusal.records.len());
            if let Some(origin) = batch.origins.get(first) {
                self.log.warn(&self.id, self.on_error, origin, count, &refusal.error);
            }
            if keeps_refused {
                let records = batch.records.iter().zip(&batch.origins).skip(first).take(count);
                dead_letters.extend(records.map(|(record, origin)| {
                    DeadLetter::new(&self.run, &self.id, origin, record, &refusal.error)
                }));
            }
        }
        self.backlog.add(DeadLetter::size_of(&dead_letters));
        let (delivery, period) = (self.sink.delivered(), Period::since(start));
        SinkPage { page: batch.page, stats, dead_letters, delivery, period }
    }
}
