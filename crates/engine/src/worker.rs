//! Starts the workers. Whatever becomes of one, even a panic, the dispatcher hears of its end.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use taskferry_sdk::{ErrorKind, Page, StageError, StageId};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::backlog::size_of;
use crate::chain::{Chain, ChainTally, panicked};
use crate::deliver::{Delivering, FromSink};
use crate::fetch::{FetchEnd, Fetched, Fetching};
use crate::hand_out::Outlet;
use crate::ledger::ReadPage;
use crate::observe::Period;
use crate::stop::sleep_until;
use crate::watchdog::Watchdog;
use crate::workshop::{Transformed, Workshop};

/// Addresses set aside for a worker's stack, in bytes; memory is taken only as it is used. Expressions of
/// users call themselves as deep as their data is nested.
const STACK: usize = 256 << 20;

/// What workers tell the dispatcher.
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
    NotSaved(StageError),
    /// No more pages are read.
    Fetched(Fetched),
    /// No more pages are transformed.
    Transformed(Result<(), StageError>),
    /// A sink got on.
    Sink(usize, FromSink),
    /// A sink is gone.
    SinkEnded(usize, Result<(), StageError>),
}

/// How far the checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saved {
    /// Whether every sink is sealed in it.
    pub(crate) sealed: bool,
}

/// The way to the dispatcher. It may be gone already when a run was given up; then nobody needs to know.
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

/// Reads pages once told to go. Waiting for answers needs no thread of its own.
pub(crate) fn start_fetch(fetching: Fetching, go: oneshot::Receiver<()>, tell: Tell) {
    let id = fetching.stage.id();
    tokio::spawn(async move {
        if go.await.is_err() {
            return tell.send(Event::Fetched(FetchEnd::Stopped.into()));
        }
        let fetch = fetching.fetch(|read| tell.send(Event::Read(read)));
        let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
        let fetched = fetched
            .unwrap_or_else(|panic| FetchEnd::Failed(panicked(&*panic).at_stage(&id)).into());
        tell.send(Event::Fetched(fetched));
    });
}

/// Sends every page through the pipeline's transforms and to all sinks, on threads of their own: that is where the
/// processor works, and the reactor must not wait for it.
pub(crate) fn start_transforms(
    chain: Chain,
    pages: mpsc::Receiver<Page>,
    sinks: Outlet,
    watchdog: &Watchdog,
    tell: &Tell,
) {
    let (told, at_end, watchdog) = (tell.clone(), tell.clone(), watchdog.clone());
    let work = async move {
        let chain = chain.open().await?;
        told.send(Event::Opened(Arc::clone(&chain)));
        let workshop = Workshop::open(&chain, &watchdog)?;
        transform(workshop, pages, sinks, &told).await
    };
    start("transforms", None, work, move |result| at_end.send(Event::Transformed(result)));
}

/// Deals pages to the workshop and hands out what comes back, both in their order.
async fn transform(
    mut workshop: Workshop,
    mut pages: mpsc::Receiver<Page>,
    mut sinks: Outlet,
    tell: &Tell,
) -> Result<(), StageError> {
    let mut reading = true;
    while reading || workshop.is_busy() {
        // What is waited for may be dropped at any time; what follows is done to its end.
        let sent = tokio::select! {
            biased;
            done = workshop.next(), if workshop.is_busy() => {
                let Transformed { batch, tally, period } = done?;
                let refused = size_of(&tally.dead_letters);
                tell.send(Event::Tallied(batch.page, tally, period));
                sinks.hand_out(batch, refused).await
            }
            page = pages.recv(), if reading && workshop.has_room() => {
                match page {
                    Some(page) => workshop.deal(page.into_batch())?,
                    None => reading = false,
                }
                Ok(())
            }
            () = sleep_until(sinks.due()), if sinks.due().is_some() => sinks.commit().await,
        };
        if sent.is_err() {
            // A sink has ended, and says why itself.
            return Ok(());
        }
    }
    Ok(())
}

/// Delivers to one sink, on a thread of its own: sinks write files and compress.
pub(crate) fn start_sink(delivering: Delivering, chain: Chain, tell: Tell) {
    let (index, id) = (delivering.index, delivering.id.clone());
    let at_end = tell.clone();
    let work = delivering.work(chain, move |said| tell.send(Event::Sink(index, said)));
    start("sink", Some(id), work, move |result| at_end.send(Event::SinkEnded(index, result)));
}

/// Starts a thread with room for deep recursion.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StageError> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    builder.spawn(body).map(drop).map_err(no_thread)
}

/// Another run may find what this one lacks.
pub(crate) fn no_thread(error: std::io::Error) -> StageError {
    StageError::new(ErrorKind::Io, "no thread could be started").caused_by(error).hint(
        "the system limits threads or memory: raise the limit (`ulimit -u`, `ulimit -v`, that of the container) and run again",
    )
}

fn start(
    name: &str,
    id: Option<StageId>,
    work: impl Future<Output = Result<(), StageError>> + Send + 'static,
    at_end: impl FnOnce(Result<(), StageError>) + Send + Clone + 'static,
) {
    let runtime = Handle::current();
    let told = at_end.clone();
    let body = move || {
        let result = runtime.block_on(AssertUnwindSafe(work).catch_unwind());
        let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
        told(result.map_err(|error| match &id {
            Some(id) => error.at_stage(id),
            None => error,
        }));
    };
    if let Err(error) = spawn(name, body) {
        at_end(Err(error));
    }
}
