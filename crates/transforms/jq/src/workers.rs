//! The pool of worker processes, which are started on demand and killed when they do not answer.

use std::io;
use std::num::NonZero;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use taskferry_sdk::{ErrorKind, Record, StageError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::limits::{too_deep_recursion, too_slow};
use crate::protocol::{Reply, Setup};
use crate::worker::WORKER_ARGUMENT;

/// How long a worker may exceed the time limit. In this time, the worker can stop the expression between two results.
const GRACE: Duration = Duration::from_millis(250);
/// The maximum time for the start of a worker, and for its exit.
const START_TIME: Duration = Duration::from_secs(10);
/// The maximum number of bytes that are read of a worker's standard error.
const STDERR_LIMIT: u64 = 4 << 10;

/// The workers of one transform: one for each record in progress, and at most one for each processor.
#[derive(Debug)]
pub(crate) struct Workers {
    setup: Setup,
    idle: Mutex<Vec<Worker>>,
    permits: Semaphore,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Workers {
    /// An empty pool. The first record starts the first worker.
    pub(crate) fn new(setup: Setup) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { setup, idle: Mutex::default(), permits: Semaphore::new(processors) }
    }

    /// Sets the time that the expression sees. Call it before the first record.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.setup.clock = clock;
    }

    /// All results for one record.
    ///
    /// # Errors
    /// An error of the expression, or an exit of the worker. The next record then gets a new worker.
    pub(crate) async fn run(&self, record: &Record) -> Result<Vec<Record>, StageError> {
        // The semaphore is never closed, so this can't fail.
        let _permit = self.permits.acquire().await;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = match idle {
            Some(worker) => worker,
            None => Worker::start(&self.setup).await?,
        };
        let limit = self.setup.limits.time;
        match timeout(limit.saturating_add(GRACE), worker.request(&record.to_json())).await {
            Ok(Ok(results)) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                results
            }
            Ok(Err(_)) => Err(worker.exit_error().await),
            Err(_) => {
                // `kill` also waits for the process, so that no zombie remains.
                let _ = worker.child.kill().await;
                Err(too_slow(limit))
            }
        }
    }
}

impl Worker {
    async fn start(setup: &Setup) -> Result<Self, StageError> {
        let cannot = |error: io::Error| {
            StageError::new(ErrorKind::Io, "can't start a jq worker").caused_by(error)
        };
        let setup = serde_json::to_string(setup).map_err(|error| cannot(error.into()))?;
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        // The worker must not see secrets of this process. jq needs the time zone.
        command.arg(WORKER_ARGUMENT).env_clear();
        command.envs(std::env::var_os("TZ").map(|zone| ("TZ", zone)));
        // By default, mimalloc commits a gigabyte at once, which would exceed the memory limit.
        command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        // Ctrl-C in a terminal signals the whole process group, but the parent needs its workers to finish the records in
        // progress.
        command.process_group(0);
        let mut child = command.spawn().map_err(cannot)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cannot(io::Error::other("it has no stdin or stdout")));
        };
        let mut worker = Self { child, stdin, stdout: BufReader::new(stdout) };
        match timeout(START_TIME, worker.request(&setup)).await {
            Ok(Ok(Ok(_))) => Ok(worker),
            Ok(Ok(Err(error))) => Err(StageError::new(ErrorKind::Defect, error.full_message())),
            Ok(Err(_)) => Err(worker.exit_error().await.context("starting a jq worker")),
            Err(_) => Err(cannot(io::Error::from(io::ErrorKind::TimedOut))),
        }
    }

    /// Sends a line and reads the answer. The outer error means that the worker is gone.
    async fn request(&mut self, line: &str) -> io::Result<Result<Vec<Record>, StageError>> {
        self.stdin.write_all(line.as_bytes()).await?;
        self.stdin.write_all(b"\n").await?;
        self.stdin.flush().await?;
        let count = match serde_json::from_str(&self.line().await?)? {
            Reply::Results(count) => count,
            Reply::Refused(refusal) => return Ok(Err(refusal.into())),
        };
        let mut results = Vec::new();
        for _ in 0..count {
            results.push(Record::parse(self.line().await?).map_err(io::Error::other)?);
        }
        Ok(Ok(results))
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stdout.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }

    /// The reason for a worker's exit, from its standard error.
    async fn exit_error(mut self) -> StageError {
        drop(self.stdin);
        let mut stderr_text = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            // Ignores errors, because the standard error only adds details.
            let _ =
                timeout(START_TIME, stderr.take(STDERR_LIMIT).read_to_end(&mut stderr_text)).await;
        }
        let status = timeout(START_TIME, self.child.wait()).await;
        let stderr_text = String::from_utf8_lossy(&stderr_text);
        if stderr_text.contains("overflowed its stack") {
            return too_deep_recursion();
        }
        if stderr_text.contains("memory allocation") {
            let message = "the jq expression exceeds its memory limit";
            return StageError::new(ErrorKind::Limit, message).hint("raise `memory_limit`");
        }
        let status = match status {
            Ok(Ok(status)) => status.to_string(),
            _ => "unknown".to_owned(),
        };
        let error = StageError::new(
            ErrorKind::Defect,
            format!("the jq worker exited unexpectedly: {status}"),
        );
        match stderr_text.trim().lines().next() {
            Some(first) => {
                error.hint(format!("the first line on the worker's standard error: {first}"))
            }
            None => error,
        }
    }
}
