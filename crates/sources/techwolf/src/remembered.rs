//! Cursors that are remembered from run to run.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_files::{Folder, Place};
use taskferry_sdk::Page;

use crate::config::FilterOptions;
use crate::places::Places;

/// How many jobs there are at most from one remembered cursor to the next: as many as one page can hold.
pub(crate) const MOST_JOBS: usize = 100;
/// The file's name within the state folder.
const FILE: &str = "cursors.ndjson";
/// What it is called while the listing is read.
const PART: &str = "cursors.ndjson.part";
/// The layout of the file. One of another layout is of no use.
const LAYOUT: u32 = 1;

/// Which listing it is: whatever decides which jobs are in it, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingId(String);

impl ListingId {
    /// `url` as it was written. How many jobs a page holds and what they carry makes no difference.
    pub(crate) fn new(url: &str, tenant: Option<&str>, filters: &[FilterOptions]) -> Self {
        // Texts can always be written.
        let text = serde_json::to_vec(&(url, tenant, filters)).unwrap_or_default();
        Self(Sha256::digest(text).iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        }))
    }
}

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
pub(crate) fn places(folder: &Path, listing: &ListingId) -> Option<Places> {
    let place = Folder::open(folder).ok()?.place(FILE);
    let (run, lines) = read(&place, listing)?;
    let places = Places::new(lines.into_iter().map(|(_, id)| id.into()).collect(), run);
    if places.is_none() {
        tracing::debug!("a cursor stands twice in `{}`, which is not used", place.path().display());
    }
    places
}

/// Remembers cursors while a listing is read. Nothing is forced to disk: a hint may be lost.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    folder: Folder,
    page_size: usize,
    /// Jobs since the last cursor that was remembered.
    jobs: usize,
}

impl Log {
    /// Begins in `folder`. A run that goes on behind page `pages` keeps what it has remembered up to there.
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
        // How many jobs came before it went on is not known, and may be as many as there can be: its first page counts.
        let jobs = if pages > 0 { MOST_JOBS } else { 0 };
        Ok(Self { file, folder, page_size, jobs })
    }

    /// Takes note of a page; with the last one, the file gets its name.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn note(&mut self, page: &Page) -> io::Result<()> {
        self.jobs += page.records.len();
        let Some(next) = &page.next else {
            return self.folder.place(PART).rename(&self.file, &self.folder.place(FILE));
        };
        let last = page.records.last().and_then(|record| record.origin().job.clone());
        // A cursor that is not the last job may mean anything, and need not be good for another run.
        let Some(last) = last.filter(|last| **last == *next.as_str()) else { return Ok(()) };
        if self.jobs + self.page_size > MOST_JOBS {
            self.jobs = 0;
            let mut line = serde_json::to_vec(&(page.number, &*last))?;
            line.push(b'\n');
            // In one piece, so that a killed run leaves whole lines.
            self.file.write_all(&line)?;
        }
        Ok(())
    }
}
