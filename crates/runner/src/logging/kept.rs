//! The last lines of the log, kept in the state folder of a pipeline for support.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use taskferry_files::FolderEntry;
use taskferry_sdk::printable_json;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::line::{add_run_id, line_of, new_line};

/// The file in the state folder.
pub(crate) const FILE: &str = "log.ndjson";
/// The number of lines to keep. The file has up to twice as many lines.
pub(crate) const MAX_LINES: usize = 200;
/// The maximum number of characters of a field.
const MAX_TEXT: usize = 2000;
/// Only the owner may read the file.
const PRIVATE: u32 = 0o600;

static KEPT: Mutex<Kept> = Mutex::new(Kept { lines: VecDeque::new(), open: None });

struct Kept {
    /// The last lines.
    lines: VecDeque<String>,
    open: Option<Open>,
}

struct Open {
    entry: FolderEntry,
    file: File,
    lines: usize,
}

fn lock() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends the lines of this run to the file, including the lines before this call. If the log can't be written, the run continues.
pub(crate) fn keep_in(entry: FolderEntry) {
    let earlier = entry.read().unwrap_or_default();
    let earlier = String::from_utf8_lossy(&earlier);
    let mut kept = lock();
    for line in earlier.lines().rev() {
        kept.lines.push_front(line.to_owned());
    }
    kept.write_all(entry);
}

/// Keeps a line about the end of a run in the state folder.
pub(crate) fn keep_line(level: &str, message: &str, more: Map<String, Value>) {
    add(new_line(level, message, more));
}

fn add(mut line: Map<String, Value>) {
    add_run_id(&mut line);
    for value in line.values_mut() {
        if let Value::String(text) = value
            && let Some((end, _)) = text.char_indices().nth(MAX_TEXT)
        {
            text.truncate(end);
            text.push('…');
        }
    }
    lock().push(printable_json(&Value::Object(line).to_string()).into_owned());
}

impl Kept {
    fn push(&mut self, line: String) {
        if let Some(mut open) = self.open.take() {
            open.lines += 1;
            let text = format!("{line}\n");
            self.open = open.file.write_all(text.as_bytes()).is_ok().then_some(open);
        }
        self.lines.push_back(line);
        self.drop_old_lines();
        if let Some(full) = self.open.take_if(|open| open.lines >= 2 * MAX_LINES) {
            self.write_all(full.entry);
        }
    }

    fn drop_old_lines(&mut self) {
        self.lines.drain(..self.lines.len().saturating_sub(MAX_LINES));
    }

    /// Replaces the file with the last lines.
    fn write_all(&mut self, entry: FolderEntry) {
        self.drop_old_lines();
        let text: String = self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let written = entry.create(PRIVATE).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            Ok(file)
        });
        self.open = written.ok().map(|file| Open { entry, file, lines: self.lines.len() });
    }
}

/// Keeps each event.
pub(super) struct KeptLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for KeptLines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        add(line_of(event, &context));
    }
}
