//! A listing that is read with one cursor.

use async_trait::async_trait;
use taskferry_sdk::{Cursor, Position, StageError};

use crate::page::ListingPage;
use crate::reader::Reader;
use crate::stream::PageStream;

/// Requests one page after the other.
#[derive(Debug)]
pub(crate) struct Serial {
    reader: Reader,
    /// The number of the next page of the run, for messages.
    number: u64,
    next: Next,
}

#[derive(Debug)]
enum Next {
    After(Option<Cursor>),
    None,
}

impl Serial {
    pub(crate) fn new(reader: Reader, from: Option<&Position>) -> Self {
        let next = match from {
            Some(Position { cursor: None, .. }) => Next::None,
            from => Next::After(from.and_then(|from| from.cursor.clone())),
        };
        Self { reader, number: from.map_or(0, |from| from.pages) + 1, next }
    }
}

#[async_trait]
impl PageStream for Serial {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let Next::After(cursor) = &self.next else { return Ok(None) };
        let page = self.reader.page(self.number, cursor.as_ref()).await?;
        self.number += 1;
        self.next = page.next.clone().map_or(Next::None, |next| Next::After(Some(next)));
        Ok(Some(page))
    }
}
