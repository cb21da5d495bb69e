//! The messages of the program: the lines on its standard error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use taskferry_sdk::printable;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::program::Program;

/// The number of lines that are logged at once. After that, one line a second.
const BURST: u32 = 100;
/// The maximum number of bytes of a line that are shown.
const MAX_SHOWN_BYTES: usize = 4 << 10;
/// The maximum number of bytes of a line that are kept. A secret that crosses the end of the shown bytes is then recognized.
const MAX_KEPT_BYTES: usize = 2 * MAX_SHOWN_BYTES;
/// How long to wait for the last lines of a program that has ended.
const LAST_LINES: Duration = Duration::from_millis(200);

/// The log of all processes of a transform. The number of logged lines is limited.
#[derive(Debug)]
pub(crate) struct MessageLog(Mutex<Budget>);

#[derive(Debug)]
struct Budget {
    left: u32,
    refilled: Instant,
    omitted: u64,
}

impl MessageLog {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Budget { left: BURST, refilled: Instant::now(), omitted: 0 }))
    }

    /// Logs a line of the program, unless too many lines were logged before.
    fn add(&self, program: &Program, line: &[u8]) {
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = budget.refilled.elapsed().as_secs();
        if seconds > 0 {
            let gained = u32::try_from(seconds).unwrap_or(BURST);
            budget.left = budget.left.saturating_add(gained).min(BURST);
            budget.refilled = Instant::now();
        }
        if budget.left == 0 {
            budget.omitted += 1;
            return;
        }
        budget.left -= 1;
        report_omitted(&program.label, budget);
        tracing::info!("{}: {}", program.label, shown(program, line));
    }

    /// Logs how many lines were omitted.
    pub(crate) fn close(&self, label: &str) {
        report_omitted(label, self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A line as it is shown.
fn shown(program: &Program, line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = match line.len() {
        MAX_KEPT_BYTES.. => program.without_cut_secrets(&text),
        _ => program.without_secrets(text.trim_end()),
    };
    shown.truncate(shown.floor_char_boundary(MAX_SHOWN_BYTES));
    printable(&shown).into_owned()
}

fn report_omitted(label: &str, mut budget: MutexGuard<'_, Budget>) {
    let omitted = std::mem::take(&mut budget.omitted);
    drop(budget);
    if omitted > 0 {
        tracing::warn!(
            "{label}: {omitted} lines on standard error exceeded the log limit and were omitted"
        );
    }
}

/// Reads the standard error of one process.
#[derive(Debug)]
pub(crate) struct Messages {
    task: JoinHandle<()>,
    program: Arc<Program>,
    /// The last line that is not empty.
    last: Arc<Mutex<Vec<u8>>>,
}

impl Messages {
    pub(crate) fn follow(stderr: ChildStderr, program: Arc<Program>, log: Arc<MessageLog>) -> Self {
        let last = Arc::default();
        let (shared, own) = (Arc::clone(&last), Arc::clone(&program));
        let read = read_lines(stderr, move |line| {
            if !line.trim_ascii().is_empty() {
                log.add(&own, line);
                line.clone_into(&mut *lock(&shared));
            }
        });
        Self { task: tokio::spawn(read.in_current_span()), program, last }
    }

    /// The last line of a process that has ended.
    pub(crate) async fn last_line(&mut self) -> String {
        if !self.task.is_finished() {
            _ = tokio::time::timeout(LAST_LINES, &mut self.task).await;
        }
        shown(&self.program, &lock(&self.last))
    }
}

fn lock(line: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Messages {
    fn drop(&mut self) {
        // Another process may hold the pipe open.
        self.task.abort();
    }
}

/// Calls `add` for each line. The rest of a long line is skipped.
async fn read_lines(mut stderr: ChildStderr, mut add: impl FnMut(&[u8])) {
    let (mut chunk, mut line) = (vec![0; MAX_KEPT_BYTES], Vec::new());
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        let read = chunk.get(..length).unwrap_or_default();
        for part in read.split_inclusive(|byte| *byte == b'\n') {
            let free = MAX_KEPT_BYTES.saturating_sub(line.len()).min(part.len());
            line.extend_from_slice(part.get(..free).unwrap_or_default());
            if part.ends_with(b"\n") {
                add(&line);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        add(&line);
    }
}
