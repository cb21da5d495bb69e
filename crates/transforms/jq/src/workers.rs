//! The parent's side: worker processes that are started when needed, and killed when they don't answer.

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

use crate::limits::{Limits, too_slow};
use crate::protocol::{Reply, Setup};
use crate::worker::WORKER_ARGUMENT;

/// What a worker is given beyond the time limit, to end an expression itself between two results.
const GRACE: Duration = Duration::from_millis(250);
/// How long a worker may take until it can work, and until it is gone.
const START_TIME: Duration = Duration::from_secs(10);
/// As much as is read of what a dying worker says.
const LAST_WORDS: u64 = 4 << 10;

/// The workers of one transform: as many as records are worked on at the same time, and no more than there are processors.
#[derive(Debug)]
pub(crate) struct Workers {
    setup: String,
    limits: Limits,
    idle: Mutex<Vec<Worker>>,
    places: Semaphore,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Workers {
    /// No worker yet: the first is started for the first record.
    pub(crate) fn new(setup: &Setup) -> Self {
        let line = serde_json::to_string(setup).unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            setup: line,
            limits: setup.limits,
            idle: Mutex::default(),
            places: Semaphore::new(processors),
        }
    }

    /// All results for one record.
    ///
    /// # Errors
    /// What the expression refuses, or the end of the worker: the next record gets a new one.
    pub(crate) async fn run(&self, record: &Record) -> Result<Vec<Record>, StageError> {
        // Never closed, so that there is always a place in the end.
        let _place = self.places.acquire().await;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = match idle {
            Some(worker) => worker,
            None => Worker::start(&self.setup).await?,
        };
        match timeout(self.limits.time.saturating_add(GRACE), worker.ask(&record.to_json())).await {
            Ok(Ok(results)) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                results
            }
            Ok(Err(_)) => Err(worker.cause_of_death().await),
            Err(_) => {
                // Killed and waited for here, so that no dead process is left lying about.
                let _ = worker.child.kill().await;
                Err(too_slow(self.limits.time))
            }
        }
    }
}

impl Worker {
    async fn start(setup: &str) -> Result<Self, StageError> {
        let cannot = |error: io::Error| {
            StageError::new(ErrorKind::Io, "can't start a jq worker").caused_by(error)
        };
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        // Secrets of this process are none of the worker's business; the time zone is jq's.
        command.arg(WORKER_ARGUMENT).env_clear();
        command.envs(std::env::var_os("TZ").map(|zone| ("TZ", zone)));
        // mimalloc would make a gigabyte writable at once, which counts against the memory limit. Other allocators
        // don't look here.
        command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        // Ctrl-C in a terminal goes to the whole group; the parent drains then and still needs its worker.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(cannot)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cannot(io::Error::other("it has no stdin or stdout")));
        };
        let mut worker = Self { child, stdin, stdout: BufReader::new(stdout) };
        match timeout(START_TIME, worker.ask(setup)).await {
            Ok(Ok(Ok(_))) => Ok(worker),
            Ok(Ok(Err(error))) => Err(StageError::new(ErrorKind::Defect, error.full_message())),
            Ok(Err(_)) => Err(worker.cause_of_death().await.context("while it started")),
            Err(_) => Err(cannot(io::Error::from(io::ErrorKind::TimedOut))),
        }
    }

    /// Says a line and reads the answer. An error of the outer kind means that the worker is gone.
    async fn ask(&mut self, line: &str) -> io::Result<Result<Vec<Record>, StageError>> {
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

    /// Why the worker is gone, from what it said last.
    async fn cause_of_death(mut self) -> StageError {
        drop(self.stdin);
        let mut words = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            // The words only explain; without them the error is still right.
            let _ = timeout(START_TIME, stderr.take(LAST_WORDS).read_to_end(&mut words)).await;
        }
        let status = timeout(START_TIME, self.child.wait()).await;
        let words = String::from_utf8_lossy(&words);
        if words.contains("overflowed its stack") {
            return StageError::new(ErrorKind::Limit, "the jq expression calls itself without end")
                .hint("look for a recursion that does not end");
        }
        if words.contains("memory allocation") {
            let message = "the jq expression needs more memory than it may have";
            return StageError::new(ErrorKind::Limit, message).hint("raise `memory_limit`");
        }
        let status = match status {
            Ok(Ok(status)) => status.to_string(),
            _ => "unknown".to_owned(),
        };
        let error = StageError::new(ErrorKind::Defect, format!("the jq worker died: {status}"));
        match words.trim().lines().next() {
            Some(last) => error.hint(format!("it said: {last}")),
            None => error,
        }
    }
}
