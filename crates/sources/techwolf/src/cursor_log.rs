//! The log of cursors that a run leaves for the next one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_files::{Folder, Place};
use taskferry_sdk::StageError;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::cursor_index::CursorIndex;
use crate::listing_id::ListingId;
use crate::page::ListingPage;
use crate::stream::PageStream;

/// How many jobs there are at most from one remembered cursor to the next: as many as one page can hold.
pub(crate) const SEGMENT_JOBS: usize = 100;
/// The file's name within the state folder.
const FILE: &str = "cursors.ndjson";
/// What it is called while the listing is read.
const PART: &str = "cursors.ndjson.part";
/// The layout of the file. One of another layout is of no use.
const LAYOUT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    layout: u32,
    listing: String,
    run: String,
}

/// A cursor: the page that it stands behind, and the id of the last job there.
type Line = (u64, String);

/// What a file says about a listing. Of one that was cut short, what came before the cut; of another listing, nothing.
fn read(place: &Place, listing: &ListingId) -> Option<(String, Vec<Line>)> {
    let text = place.read().ok()?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let head: Head = serde_json::from_slice(lines.next()?).ok()?;
    if head.layout != LAYOUT || head.listing != listing.0 {
        tracing::debug!("the cursors in `{}` are those of another listing", place.path().display());
        return None;
    }
    Some((head.run, lines.map_while(|line| serde_json::from_slice(line).ok()).collect()))
}

/// The cursors that the last run which read the whole listing has left in `folder`, where one has. The file is a hint: whatever is wrong with it,
/// the export is the same without it.
pub(crate) fn read_index(folder: &Path, listing: &ListingId) -> Option<CursorIndex> {
    let place = Folder::open(folder).ok()?.place(FILE);
    let (run, lines) = read(&place, listing)?;
    let index = CursorIndex::new(lines.into_iter().map(|(_, id)| id.into()).collect(), run);
    if index.is_none() {
        tracing::debug!("a cursor stands twice in `{}`, which is not used", place.path().display());
    }
    index
}

/// Writes the pages' cursors while a listing is read. Nothing is forced to disk: a hint may be lost.
#[derive(Debug)]
pub(crate) struct CursorLog {
    file: File,
    folder: Folder,
    page_size: usize,
    /// The number of the last page within the run.
    page: u64,
    /// Jobs since the last cursor that was written.
    jobs: usize,
}

impl CursorLog {
    /// Begins in `folder`. A run that resumes behind page `pages` keeps what it has written up to there.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn begin(
        folder: &Path,
        listing: &ListingId,
        run: &str,
        pages: u64,
        page_size: usize,
    ) -> io::Result<Self> {
        let folder = Folder::open(folder)?;
        // A run that had read everything and was not over has given the file its name already.
        let own = [PART, FILE].iter().filter_map(|name| read(&folder.place(name), listing));
        let own = own.filter(|_| pages > 0).find(|(by, _)| by == run);
        let kept = own.into_iter().flat_map(|(_, lines)| lines);
        let head = Head { layout: LAYOUT, listing: listing.0.clone(), run: run.to_owned() };
        let mut text = serde_json::to_vec(&head)?;
        for line in kept.filter(|(page, _)| *page <= pages) {
            text.push(b'\n');
            serde_json::to_writer(&mut text, &line)?;
        }
        text.push(b'\n');
        let mut file = folder.place(PART).create(0o600)?;
        file.write_all(&text)?;
        // How many jobs came before it resumed is not known, and may be as many as there can be: its first page counts.
        let jobs = if pages > 0 { SEGMENT_JOBS } else { 0 };
        Ok(Self { file, folder, page_size, page: pages, jobs })
    }

    /// What is to be written about the next page of the run, if anything.
    fn entry(&mut self, page: &ListingPage) -> Option<Entry> {
        self.page += 1;
        self.jobs += page.jobs.len();
        let Some(next) = &page.next else { return Some(Entry::End) };
        // A cursor that is not the last job may mean anything, and need not be good for another run.
        let last = page.last_id().filter(|last| ***last == *next.as_str())?;
        let is_due = self.jobs + self.page_size > SEGMENT_JOBS;
        is_due.then(|| {
            self.jobs = 0;
            Entry::Cursor(self.page, Arc::clone(last))
        })
    }

    /// Writes an entry; with the last one, the file gets its name.
    fn write(&mut self, entry: Entry) -> io::Result<()> {
        match entry {
            Entry::Cursor(page, id) => {
                let mut line = serde_json::to_vec(&(page, &*id))?;
                line.push(b'\n');
                // In one piece, so that a killed run leaves whole lines.
                self.file.write_all(&line)
            }
            Entry::End => self.folder.place(PART).rename(&self.file, &self.folder.place(FILE)),
        }
    }
}

/// What the log says about a page.
enum Entry {
    /// The number of the page, and the id of its last job, which is the cursor of the next page.
    Cursor(u64, Arc<str>),
    /// The page is the last one.
    End,
}

/// Remembers the cursors of a stream that reads the whole listing.
#[derive(Debug)]
pub(crate) struct LoggedStream {
    stream: Box<dyn PageStream>,
    /// `None` while an entry is written, and after one could not be written.
    log: Option<CursorLog>,
    /// An entry that is written while the engine works on its page: files may be slow to reach.
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
        self.log = written.map_err(|error| cannot_remember(&error)).ok();
    }
}

#[async_trait]
impl PageStream for LoggedStream {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        self.finish_writing().await;
        let Some(page) = self.stream.next_page().await? else { return Ok(None) };
        // Nothing is awaited from here on, so that a page which was taken is returned.
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

pub(crate) fn cannot_remember(error: &io::Error) {
    tracing::warn!("this run's cursors can't be remembered for the next one: {error}");
}
