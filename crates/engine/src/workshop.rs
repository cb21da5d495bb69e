//! Threads that send pages through the transforms, several at a time, in such a way that what comes back keeps their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::SystemTime;

use taskferry_sdk::{Batch, ErrorKind, StageError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::chain::{Chain, ChainTally};
use crate::observe::Period;
use crate::watchdog::{Desk, Watchdog};
use crate::worker::spawn;

/// The most pages that are worked on at a time: each is held in memory.
const MOST_WORKERS: usize = 4;

/// A page that went through the transforms.
#[derive(Debug)]
pub(crate) struct Transformed {
    pub(crate) batch: Batch,
    pub(crate) tally: ChainTally,
    /// From the first record to the last.
    pub(crate) period: Period,
}

/// All workers. Pages are dealt to one after the other, and taken back in the same turn.
#[derive(Debug)]
pub(crate) struct Workshop {
    workers: Vec<Worker>,
    /// What passes without being worked on, where there are no transforms.
    passing: VecDeque<Transformed>,
    dealt: usize,
    taken: usize,
}

/// The ways to and from one thread.
#[derive(Debug)]
struct Worker {
    work: mpsc::Sender<Batch>,
    results: mpsc::Receiver<Result<Transformed, StageError>>,
}

impl Workshop {
    /// Starts as many workers as there are processors, and no more than one where a transform needs the records in their order.
    pub(crate) fn open(chain: &Arc<Chain>, watchdog: &Watchdog) -> Result<Self, StageError> {
        let count = match chain.is_empty() {
            true => 0,
            false if chain.takes_any_order() => available_parallelism().map_or(1, usize::from),
            false => 1,
        };
        let workers = (0..count.min(MOST_WORKERS))
            .map(|_| Worker::start(Arc::clone(chain), watchdog.desk()))
            .collect::<Result<_, _>>()?;
        Ok(Self { workers, passing: VecDeque::new(), dealt: 0, taken: 0 })
    }

    /// Whether there is something to be taken back, now or later.
    pub(crate) fn is_busy(&self) -> bool {
        self.dealt > self.taken
    }

    /// Whether another page can be dealt.
    pub(crate) fn has_room(&self) -> bool {
        self.dealt - self.taken < self.workers.len().max(1)
    }

    /// Gives a page to the worker whose turn it is. There must be room.
    pub(crate) fn deal(&mut self, batch: Batch) -> Result<(), StageError> {
        let turn = self.dealt;
        self.dealt += 1;
        if let Some(worker) = self.of(turn) {
            return worker.work.try_send(batch).map_err(|_| gone());
        }
        let (tally, period) = (ChainTally::default(), Period::since(SystemTime::now()));
        self.passing.push_back(Transformed { batch, tally, period });
        Ok(())
    }

    /// What came of the page that was dealt first of those that were not taken back. Can be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Transformed, StageError> {
        let turn = self.taken;
        let result = match self.of(turn) {
            Some(worker) => worker.results.recv().await.ok_or_else(gone)?,
            None => self.passing.pop_front().ok_or_else(gone),
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
    fn start(chain: Arc<Chain>, desk: Desk) -> Result<Self, StageError> {
        let (work, mut to_do) = mpsc::channel::<Batch>(1);
        let (done, results) = mpsc::channel(1);
        let runtime = Handle::current();
        spawn("transform", move || {
            runtime.block_on(async {
                while let Some(batch) = to_do.recv().await {
                    let result = apply(&chain, batch, &desk).await;
                    if done.send(result).await.is_err() {
                        return;
                    }
                }
            });
        })?;
        Ok(Self { work, results })
    }
}

async fn apply(chain: &Chain, mut batch: Batch, desk: &Desk) -> Result<Transformed, StageError> {
    let began = SystemTime::now();
    let (records, tally) = chain.apply(std::mem::take(&mut batch.records), desk).await?;
    batch.records = records;
    Ok(Transformed { batch, tally, period: Period::since(began) })
}

fn gone() -> StageError {
    StageError::new(ErrorKind::Defect, "a thread that transforms has ended")
}
