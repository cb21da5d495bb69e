//! The cursors that a run saves for the next one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_files::{Folder, FolderEntry};
use taskferry_sdk::StageError;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::cursor_index::{CursorIndex, ListingId};
use crate::page::ListingPage;
use crate::stream::PageStream;

/// The maximum number of entries between two saved cursors: the maximum size of a page.
pub(crate) const SEGMENT_LENGTH: usize = 100;
/// The file in the state folder.
const FILE: &str = "cursors.ndjson";
/// The file while the listing is being read.
const PART: &str = "cursors.ndjson.part";
/// The version of the file format. Files of other versions are ignored.
const LAYOUT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    layout: u32,
    listing: String,
    run: String,
}

/// Each line after the first: the number of a page, and the id of its last entry.
type Line = (u64, String);

/// Reads a file of this listing, up to the first invalid line.
fn read(entry: &FolderEntry, listing: &ListingId) -> Option<(String, Vec<Line>)> {
    let text = entry.read().ok()?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let header: Header = serde_json::from_slice(lines.next()?).ok()?;
    if header.layout != LAYOUT || header.listing != listing.0 {
        tracing::debug!(
            "`{}` is ignored: it contains cursors of another listing, or has another format version",
            entry.path().display()
        );
        return None;
    }
    Some((header.run, lines.map_while(|line| serde_json::from_slice(line).ok()).collect()))
}

/// Reads the cursors that the last run of the whole listing saved in `folder`. The file is a hint: without it, or with an
/// invalid one, the export is the same.
pub(crate) fn read_index(folder: &Path, listing: &ListingId) -> Option<CursorIndex> {
    let entry = Folder::open(folder).ok()?.entry(FILE);
    let (run_id, lines) = read(&entry, listing)?;
    let index = CursorIndex::new(lines.into_iter().map(|(_, id)| id.into()).collect(), run_id);
    if index.is_none() {
        tracing::debug!("`{}` is ignored: it contains a cursor twice", entry.path().display());
    }
    index
}

/// Writes cursors while a listing is being read, without fsync.
#[derive(Debug)]
pub(crate) struct CursorLog {
    file: File,
    folder: Folder,
    page_size: usize,
    /// The number of the last page of the run.
    page: u64,
    /// The number of entries since the last saved cursor.
    entries: usize,
}

impl CursorLog {
    /// Creates the file in `folder`. A run that resumes after `pages` pages keeps its cursors of these pages.
    pub(crate) fn create(
        folder: &Path,
        listing: &ListingId,
        run_id: &str,
        pages: u64,
        page_size: usize,
    ) -> io::Result<Self> {
        let folder = Folder::open(folder)?;
        // If the resumed run stopped after the last page, its file is already renamed.
        let own = [PART, FILE].iter().filter_map(|name| read(&folder.entry(name), listing));
        let own = own.filter(|_| pages > 0).find(|(by, _)| by == run_id);
        let lines = own.into_iter().flat_map(|(_, lines)| lines);
        let (layout, listing, run) = (LAYOUT, listing.0.clone(), run_id.to_owned());
        let mut text = serde_json::to_vec(&Header { layout, listing, run })?;
        for line in lines.filter(|(page, _)| *page <= pages) {
            text.push(b'\n');
            serde_json::to_writer(&mut text, &line)?;
        }
        text.push(b'\n');
        let mut file = folder.entry(PART).create(0o600)?;
        file.write_all(&text)?;
        // The number of entries before a resume is unknown, so the next page saves its cursor.
        let entries = if pages > 0 { SEGMENT_LENGTH } else { 0 };
        Ok(Self { file, folder, page_size, page: pages, entries })
    }

    /// The entry for the next page of the run, if it needs one.
    fn entry(&mut self, page: &ListingPage) -> Option<LogEntry> {
        self.page += 1;
        self.entries += page.entries.len();
        let Some(next) = &page.next else { return Some(LogEntry::End) };
        // A cursor that is not an id may be valid in this run only.
        let last = page.last_id().filter(|last| ***last == *next.as_str())?;
        let is_due = self.entries + self.page_size > SEGMENT_LENGTH;
        is_due.then(|| {
            self.entries = 0;
            LogEntry::Cursor(self.page, Arc::clone(last))
        })
    }

    /// Writes an entry. The last entry renames the file.
    fn write(&mut self, entry: LogEntry) -> io::Result<()> {
        match entry {
            LogEntry::Cursor(page, id) => {
                let mut line = serde_json::to_vec(&(page, &*id))?;
                line.push(b'\n');
                // One write, so that a killed run leaves complete lines.
                self.file.write_all(&line)
            }
            LogEntry::End => self.folder.entry(PART).rename(&self.file, &self.folder.entry(FILE)),
        }
    }
}

enum LogEntry {
    /// The number of a page, and the id of its last entry.
    Cursor(u64, Arc<str>),
    End,
}

/// Saves the cursors of a stream that reads the whole listing.
#[derive(Debug)]
pub(crate) struct LoggedStream {
    stream: Box<dyn PageStream>,
    /// `None` while an entry is written, and after a failure.
    log: Option<CursorLog>,
    /// The entry that is being written while the engine processes its page.
    writing: Option<JoinHandle<io::Result<CursorLog>>>,
}

impl LoggedStream {
    pub(crate) fn new(stream: Box<dyn PageStream>, log: CursorLog) -> Self {
        Self { stream, log: Some(log), writing: None }
    }

    async fn finish_writing(&mut self) {
        let Some(writing) = &mut self.writing else { return };
        let written = writing.await.unwrap_or_else(|panic| Err(panic.into()));
        self.writing = None;
        self.log = written.map_err(|error| warn_not_saved(&error)).ok();
    }
}

#[async_trait]
impl PageStream for LoggedStream {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        self.finish_writing().await;
        let Some(page) = self.stream.next_page().await? else { return Ok(None) };
        // No await from here on: a dropped future would lose the page.
        if let Some(mut log) = self.log.take() {
            match log.entry(&page) {
                Some(entry) => {
                    let write = move || log.write(entry).map(|()| log);
                    self.writing = Some(spawn_blocking(write));
                }
                None => self.log = Some(log),
            }
        }
        Ok(Some(page))
    }
}

pub(crate) fn warn_not_saved(error: &io::Error) {
    tracing::warn!("can't save the cursors for the next run: {error}");
}
