//! Starts the worker threads. Each reports its end to the dispatcher, even if it panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use taskferry_pipeline::{StageFailure, StageId};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::backlog::size_of;
use crate::broadcaster::{Broadcaster, SinkEnded};
use crate::chain::Chain;
use crate::commit_policy::{CommitPolicy, CommitTimer};
use crate::deliver::Delivering;
use crate::envelope::Work;
use crate::event::{Event, Tell};
use crate::fetch::{FetchEnd, Fetching};
use crate::stop::sleep_until;
use crate::threads::{panicked, spawn};
use crate::watchdog::Watchdog;
use crate::worker_pool::{Transformed, WorkerPool};

/// Reads pages from the signal `go` on. Waiting for answers needs no thread of its own.
pub(crate) fn start_fetch(fetching: Fetching, go: oneshot::Receiver<()>, tell: Tell) {
    let id = fetching.id.clone();
    tokio::spawn(async move {
        if go.await.is_err() {
            return tell.send(Event::Fetched(FetchEnd::Stopped.into()));
        }
        let fetch = fetching.fetch(|read| tell.send(Event::Read(read)));
        let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
        let fetched = fetched.unwrap_or_else(|panic| {
            FetchEnd::Failed(StageFailure::of(&id, panicked(&*panic))).into()
        });
        tell.send(Event::Fetched(fetched));
    });
}

/// The transforms of a pipeline, between the source and the sinks.
pub(crate) struct Transforming {
    pub(crate) chain: Chain,
    pub(crate) pages: mpsc::Receiver<Work>,
    pub(crate) sinks: Broadcaster,
    pub(crate) policy: CommitPolicy,
}

/// Sends every page through the pipeline's transforms and to all sinks, on threads of their own: that is where the
/// processor works, and the reactor must not wait for it.
pub(crate) fn start_transforms(transforming: Transforming, watchdog: &Watchdog, tell: &Tell) {
    let (told, at_end, watchdog) = (tell.clone(), tell.clone(), watchdog.clone());
    let work = async move {
        let Transforming { chain, pages, sinks, policy } = transforming;
        let chain = chain.open().await?;
        told.send(Event::Opened(Arc::clone(&chain)));
        let pool = WorkerPool::open(&chain, &watchdog)?;
        transform(pool, pages, sinks, CommitTimer::new(policy), &told).await
    };
    start("transforms", None, work, move |result| at_end.send(Event::Transformed(result)));
}

/// Dispatches pages to the worker pool, and sends what comes back to the sinks, both in the order of the pages.
async fn transform(
    mut pool: WorkerPool,
    mut pages: mpsc::Receiver<Work>,
    mut sinks: Broadcaster,
    mut commits: CommitTimer,
    tell: &Tell,
) -> Result<(), StageFailure> {
    let mut reading = true;
    while reading || pool.is_busy() {
        // What is waited for may be dropped at any time; what follows is done to its end.
        let sent = tokio::select! {
            biased;
            done = pool.next(), if pool.is_busy() => {
                let Transformed { work, tally, period } = done?;
                let refused = size_of(&tally.dead_letters);
                tell.send(Event::Tallied(work.page(), tally, period));
                send(work, refused, &mut sinks, &mut commits).await
            }
            page = pages.recv(), if reading && pool.has_room() => {
                match page {
                    Some(page) => pool.dispatch(page)?,
                    None => reading = false,
                }
                Ok(())
            }
            () = sleep_until(commits.deadline()), if commits.is_open() => commit(&sinks, &mut commits).await,
        };
        if sent.is_err() {
            // A sink has ended, and says why itself.
            return Ok(());
        }
    }
    Ok(())
}

/// Sends a page to the sinks, and has them commit if that is due.
async fn send(
    work: Work,
    refused: u64,
    sinks: &mut Broadcaster,
    commits: &mut CommitTimer,
) -> Result<(), SinkEnded> {
    if sinks.is_full() {
        if commits.is_open() {
            commit(sinks, commits).await?;
        }
        sinks.wait_for_room().await?;
    }
    sinks.send(work, refused).await?;
    commits.note_page();
    if commits.is_due() { commit(sinks, commits).await } else { Ok(()) }
}

async fn commit(sinks: &Broadcaster, commits: &mut CommitTimer) -> Result<(), SinkEnded> {
    commits.note_commit();
    sinks.commit().await
}

/// Delivers to one sink, on a thread of its own: sinks write files and compress.
pub(crate) fn start_sink(delivering: Delivering, chain: Chain, tell: Tell) {
    let (index, id) = (delivering.index, delivering.id.clone());
    let at_end = tell.clone();
    let work = delivering.work(chain, move |said| tell.send(Event::Sink(index, said)));
    start("sink", Some(id), work, move |result| at_end.send(Event::SinkEnded(index, result)));
}

fn start(
    name: &str,
    id: Option<StageId>,
    work: impl Future<Output = Result<(), StageFailure>> + Send + 'static,
    at_end: impl FnOnce(Result<(), StageFailure>) + Send + Clone + 'static,
) {
    let runtime = Handle::current();
    let told = at_end.clone();
    let body = move || {
        let result = runtime.block_on(AssertUnwindSafe(work).catch_unwind());
        told(result.unwrap_or_else(|panic| {
            let error = panicked(&*panic);
            Err(match &id {
                Some(id) => StageFailure::of(id, error),
                None => error.into(),
            })
        }));
    };
    if let Err(error) = spawn(name, body) {
        at_end(Err(error.into()));
    }
}
