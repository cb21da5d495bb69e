//! Threads that send pages through the transforms, several at a time, in such a way that what comes back keeps their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::SystemTime;

use taskferry_pipeline::StageFailure;
use taskferry_sdk::{ErrorKind, StageError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::envelope::Work;
use crate::observe::Period;
use crate::tally::ChainTally;
use crate::threads::spawn;
use crate::watchdog::{Watchdog, WatchdogSlot};

/// The most pages that are worked on at a time: each is held in memory.
const MOST_WORKERS: usize = 4;

/// A page that went through the transforms.
#[derive(Debug)]
pub(crate) struct Transformed {
    pub(crate) work: Work,
    pub(crate) tally: ChainTally,
    /// From the first record to the last.
    pub(crate) period: Period,
}

/// All worker threads. Pages are dispatched to one after the other, and taken back in the same order.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    workers: Vec<Worker>,
    /// What passes without being worked on, where there are no transforms.
    passing: VecDeque<Transformed>,
    dispatched: usize,
    taken: usize,
}

/// The channels to and from one thread.
#[derive(Debug)]
struct Worker {
    work: mpsc::Sender<Work>,
    results: mpsc::Receiver<Result<Transformed, StageFailure>>,
}

impl WorkerPool {
    /// Starts as many workers as there are processors.
    pub(crate) fn open(chain: &Arc<Chain>, watchdog: &Watchdog) -> Result<Self, StageError> {
        let count =
            if chain.is_empty() { 0 } else { available_parallelism().map_or(1, usize::from) };
        let workers = (0..count.min(MOST_WORKERS))
            .map(|_| Worker::start(Arc::clone(chain), watchdog.slot()))
            .collect::<Result<_, _>>()?;
        Ok(Self { workers, passing: VecDeque::new(), dispatched: 0, taken: 0 })
    }

    /// Whether there is something to be taken back, now or later.
    pub(crate) fn is_busy(&self) -> bool {
        self.dispatched > self.taken
    }

    /// Whether another page can be dispatched.
    pub(crate) fn has_room(&self) -> bool {
        self.dispatched - self.taken < self.workers.len().max(1)
    }

    /// Gives a page to the worker whose turn it is. There must be room.
    pub(crate) fn dispatch(&mut self, work: Work) -> Result<(), StageError> {
        let turn = self.dispatched;
        self.dispatched += 1;
        if let Some(worker) = self.of(turn) {
            return worker.work.try_send(work).map_err(|_| gone());
        }
        let (tally, period) = (ChainTally::default(), Period::since(SystemTime::now()));
        self.passing.push_back(Transformed { work, tally, period });
        Ok(())
    }

    /// What came of the page that was dispatched first of those that were not taken back. Can be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Transformed, StageFailure> {
        let turn = self.taken;
        let result = match self.of(turn) {
            Some(worker) => worker.results.recv().await.ok_or_else(gone)?,
            None => Ok(self.passing.pop_front().ok_or_else(gone)?),
        };
        self.taken += 1;
        result
    }

    fn of(&mut self, turn: usize) -> Option<&mut Worker> {
        let count = self.workers.len().max(1);
        self.workers.get_mut(turn % count)
    }
}

impl Worker {
    fn start(chain: Arc<Chain>, slot: WatchdogSlot) -> Result<Self, StageError> {
        let (work, mut to_do) = mpsc::channel::<Work>(1);
        let (done, results) = mpsc::channel(1);
        let runtime = Handle::current();
        spawn("transform", move || {
            runtime.block_on(async {
                while let Some(work) = to_do.recv().await {
                    let result = apply(&chain, work, &slot).await;
                    if done.send(result).await.is_err() {
                        return;
                    }
                }
            });
        })?;
        Ok(Self { work, results })
    }
}

async fn apply(
    chain: &Chain,
    work: Work,
    slot: &WatchdogSlot,
) -> Result<Transformed, StageFailure> {
    let began = SystemTime::now();
    let (work, tally) = chain.apply(work, slot).await?;
    Ok(Transformed { work, tally, period: Period::since(began) })
}

fn gone() -> StageError {
    StageError::new(ErrorKind::Defect, "a thread that transforms has ended")
}
