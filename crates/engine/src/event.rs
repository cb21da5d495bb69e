//! What worker threads report to the dispatcher.

use std::sync::Arc;

use taskferry_pipeline::StageFailure;
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::deliver::FromSink;
use crate::fetch::Fetched;
use crate::ledger::ReadPage;
use crate::observe::Period;
use crate::tally::ChainTally;

/// What a worker thread reports.
#[derive(Debug)]
pub(crate) enum Event {
    /// The transforms are ready.
    Opened(Arc<Chain>),
    /// A page was read.
    Read(ReadPage),
    /// A page went through the transforms.
    Tallied(u64, ChainTally, Period),
    /// A checkpoint is durable.
    Saved(Saved),
    /// State could not be kept.
    NotSaved(StageFailure),
    /// No more pages are read.
    Fetched(Fetched),
    /// No more pages are transformed.
    Transformed(Result<(), StageFailure>),
    /// A sink got on.
    Sink(usize, FromSink),
    /// A sink is gone.
    SinkEnded(usize, Result<(), StageFailure>),
}

/// How far the checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saved {
    /// Whether every sink is sealed in it.
    pub(crate) sealed: bool,
}

/// The channel to the dispatcher. If the run was abandoned, the dispatcher may be gone, and the event is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Tell(mpsc::UnboundedSender<Event>);

impl Tell {
    pub(crate) fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    pub(crate) fn send(&self, event: Event) {
        _ = self.0.send(event);
    }
}
