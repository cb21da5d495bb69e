//! One running program.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use rustix::process::{Pid, Signal, kill_process_group};
use taskferry_sdk::{ErrorKind, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::{Instant, sleep_until, timeout};

use crate::failure::Failure;
use crate::protocol::{check_greeting, write_request};
use crate::shared::Shared;
use crate::stderr::Messages;

/// The number of bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// How long a program may continue after the end of its standard input.
const GRACE: Duration = Duration::from_secs(3);
/// How long to read the output of a program that has ended. Another process may hold the pipe open.
const DRAIN: Duration = Duration::from_millis(500);

/// A program that has started and uses the protocol.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// `None` if the program no longer reads.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    messages: Messages,
    /// The output buffer.
    output: Vec<u8>,
    /// The number of bytes of `output` that are written.
    written: usize,
    /// The input buffer. It begins with the next line.
    input: BytesMut,
    /// The number of bytes at the start of `input` that are known to contain no line feed.
    scanned: usize,
    exited: Option<ExitStatus>,
    /// When to stop reading. `None` until the program has exited or no longer reads.
    drained_at: Option<Instant>,
    group: Arc<ProcessGroup>,
}

/// An event of a program.
#[derive(Debug)]
pub(crate) enum Event {
    Line(Bytes),
    /// A line without an end exceeds the limit.
    TooLong,
    /// No further line will come.
    Ended,
}

/// The process group of a program: the program, and the processes that it has started.
#[derive(Debug, Default)]
pub(crate) struct ProcessGroup {
    /// 0 if there is none.
    id: AtomicI32,
    is_abandoned: AtomicBool,
}

impl ProcessGroup {
    /// Kills the processes of the group, and every process that the worker starts later.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::SeqCst);
        self.kill();
    }

    /// Whether the pool has abandoned the processes. The worker then does not wait for their end.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.is_abandoned.load(Ordering::SeqCst)
    }

    fn started(&self, id: i32) {
        self.id.store(id, Ordering::SeqCst);
        if self.is_abandoned() {
            self.kill();
        }
    }

    fn kill(&self) {
        let id = self.id.swap(0, Ordering::SeqCst);
        if let Some(id) = Pid::from_raw(id) {
            // Fails if all processes of the group have ended.
            _ = kill_process_group(id, Signal::KILL);
        }
    }
}

impl Process {
    /// Starts the program, and waits for its first line.
    pub(crate) async fn start(shared: &Shared, group: Arc<ProcessGroup>) -> Result<Self, Failure> {
        let program = &shared.program;
        let mut child = program.start()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        group.started(id.unwrap_or_default());
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Failure::new(
                ErrorKind::Defect,
                "can't connect to the program's standard input and output",
            ));
        };
        let messages = Messages::follow(stderr, Arc::clone(program), Arc::clone(&shared.log));
        let mut output = Vec::new();
        shared.hello.write(&mut output);
        let mut process = Self {
            child,
            stdin: Some(stdin),
            stdout,
            messages,
            output,
            written: 0,
            input: BytesMut::new(),
            scanned: 0,
            exited: None,
            drained_at: None,
            group,
        };
        let first = timeout(shared.start_timeout, process.next(shared.max_answer)).await;
        let failure = match first {
            Ok(Event::Line(line)) => match check_greeting(&line, program) {
                Ok(()) => return Ok(process),
                Err(message) => Failure::new(ErrorKind::Malformed, message)
                    .hint("see docs/plugins/command.md; write messages to standard error"),
            },
            Ok(Event::TooLong) => {
                let limit = shared.max_answer;
                let message = format!("the first line of the program exceeds {limit} bytes");
                Failure::new(ErrorKind::Malformed, message)
                    .hint("see docs/plugins/command.md; write messages to standard error")
            }
            Ok(Event::Ended) => {
                let failure = process.failure().await;
                let message = format!("{} before its first line", failure.message);
                return Err(Failure { message, ..failure });
            }
            Err(_) => {
                let message = format!(
                    "the program wrote no line within {:?} of its start",
                    shared.start_timeout
                );
                Failure::new(ErrorKind::Timeout, message)
                    .hint("the program must write and flush its protocol version first; if it starts slowly, raise `start_timeout`")
            }
        };
        process.kill().await;
        Err(failure)
    }

    /// Appends a record to the output buffer.
    pub(crate) fn send(&mut self, id: u64, record: &Record) {
        write_request(id, record, &mut self.output);
    }

    /// Writes and reads until the next event. Cancel safe.
    pub(crate) async fn next(&mut self, max_line: usize) -> Event {
        loop {
            match self.line() {
                Some(line) if line.len() > max_line => return Event::TooLong,
                Some(line) => return Event::Line(line),
                None if self.input.len() > max_line => return Event::TooLong,
                None => {}
            }
            self.input.reserve(CHUNK);
            let drained = async {
                match self.drained_at {
                    Some(time) => sleep_until(time).await,
                    None => std::future::pending().await,
                }
            };
            let unwritten = self.output.get(self.written..).unwrap_or_default();
            let write = async {
                match &mut self.stdin {
                    Some(stdin) if !unwritten.is_empty() => stdin.write(unwritten).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                read = self.stdout.read_buf(&mut self.input) => {
                    if !matches!(read, Ok(1..)) {
                        return Event::Ended;
                    }
                }
                written = write => self.on_written(written.ok()),
                status = self.child.wait(), if self.exited.is_none() => {
                    self.exited = status.ok();
                    // Processes that the program has started would hold its pipes open.
                    self.group.kill();
                    self.drained_at.get_or_insert_with(|| Instant::now() + DRAIN);
                }
                () = drained => return Event::Ended,
            }
        }
    }

    fn on_written(&mut self, count: Option<usize>) {
        let Some(count) = count else {
            // The earlier answers of the program are still read.
            self.stdin = None;
            self.drained_at.get_or_insert_with(|| Instant::now() + DRAIN);
            return;
        };
        self.written += count;
        if self.written >= self.output.len() {
            self.output.clear();
            self.written = 0;
        }
    }

    /// Removes the next line from the input.
    fn line(&mut self) -> Option<Bytes> {
        let rest = self.input.get(self.scanned..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.input.len();
            return None;
        };
        let end = self.scanned + length;
        // A copy, because records that share the buffer would keep all of it.
        let line = Bytes::copy_from_slice(self.input.get(..end).unwrap_or_default());
        self.input.advance(end + 1);
        self.scanned = 0;
        Some(line)
    }

    /// Returns the reason for the end of the program. Kills its remaining processes.
    pub(crate) async fn failure(mut self) -> Failure {
        let mut exited = self.exited;
        let stopped_reading = self.stdin.is_none();
        if exited.is_none() {
            // The program may be about to exit.
            exited = timeout(DRAIN, self.child.wait()).await.ok().and_then(Result::ok);
        }
        self.group.kill();
        let mut what = match exited {
            Some(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("the program exited with code {code}"),
                (None, Some(signal)) => format!("signal {signal} killed the program"),
                (None, None) => format!("the program exited: {status}"),
            },
            None if stopped_reading => "the program closed its standard input".to_owned(),
            None => "the program closed its standard output".to_owned(),
        };
        if !self.input.is_empty() {
            what.push_str(" in the middle of a line");
        }
        let last = self.messages.last_line().await;
        self.kill().await;
        Failure::new(ErrorKind::Io, what).last_message(&last)
    }

    /// Kills the program, and waits for its end, so that no zombie remains.
    pub(crate) async fn kill(mut self) {
        self.group.kill();
        _ = timeout(DRAIN, self.child.kill()).await;
        _ = self.messages.last_line().await;
    }

    /// Ends the standard input, and waits until the program exits. Kills the program after [`GRACE`]. Returns a warning if the program
    /// was killed or failed.
    pub(crate) async fn close(mut self) -> Option<String> {
        self.stdin = None;
        self.output.clear();
        let ended = timeout(GRACE, async {
            // A program that writes more must not wait for a reader.
            let mut ignored = vec![0; CHUNK];
            while matches!(self.stdout.read(&mut ignored).await, Ok(1..)) {}
            self.child.wait().await
        });
        let warning = match ended.await {
            Err(_) => Some(format!(
                "did not exit within {GRACE:?} of the end of its input, and was killed"
            )),
            Ok(Ok(status)) if !status.success() => {
                Some(format!("exited at the end of the run: {status}"))
            }
            Ok(_) => None,
        };
        self.kill().await;
        warning
    }
}
