//! What documents share that are parts of one text.

use bytes::Bytes;

use crate::entry::Entry;
use crate::index::Index;

/// A text and the index over it, which all documents share that are parts of the text.
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
