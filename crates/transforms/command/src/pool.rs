//! Distributes records over the workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use taskferry_sdk::{ErrorKind, Record, StageError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use crate::process::{Process, ProcessGroup};
use crate::protocol::{Answer, Hello};
use crate::shared::Shared;
use crate::worker::{Job, Worker};

/// The workers. They are started on demand.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    max_workers: usize,
    /// `None` once the pool is closed.
    workers: Mutex<Option<Vec<WorkerHandle>>>,
}

#[derive(Debug)]
struct WorkerHandle {
    /// `None` once the pool is closed, which ends the worker.
    jobs: Option<mpsc::UnboundedSender<Job>>,
    /// The number of records that the worker has not answered.
    load: Arc<AtomicUsize>,
    group: Arc<ProcessGroup>,
    ended: oneshot::Receiver<()>,
}

impl WorkerHandle {
    fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }
}

/// A program must not outlive the run, even if it ignores the end of its input.
impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.group.abandon();
    }
}

/// Counts one unanswered record of a worker until it is dropped.
struct LoadGuard(Arc<AtomicUsize>);

impl Drop for LoadGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(shared: Shared, max_workers: usize) -> Self {
        Self { shared: Arc::new(shared), max_workers, workers: Mutex::new(Some(Vec::new())) }
    }

    /// Starts the first worker and its process, so that a program that can't be started is found before the first record.
    pub(crate) async fn open(&mut self, hello: Hello) -> Result<(), StageError> {
        self.shared = Arc::new(Shared { hello, ..Shared::clone(&self.shared) });
        let group = Arc::default();
        let process = Process::start(&self.shared, Arc::clone(&group)).await;
        let process = process.map_err(|failure| failure.error().fatal())?;
        let worker = self.start(group, Some(process))?;
        self.lock().get_or_insert_default().push(worker);
        Ok(())
    }

    /// The answer to a record.
    pub(crate) async fn request(&self, record: Record) -> Result<Answer, StageError> {
        let (reply, answer) = oneshot::channel();
        let _load = self.send(Job { record, reply, is_suspect: false })?;
        answer.await.map_err(|_| closed())?
    }

    /// How often the program was started again since the last call.
    pub(crate) fn take_restarts(&self) -> u64 {
        self.shared.restarts.uncounted.swap(0, Ordering::Relaxed)
    }

    /// The number of restarts, including the restarts before a resume. `counted` is the number in the counters of the run.
    pub(crate) fn restarts(&self, counted: u64) -> u64 {
        let restarts = &self.shared.restarts;
        let uncounted = restarts.uncounted.load(Ordering::Relaxed);
        // Restarts may be missing from `counted`, because the engine drops the counts of failed records.
        counted.saturating_add(uncounted).max(restarts.total.load(Ordering::Relaxed))
    }

    /// Sends a record to the worker with the fewest records. Starts another worker if all workers are busy.
    fn send(&self, job: Job) -> Result<LoadGuard, StageError> {
        let mut workers = self.lock();
        let workers = workers.as_mut().ok_or_else(closed)?;
        let is_busy = workers.iter().all(|worker| worker.load() > 0);
        if is_busy && workers.len() < self.max_workers {
            workers.push(self.start(Arc::default(), None)?);
        }
        let worker = workers.iter().min_by_key(|worker| worker.load()).ok_or_else(closed)?;
        let jobs = worker.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(job).map_err(|_| closed())?;
        worker.load.fetch_add(1, Ordering::Relaxed);
        Ok(LoadGuard(Arc::clone(&worker.load)))
    }

    /// Starts a worker on its own thread, so that answers are not parsed on the async threads.
    fn start(
        &self,
        group: Arc<ProcessGroup>,
        process: Option<Process>,
    ) -> Result<WorkerHandle, StageError> {
        let cannot = |error: String| {
            StageError::new(ErrorKind::Io, format!("can't start a thread for the program: {error}"))
                .fatal()
        };
        let runtime = Handle::try_current().map_err(|error| cannot(error.to_string()))?;
        let (jobs, received) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel::<()>();
        let worker = Worker::new(Arc::clone(&self.shared), received, Arc::clone(&group), process);
        let run = worker.run().in_current_span();
        let body = move || {
            runtime.block_on(run);
            drop(end);
        };
        let builder = thread::Builder::new().name("command".to_owned());
        builder.spawn(body).map_err(|error| cannot(error.to_string()))?;
        Ok(WorkerHandle { jobs: Some(jobs), load: Arc::default(), group, ended })
    }

    /// Ends the standard input of all programs, and waits until they have ended.
    pub(crate) async fn close(&self) {
        let mut workers = self.lock().take().unwrap_or_default();
        for worker in &mut workers {
            worker.jobs = None;
        }
        for worker in &mut workers {
            // The sender is dropped at the end of the thread.
            _ = (&mut worker.ended).await;
        }
        self.shared.log.close(&self.shared.program.label);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<WorkerHandle>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> StageError {
    StageError::new(ErrorKind::Defect, "the program was already stopped at the end of the run")
        .fatal()
}
