//! The shared data of documents that are parts of one text.

use bytes::Bytes;

use crate::entry::Entry;
use crate::index::Index;

/// A text and its index.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) text: Bytes,
    pub(crate) index: Index,
}

impl Shared {
    #[inline]
    pub(crate) fn entry(&self, at: u32) -> Entry {
        self.index.entries.get(at as usize).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn slice(&self, start: u32, end: u32) -> &[u8] {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}
