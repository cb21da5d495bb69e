//! Starts the workers. Each reports its end to the dispatcher, even if it panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use taskferry_pipeline::{StageFailure, StageId};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use crate::broadcaster::Broadcaster;
use crate::chain::Chain;
use crate::dead_letter::DeadLetter;
use crate::envelope::PageBatch;
use crate::fetcher::{FetchEnd, Fetcher};
use crate::sink_worker::SinkWorker;
use crate::stage_span::stage_span;
use crate::stop::sleep_until;
use crate::threads::{panicked, spawn};
use crate::watchdog::Watchdog;
use crate::worker_event::{EventSender, WorkerEvent};
use crate::worker_pool::{Transformed, WorkerPool};

/// Reads pages in a task, once `go` fires.
pub(crate) fn start_fetcher(fetcher: Fetcher, go: oneshot::Receiver<()>, events: EventSender) {
    let id = fetcher.id.clone();
    tokio::spawn(async move {
        let result = if go.await.is_err() {
            FetchEnd::Stopped.into()
        } else {
            let fetch = fetcher.fetch(|read| _ = events.send(WorkerEvent::PageRead(read)));
            let fetch = fetch.instrument(stage_span(&id));
            AssertUnwindSafe(fetch).catch_unwind().await.unwrap_or_else(|panic| {
                FetchEnd::Failed(StageFailure::of(&id, panicked(&*panic))).into()
            })
        };
        _ = events.send(WorkerEvent::FetchEnded(result));
    });
}

/// Sends every page through the pipeline's transforms and to all sinks, on threads outside of the async runtime.
pub(crate) fn start_transforms(
    chain: Chain,
    pages: mpsc::Receiver<PageBatch>,
    sinks: Broadcaster,
    watchdog: Watchdog,
    events: EventSender,
) {
    let at_end = events.clone();
    let work = async move {
        let chain = chain.open().await?;
        _ = events.send(WorkerEvent::TransformsOpened(Arc::clone(&chain)));
        let pool = WorkerPool::start(chain, &watchdog)?;
        transform(pool, pages, sinks, &events).await
    };
    start("transforms", None, work, move |result| {
        _ = at_end.send(WorkerEvent::TransformsEnded(result));
    });
}

/// Dispatches pages to the worker pool, and sends the results to the sinks, both in the order of the pages.
async fn transform(
    mut pool: WorkerPool,
    mut pages: mpsc::Receiver<PageBatch>,
    mut sinks: Broadcaster,
    events: &EventSender,
) -> Result<(), StageFailure> {
    let mut reading = true;
    while reading || pool.is_busy() {
        // The futures of `select!` are cancel safe. The handler of a branch is never cancelled.
        let sent = tokio::select! {
            biased;
            transformed = pool.next(), if pool.is_busy() => {
                let Transformed { page, outcome, period } = transformed?;
                let dead_letters = DeadLetter::size_of(&outcome.dead_letters);
                _ = events.send(WorkerEvent::PageTransformed(page.page(), outcome, period));
                sinks.send(page, dead_letters).await
            }
            page = pages.recv(), if reading && pool.has_capacity() => {
                match page {
                    Some(page) => pool.dispatch(page)?,
                    None => reading = false,
                }
                Ok(())
            }
            () = sleep_until(sinks.commits.deadline()), if sinks.commits.has_uncommitted() => {
                sinks.commit().await
            }
        };
        if sent.is_err() {
            // The sink that ended reports the reason.
            return Ok(());
        }
    }
    Ok(())
}

/// Delivers to one sink, on its own thread: sinks write files and compress.
pub(crate) fn start_sink(worker: SinkWorker, chain: Chain, events: EventSender) {
    let (index, id) = (worker.index, worker.id.clone());
    let at_end = events.clone();
    let work = worker.run(chain, move |event| _ = events.send(WorkerEvent::Sink(index, event)));
    let work = work.instrument(stage_span(&id));
    start("sink", Some(id), work, move |result| {
        _ = at_end.send(WorkerEvent::SinkEnded(index, result));
    });
}

fn start(
    name: &str,
    id: Option<StageId>,
    work: impl Future<Output = Result<(), StageFailure>> + Send + 'static,
    at_end: impl FnOnce(Result<(), StageFailure>) + Send + Clone + 'static,
) {
    let runtime = Handle::current();
    let at_thread_end = at_end.clone();
    let body = move || {
        let result = runtime.block_on(AssertUnwindSafe(work).catch_unwind());
        at_thread_end(result.unwrap_or_else(|panic| {
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
