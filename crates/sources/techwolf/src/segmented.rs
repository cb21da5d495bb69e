//! A listing that is read with many cursors.

use async_trait::async_trait;
use taskferry_sdk::{Cursor, StageError};

use crate::page::ListingPage;
use crate::repaginator::Repaginator;
use crate::segment_reader::SegmentReader;
use crate::stream::PageStream;

/// Reads segments of the listing and cuts them into the pages of one cursor.
#[derive(Debug)]
pub(crate) struct Segmented {
    segments: SegmentReader,
    pages: Repaginator,
}

impl Segmented {
    pub(crate) fn new(segments: SegmentReader, pages: Repaginator) -> Self {
        Self { segments, pages }
    }

    /// The job that reading ended with, if that was before the end of the listing.
    pub(crate) fn ended_with(&self) -> Option<&Cursor> {
        self.segments.ended_with()
    }
}

#[async_trait]
impl PageStream for Segmented {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        while !self.pages.is_over() {
            if let Some(page) = self.pages.cut() {
                return Ok(Some(page));
            }
            match self.segments.next_stretch().await? {
                Some(stretch) => self.pages.add(stretch),
                None => break,
            }
        }
        Ok(None)
    }
}
