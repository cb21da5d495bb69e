//! The index of the baseline, and the keys of this run.

use std::collections::HashMap;

/// Marks an entry whose record this run has. The other bits are then the position of the record.
const SEEN: u64 = 1 << 63;
/// The bits of a position that hold the position in the page.
const INDEX_BITS: u32 = 24;

/// The key of each record of the baseline with the offset of its line, and the keys of new records.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Sorted by key. 16 bytes per record.
    baseline: Vec<(u64, u64)>,
    /// The positions of records that are not in the baseline. The map has 17 bytes for each place, and at least 7/16 of them are used.
    new: HashMap<u64, u64>,
}

/// A key in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No earlier record has it.
    Nothing,
    /// The line of the baseline at this offset has it.
    Baseline(u64),
    /// A record of this run has it, at this page and position in the page.
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
        let entry = self.place(key).and_then(|place| self.baseline.get(place)).map(|(_, it)| *it);
        match entry.or_else(|| self.new.get(&key).copied()) {
            None => Found::Nothing,
            Some(position) if position & SEEN != 0 => {
                let position = position & !SEEN;
                Found::ThisRun(position >> INDEX_BITS, position & ((1 << INDEX_BITS) - 1))
            }
            Some(offset) => Found::Baseline(offset),
        }
    }

    /// A record of this run has the key.
    pub(crate) fn insert(&mut self, key: u64, (page, index): (u64, u64)) {
        let position = (page << INDEX_BITS) | index.min((1 << INDEX_BITS) - 1) | SEEN;
        match self.place(key).and_then(|place| self.baseline.get_mut(place)) {
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

    fn place(&self, key: u64) -> Option<usize> {
        self.baseline.binary_search_by_key(&key, |(key, _)| *key).ok()
    }
}
