//! A listing that is read in parts: one for each job family.

use std::collections::VecDeque;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_sdk::{Cursor, ErrorKind, Position, Share, StageError};

use crate::page::ListingPage;
use crate::prefetch::Prefetch;
use crate::reader::Reader;
use crate::stream::PageStream;

/// How far the parts are read, which is the cursor in a checkpoint:
/// `{"width":2,"opened":3,"open":[["legal","j17"],["finance",null]]}`.
#[derive(Debug, Serialize, Deserialize)]
struct Turns {
    /// How many parts are read at the same time. A resumed run keeps to it, since the order depends on it.
    width: usize,
    /// How many of the values were begun.
    opened: usize,
    /// Those that have more to come, the one whose turn it is first; each with the job that its next page starts after,
    /// `null` for its first page.
    open: Vec<(String, Option<String>)>,
}

/// Reads some parts at a time, one page of each in turn. When a part ends, the next one takes its place. So the order of the
/// pages depends on the listings and on the options alone, never on which answer comes first.
#[derive(Debug)]
pub(crate) struct Partition {
    reader: Reader,
    values: Vec<String>,
    /// Whether the values are a share of all that the options name.
    is_share: bool,
    width: usize,
    opened: usize,
    /// The part whose turn it is comes first.
    open: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    value: String,
    /// The cursor of the page that is returned next.
    cursor: Option<Cursor>,
    pages: Prefetch,
}

impl Partition {
    /// At the beginning, or where a run resumes.
    ///
    /// # Errors
    /// The cursor does not say where that is.
    pub(crate) fn new(
        reader: Reader,
        values: Vec<String>,
        width: usize,
        from: Option<&Position>,
    ) -> Result<Self, StageError> {
        let (opened, open) = (0, VecDeque::new());
        let mut parts = Self { reader, values, is_share: false, width, opened, open };
        if let Some(from) = from {
            let turns = match &from.cursor {
                Some(cursor) => Some(parts.read(cursor)?),
                None => None,
            };
            parts.opened = turns.as_ref().map_or(parts.values.len(), |turns| turns.opened);
            parts.width = turns.as_ref().map_or(width, |turns| turns.width);
            for (value, cursor) in turns.into_iter().flat_map(|turns| turns.open) {
                parts.begin(value, cursor.map(Cursor::new));
            }
        } else {
            parts.fill();
        }
        Ok(parts)
    }

    /// The same parts, as the share of a run.
    pub(crate) fn into_share(self) -> Self {
        Self { is_share: true, ..self }
    }

    fn read(&self, cursor: &Cursor) -> Result<Turns, StageError> {
        let turns: Option<Turns> = serde_json::from_str(cursor.as_str()).ok();
        let known = |turns: &Turns| {
            let mut open = turns.open.iter();
            turns.opened <= self.values.len() && open.all(|(value, _)| self.values.contains(value))
        };
        turns.filter(known).ok_or_else(|| {
            let message = format!("`{cursor}` does not say how far each part of the listing is");
            StageError::new(ErrorKind::Malformed, message)
                .hint("the next run starts over")
                .not_resumable()
        })
    }

    /// The cursors of the pages that are requested next.
    pub(crate) fn cursors(&self) -> impl Iterator<Item = Cursor> + '_ {
        self.open.iter().filter_map(|part| part.cursor.clone())
    }

    /// Begins parts until as many are open as may be.
    fn fill(&mut self) {
        while self.open.len() < self.width
            && let Some(value) = self.values.get(self.opened).cloned()
        {
            self.opened += 1;
            self.begin(value, None);
        }
    }

    fn begin(&mut self, value: String, cursor: Option<Cursor>) {
        let reader = self.reader.of_family(&value);
        // One page of each part is requested or waits for its turn.
        let pages = Prefetch::start(reader, cursor.clone(), 1, |_| false);
        self.open.push_back(Part { value, cursor, pages });
    }

    fn turns(&self) -> Option<Cursor> {
        let open = self.open.iter().map(|part| {
            (part.value.clone(), part.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()))
        });
        let turns = Turns { width: self.width, opened: self.opened, open: open.collect() };
        // Texts and numbers can always be written.
        let text = serde_json::to_string(&turns).unwrap_or_default();
        (!turns.open.is_empty()).then(|| Cursor::new(text))
    }
}

#[async_trait]
impl PageStream for Partition {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let Some(part) = self.open.front_mut() else { return Ok(None) };
        let mut page = part.pages.next().await?;
        if let Some(mut part) = self.open.pop_front()
            && let Some(next) = &page.next
        {
            part.cursor = Some(next.clone());
            self.open.push_back(part);
        }
        self.fill();
        (page.resume, page.is_of_part) = (self.turns(), true);
        Ok(Some(page))
    }

    fn share(&self) -> Option<Share> {
        self.is_share.then(|| {
            let mut share = Share::default();
            share.values.clone_from(&self.values);
            share
        })
    }
}
