//! A listing that is read in parts: one for each job family.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use taskferry_sdk::{Cursor, ErrorKind, Origin, Page, Position, StageError};

use crate::ahead::{Ahead, Reader};

/// How far the parts are, as it stands in a checkpoint in the place of a cursor:
/// `{"width":2,"opened":3,"open":[["legal","j17"],["finance",null]]}`.
#[derive(Debug, Serialize, Deserialize)]
struct Turns {
    /// How many parts are read beside each other. A run that goes on keeps to it, since the order depends on it.
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
    width: usize,
    opened: usize,
    /// The one whose turn it is stands first.
    open: VecDeque<Part>,
    pages: u64,
}

#[derive(Debug)]
struct Part {
    value: String,
    /// What the page that is handed out next was asked for with.
    cursor: Option<Cursor>,
    ahead: Ahead,
}

impl Partition {
    /// At the beginning, or where a run goes on.
    ///
    /// # Errors
    /// When it can't be told where that is.
    pub(crate) fn new(
        reader: Reader,
        values: Vec<String>,
        width: usize,
        from: Option<&Position>,
    ) -> Result<Self, StageError> {
        let pages = from.map_or(0, |from| from.pages);
        let mut parts = Self { reader, values, width, opened: 0, open: VecDeque::new(), pages };
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
                .starts_over()
        })
    }

    /// The cursors that pages are asked for with next.
    pub(crate) fn cursors(&self) -> impl Iterator<Item = Cursor> + '_ {
        self.open.iter().filter_map(|part| part.cursor.clone())
    }

    /// The next page, and how far the parts are behind it. `next` of the page is that of its own part.
    pub(crate) async fn next_page(&mut self) -> Result<Option<(Page, Option<Cursor>)>, StageError> {
        let Some(part) = self.open.front_mut() else { return Ok(None) };
        let mut page = part.ahead.next().await?;
        self.pages += 1;
        page.number = self.pages;
        let renumber = |mut origin: Origin| {
            origin.page = self.pages;
            origin
        };
        let records = page.records.into_iter().map(|record| {
            let origin = renumber(record.origin().clone());
            record.with_origin(origin)
        });
        page.records = records.collect();
        if let Some(mut part) = self.open.pop_front()
            && let Some(next) = &page.next
        {
            part.cursor = Some(next.clone());
            self.open.push_back(part);
        }
        self.fill();
        let behind = self.turns();
        Ok(Some((page, behind)))
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
        let (reader, number) = (self.reader.of_family(&value), self.pages + 1);
        // One page of each part is on its way or waits for its turn.
        let ahead = Ahead::start(reader, number, cursor.clone(), 1, |_| false);
        self.open.push_back(Part { value, cursor, ahead });
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
