//! One sink at work: its own transforms, write, commit, and in the end publish.

use std::sync::Arc;
use std::time::SystemTime;

use taskferry_pipeline::{OnError, StageFailure, StageId};
use taskferry_sdk::{
    Batch, Delivery, Refusal, Refusals, Resumption, RunContext, Sink, SinkState, StageError,
};
use tokio::sync::{mpsc, watch};

use crate::account::SinkCount;
use crate::backlog::{Backlog, size_of};
use crate::broadcaster::ToSink;
use crate::chain::Chain;
use crate::dead_letter::DeadLetter;
use crate::envelope::Work;
use crate::ledger::{SinkCommit, SinkPage};
use crate::live_stats::LiveStats;
use crate::observe::Period;
use crate::step::{LOGGED, left_out};
use crate::stop::StopSignal;
use crate::tally::ChainTally;
use crate::watchdog::WatchdogSlot;

/// What a sink tells the dispatcher.
#[derive(Debug)]
pub(crate) enum FromSink {
    /// Ready for the first batch, with its own transforms.
    Opened(Arc<Chain>),
    /// Batches are durable.
    Committed(SinkCommit),
    /// What was delivered by the end, whether that was a good one or not.
    Delivered(Delivery),
    /// No more batches will come; all that came are committed.
    Drained,
    /// Everything that may fail is done.
    Sealed(SinkState),
    /// The output is published.
    Published(Delivery),
}

/// A page that was written and is not durable yet.
#[derive(Debug)]
struct Written {
    page: u64,
    count: SinkCount,
    dead_letters: Vec<DeadLetter>,
    /// All that the sink had delivered by then.
    delivery: Delivery,
    began: SystemTime,
}

impl Written {
    fn committed(self) -> SinkPage {
        let Self { page, count, dead_letters, delivery, began } = self;
        SinkPage { page, count, dead_letters, delivery, period: Period::since(began) }
    }
}

/// What the dispatcher tells a sink that has everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Seal,
    Publish,
}

/// A sink with all it needs to work on a thread of its own.
#[derive(Debug)]
pub(crate) struct Delivering {
    pub(crate) index: usize,
    pub(crate) id: StageId,
    pub(crate) on_error: OnError,
    pub(crate) slot: WatchdogSlot,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) run: Arc<RunContext>,
    /// Where to go on, in a resumed run.
    pub(crate) from: Option<SinkState>,
    pub(crate) progress: Arc<LiveStats>,
    /// What to deliver, from the transforms.
    pub(crate) batches: mpsc::Receiver<ToSink>,
    /// What to do when there are no more, from the dispatcher.
    pub(crate) orders: mpsc::Receiver<Order>,
    /// Pages that the checkpoint has passed.
    pub(crate) saved: watch::Receiver<u64>,
    /// Counts dead letters that wait to be written down.
    pub(crate) backlog: Backlog,
    /// Set when another sink has failed: no checkpoint will pass what that one does not have.
    pub(crate) doomed: StopSignal,
    /// Set when the run ends without waiting for what is under way.
    pub(crate) abandon: StopSignal,
    /// Refusals that were logged.
    pub(crate) logged: u64,
}

impl Delivering {
    /// Works until told to publish, or until nobody is left who could tell: then nothing is published.
    pub(crate) async fn work(
        mut self,
        chain: Chain,
        tell: impl Fn(FromSink) + Send,
    ) -> Result<(), StageFailure> {
        let mut abandon = self.abandon.clone();
        let all_delivered = tokio::select! {
            biased;
            _ = abandon.asked() => false,
            result = self.deliver_all(chain, &tell) => {
                // What was tried counts, whatever came of it.
                tell(FromSink::Delivered(self.sink.delivered()));
                result.map(|()| true)?
            }
        };
        if !all_delivered || self.orders.recv().await != Some(Order::Seal) {
            return Ok(());
        }
        let mark = self.sink.seal().await.map_err(|error| StageFailure::of(&self.id, error))?;
        tell(FromSink::Sealed(mark));
        if self.orders.recv().await == Some(Order::Publish) {
            let delivery =
                self.sink.finish().await.map_err(|error| StageFailure::of(&self.id, error))?;
            tell(FromSink::Published(delivery));
        }
        Ok(())
    }

    async fn deliver_all(
        &mut self,
        chain: Chain,
        tell: &(impl Fn(FromSink) + Send),
    ) -> Result<(), StageFailure> {
        let chain = chain.open().await?;
        let opened = self.sink.open(&self.run, self.from.as_ref()).await;
        opened.map_err(|error| StageFailure::of(&self.id, error))?;
        tell(FromSink::Opened(Arc::clone(&chain)));
        let mut open = Vec::new();
        while let Some(order) = self.batches.recv().await {
            if let ToSink::Batch(work) = order {
                let Some(written) = self.deliver(work, &chain).await? else {
                    // Whoever waits to send more must not wait for ever.
                    self.batches.close();
                    break;
                };
                open.push(written);
            } else {
                self.commit(&mut open, tell).await?;
            }
        }
        self.commit(&mut open, tell).await?;
        tell(FromSink::Drained);
        Ok(())
    }

    /// Makes durable what was written since the last time.
    async fn commit(
        &mut self,
        open: &mut Vec<Written>,
        tell: &(impl Fn(FromSink) + Send),
    ) -> Result<(), StageFailure> {
        if open.is_empty() {
            return Ok(());
        }
        let mark = self.sink.commit().await.map_err(|error| StageFailure::of(&self.id, error))?;
        let pages: Vec<SinkPage> = open.drain(..).map(Written::committed).collect();
        if let Some(progress) = self.progress.sinks.get(self.index) {
            for page in &pages {
                progress.add_committed(page.count.delivered);
            }
        }
        tell(FromSink::Committed(SinkCommit { pages, mark }));
        Ok(())
    }

    /// Delivers a batch; `None` when it is not to be delivered any more.
    async fn deliver(
        &mut self,
        work: Arc<Work>,
        chain: &Chain,
    ) -> Result<Option<Written>, StageFailure> {
        let (page, began) = (work.page(), SystemTime::now());
        let replay = self.run.replay;
        let (work, tally) = if chain.is_empty() && !replay {
            (work, ChainTally::default())
        } else {
            let (own, tally) = chain.apply(Arc::unwrap_or_clone(work), &self.slot).await?;
            (Arc::new(if replay { own.arrived_at(&self.id) } else { own }), tally)
        };
        if !self.may_send(page).await {
            return Ok(None);
        }
        let mut refusals = if self.on_error == OnError::Fail {
            Refusals::forbidden()
        } else {
            Refusals::collected()
        };
        let written = self.sink.write(&work.batch, &mut refusals).await;
        written.map_err(|error| self.located(error, &work.batch))?;
        Ok(Some(self.account(&work.batch, began, tally, refusals)))
    }

    /// Where an error of a batch happened.
    fn located(&self, error: StageError, batch: &Batch) -> StageFailure {
        let origin = error.record().and_then(|index| batch.origins.get(index));
        let failure = StageFailure::of(&self.id, error);
        match origin {
            Some(origin) => failure.at(origin),
            None => failure,
        }
    }

    /// What can't be taken back is sent only when the run would not begin before it again.
    async fn may_send(&mut self, page: u64) -> bool {
        if self.sink.resumption() != Resumption::AtLeastOnce {
            return true;
        }
        let passed = async {
            if self.saved.wait_for(|saved| *saved + 1 >= page).await.is_err() {
                // Nobody saves any more, and the run is about to be abandoned.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = passed => true,
            _ = self.doomed.asked() => false,
        }
    }

    fn account(
        &mut self,
        batch: &Batch,
        began: SystemTime,
        tally: ChainTally,
        refusals: Refusals,
    ) -> Written {
        let refused = refusals.records() as u64;
        let records_in = batch.records.len() as u64;
        let dead = self.on_error == OnError::DeadLetter;
        let count = SinkCount {
            transforms: tally.counts,
            records_in,
            delivered: records_in.saturating_sub(refused),
            skipped: if dead { 0 } else { refused },
            dead_letters: if dead { refused } else { 0 },
        };
        let mut dead_letters = tally.dead_letters;
        for refusal in refusals.into_sorted() {
            self.log(&refusal, batch);
            if dead {
                let records = batch.records.iter().zip(&batch.origins);
                let refused = records.skip(refusal.records.start).take(refusal.records.len());
                dead_letters.extend(refused.map(|(record, origin)| {
                    DeadLetter::new(&self.run, &self.id, origin, record, &refusal.error)
                }));
            }
        }
        self.backlog.add(size_of(&dead_letters));
        let delivery = self.sink.delivered();
        Written { page: batch.page, count, dead_letters, delivery, began }
    }

    fn log(&mut self, refusal: &Refusal, batch: &Batch) {
        self.logged += 1;
        if self.logged > LOGGED {
            return;
        }
        let what = left_out(self.on_error);
        let origin = batch.origins.get(refusal.records.start);
        let origin = origin.map(ToString::to_string).unwrap_or_default();
        let (sink, count) = (&self.id.name, refusal.records.len());
        let reason = refusal.error.full_message();
        tracing::warn!(%sink, %origin, records = count, "{what}: {reason}");
        if self.logged == LOGGED {
            tracing::warn!(%sink, "further records like these are counted, not logged");
        }
    }
}
