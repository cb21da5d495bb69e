//! A listing that is read in parts, one per job family.

use std::collections::VecDeque;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_sdk::{Cursor, ErrorKind, Position, ShardRange, StageError};

use crate::page::ListingPage;
use crate::prefetch::Prefetch;
use crate::reader::Reader;
use crate::stream::PageStream;

/// The cursor of a checkpoint: `{"width":2,"opened":3,"open":[["legal","j17"],["finance",null]]}`.
#[derive(Debug, Serialize, Deserialize)]
struct PartitionCursor {
    /// The number of parts that are read at the same time. A resumed run keeps it, because the order of pages depends on it.
    width: usize,
    /// The number of parts that were started.
    opened: usize,
    /// The parts with more pages, in reading order. Each has the cursor of its next page, or `null` for its first page.
    open: Vec<(String, Option<String>)>,
}

/// Reads several parts at a time, and returns one page of each part in turn. When a part ends, the next part replaces it. The
/// order of pages therefore depends on the listings and the options, and not on the order of responses.
#[derive(Debug)]
pub(crate) struct Partition {
    reader: Reader,
    values: Vec<String>,
    /// Whether the run reads a shard: some of the values in the options.
    is_shard: bool,
    width: usize,
    opened: usize,
    /// The next part comes first.
    open: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    value: String,
    /// The cursor of the next page of the part.
    cursor: Option<Cursor>,
    pages: Prefetch,
}

impl Partition {
    /// Starts at the beginning or at a position.
    pub(crate) fn new(
        reader: Reader,
        values: Vec<String>,
        width: usize,
        from: Option<&Position>,
    ) -> Result<Self, StageError> {
        let (opened, open) = (0, VecDeque::new());
        let mut parts = Self { reader, values, is_shard: false, width, opened, open };
        match from.map(|from| &from.cursor) {
            None => parts.open_parts(),
            Some(None) => parts.opened = parts.values.len(),
            Some(Some(cursor)) => {
                let PartitionCursor { width, opened, open } = parts.parse(cursor)?;
                (parts.width, parts.opened) = (width, opened);
                for (value, cursor) in open {
                    parts.open_part(value, cursor.map(Cursor::new));
                }
            }
        }
        Ok(parts)
    }

    /// Declares the parts to be the shard of the run.
    pub(crate) fn into_shard(self) -> Self {
        Self { is_shard: true, ..self }
    }

    fn parse(&self, cursor: &Cursor) -> Result<PartitionCursor, StageError> {
        let parsed: Option<PartitionCursor> = serde_json::from_str(cursor.as_str()).ok();
        let is_known = |parsed: &PartitionCursor| {
            let mut open = parsed.open.iter();
            parsed.opened <= self.values.len() && open.all(|(value, _)| self.values.contains(value))
        };
        parsed.filter(is_known).ok_or_else(|| {
            let message =
                format!("the saved cursor `{cursor}` does not belong to the current `partition`");
            StageError::new(ErrorKind::Malformed, message)
                .hint("the next run starts over")
                .not_resumable()
        })
    }

    /// The cursors of the next pages.
    pub(crate) fn cursors(&self) -> impl Iterator<Item = Cursor> + '_ {
        self.open.iter().filter_map(|part| part.cursor.clone())
    }

    /// Opens parts up to the maximum number.
    fn open_parts(&mut self) {
        while self.open.len() < self.width
            && let Some(value) = self.values.get(self.opened).cloned()
        {
            self.opened += 1;
            self.open_part(value, None);
        }
    }

    fn open_part(&mut self, value: String, cursor: Option<Cursor>) {
        let reader = self.reader.of_family(&value);
        // One page of each part is requested or buffered.
        let pages = Prefetch::start(reader, cursor.clone(), 1, |_| false);
        self.open.push_back(Part { value, cursor, pages });
    }

    /// The cursor for a checkpoint; `None` after the last page.
    fn resume_cursor(&self) -> Option<Cursor> {
        let open = self.open.iter().map(|part| {
            (part.value.clone(), part.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()))
        });
        let cursor =
            PartitionCursor { width: self.width, opened: self.opened, open: open.collect() };
        // Serializing strings and numbers can't fail.
        let text = serde_json::to_string(&cursor).unwrap_or_default();
        (!cursor.open.is_empty()).then(|| Cursor::new(text))
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
        self.open_parts();
        (page.resume, page.is_partitioned) = (self.resume_cursor(), true);
        Ok(Some(page))
    }

    fn shard_range(&self) -> Option<ShardRange> {
        self.is_shard.then(|| {
            let mut range = ShardRange::default();
            range.values.clone_from(&self.values);
            range
        })
    }
}
