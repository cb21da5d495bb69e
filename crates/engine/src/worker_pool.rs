//! Transforms several pages at a time, and returns them in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::SystemTime;

use taskferry_pipeline::StageFailure;
use taskferry_sdk::{ErrorKind, StageError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::envelope::PageBatch;
use crate::observer::Period;
use crate::step::ChainOutcome;
use crate::threads::spawn;
use crate::watchdog::{Watchdog, WatchdogSlot};

/// The maximum number of pages that are transformed at a time. Each page is in memory.
const MAX_WORKERS: usize = 4;

/// A page that passed the transforms.
#[derive(Debug)]
pub(crate) struct Transformed {
    pub(crate) page: PageBatch,
    pub(crate) outcome: ChainOutcome,
    pub(crate) period: Period,
}

/// Worker threads that receive pages in turn.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    chain: Arc<Chain>,
    workers: Vec<Worker>,
    /// Pages that skip the workers because there are no transforms.
    untouched: VecDeque<Transformed>,
    dispatched: usize,
    returned: usize,
}

/// The channels of one worker thread.
#[derive(Debug)]
struct Worker {
    pages: mpsc::Sender<PageBatch>,
    results: mpsc::Receiver<Result<Transformed, StageFailure>>,
}

impl WorkerPool {
    /// Starts one worker for each processor, but at most [`MAX_WORKERS`].
    pub(crate) fn start(chain: Arc<Chain>, watchdog: &Watchdog) -> Result<Self, StageError> {
        let count =
            if chain.is_empty() { 0 } else { available_parallelism().map_or(1, usize::from) };
        let workers = (0..count.min(MAX_WORKERS))
            .map(|_| Worker::start(Arc::clone(&chain), watchdog.slot()))
            .collect::<Result<_, _>>()?;
        Ok(Self { chain, workers, untouched: VecDeque::new(), dispatched: 0, returned: 0 })
    }

    /// Whether a page is in progress.
    pub(crate) fn is_busy(&self) -> bool {
        self.dispatched > self.returned
    }

    /// Whether another page can be dispatched.
    pub(crate) fn has_capacity(&self) -> bool {
        self.dispatched - self.returned < self.workers.len().max(1)
    }

    /// Sends a page to the next worker. There must be capacity.
    pub(crate) fn dispatch(&mut self, page: PageBatch) -> Result<(), StageError> {
        let index = self.dispatched;
        self.dispatched += 1;
        if let Some(worker) = self.worker(index) {
            return worker.pages.try_send(page).map_err(|_| worker_ended());
        }
        let start = SystemTime::now();
        let outcome =
            ChainOutcome { fields: self.chain.count_fields(&page), ..ChainOutcome::default() };
        let period = Period::since(start);
        self.untouched.push_back(Transformed { page, outcome, period });
        Ok(())
    }

    /// Returns the next page in the order of dispatch. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Transformed, StageFailure> {
        let index = self.returned;
        let result = match self.worker(index) {
            Some(worker) => worker.results.recv().await.ok_or_else(worker_ended)?,
            None => Ok(self.untouched.pop_front().ok_or_else(worker_ended)?),
        };
        self.returned += 1;
        result
    }

    fn worker(&mut self, page: usize) -> Option<&mut Worker> {
        let count = self.workers.len().max(1);
        self.workers.get_mut(page % count)
    }
}

/// Cancels the workers that wait for the turn of their page, because the turn never comes after a failed page.
impl Drop for WorkerPool {
    fn drop(&mut self) {
        self.chain.cancel();
    }
}

impl Worker {
    fn start(chain: Arc<Chain>, slot: WatchdogSlot) -> Result<Self, StageError> {
        let (to_worker, mut pages) = mpsc::channel(1);
        let (sender, results) = mpsc::channel(1);
        let runtime = Handle::current();
        spawn("transform", move || {
            runtime.block_on(async {
                while let Some(page) = pages.recv().await {
                    let result = apply(&chain, page, &slot).await;
                    if sender.send(result).await.is_err() {
                        return;
                    }
                }
            });
        })?;
        Ok(Self { pages: to_worker, results })
    }
}

async fn apply(
    chain: &Chain,
    page: PageBatch,
    slot: &WatchdogSlot,
) -> Result<Transformed, StageFailure> {
    let start = SystemTime::now();
    let fields = chain.count_fields(&page);
    let (page, outcome) = chain.apply(page, slot).await?;
    let outcome = ChainOutcome { fields, ..outcome };
    Ok(Transformed { page, outcome, period: Period::since(start) })
}

fn worker_ended() -> StageError {
    StageError::new(ErrorKind::Defect, "a transform thread has ended unexpectedly")
        .hint("this is a defect in taskferry; please report it")
}
