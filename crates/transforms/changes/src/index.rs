//! The index of the baseline, and the keys of this run.

use std::collections::HashMap;

/// Set if this run contains the record of the entry. The other bits then hold the position of the record.
const SEEN: u64 = 1 << 63;
/// The number of low bits that hold the position in the page. The bits above hold the page.
const INDEX_BITS: u32 = 24;

/// The key of each record of the baseline with the offset of its line, and the keys of new records.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Sorted by key. 16 bytes per record.
    baseline: Vec<(u64, u64)>,
    /// The positions of records that are not in the baseline. The map needs 17 bytes per bucket, and fills at least 7/16 of its
    /// buckets.
    new: HashMap<u64, u64>,
}

/// A key in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No record has the key.
    Nothing,
    /// The baseline has the key, in the line at this offset.
    Baseline(u64),
    /// A record of this run has the key: its page, and its position in the page.
    ThisRun(u64, u64),
}

impl Index {
    /// The index of a baseline with these keys and offsets.
    pub(crate) fn new(mut baseline: Vec<(u64, u64)>) -> Self {
        baseline.shrink_to_fit();
        baseline.sort_unstable();
        Self { baseline, new: HashMap::new() }
    }

    pub(crate) fn find(&self, key: u64) -> Found {
        let entry = self
            .position_of(key)
            .and_then(|position| self.baseline.get(position))
            .map(|(_, it)| *it);
        match entry.or_else(|| self.new.get(&key).copied()) {
            None => Found::Nothing,
            Some(position) if position & SEEN != 0 => {
                let position = position & !SEEN;
                Found::ThisRun(position >> INDEX_BITS, position & ((1 << INDEX_BITS) - 1))
            }
            Some(offset) => Found::Baseline(offset),
        }
    }

    /// Stores the position of the record with this key in this run.
    pub(crate) fn insert(&mut self, key: u64, (page, index): (u64, u64)) {
        let position = (page << INDEX_BITS) | index.min((1 << INDEX_BITS) - 1) | SEEN;
        match self.position_of(key).and_then(|position| self.baseline.get_mut(position)) {
            Some((_, entry)) => *entry = position,
            None => _ = self.new.insert(key, position),
        }
    }

    /// The offsets of the lines whose records are missing from this run, in order.
    pub(crate) fn missing(&self) -> Vec<u64> {
        let missing = self.baseline.iter().map(|(_, entry)| *entry);
        let mut missing: Vec<u64> = missing.filter(|entry| entry & SEEN == 0).collect();
        missing.sort_unstable();
        missing
    }

    fn position_of(&self, key: u64) -> Option<usize> {
        self.baseline.binary_search_by_key(&key, |(key, _)| *key).ok()
    }
}
