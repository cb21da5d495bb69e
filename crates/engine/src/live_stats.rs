//! Counters that workers write and whoever watches the run reads.

use std::sync::atomic::{AtomicU64, Ordering};

use taskferry_pipeline::Pipeline;

use crate::account::Account;

/// How far a run is. Counters only grow; reading them is cheap and needs no lock. What the run comes to in the end
/// stands in its manifest.
#[derive(Debug)]
pub struct LiveStats {
    /// What was read.
    pub source: LiveSourceStats,
    /// What was delivered to each sink, in order.
    pub sinks: Vec<LiveSinkStats>,
}

/// What was read from the source.
#[derive(Debug, Default)]
pub struct LiveSourceStats {
    pages: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
}

/// What was delivered to one sink.
#[derive(Debug, Default)]
pub struct LiveSinkStats {
    records: AtomicU64,
    pages: AtomicU64,
}

impl LiveStats {
    /// Counters for a pipeline, all zero.
    pub fn new(pipeline: &Pipeline) -> Self {
        let sinks = pipeline.sinks.iter().map(|_| LiveSinkStats::default()).collect();
        Self { source: LiveSourceStats::default(), sinks }
    }

    /// Starts from what earlier attempts at the run have done.
    pub(crate) fn restore(&self, account: &Account) {
        let source = &account.source;
        add(&self.source.pages, source.pages);
        add(&self.source.records, source.records);
        add(&self.source.bytes, source.bytes);
        for (progress, count) in self.sinks.iter().zip(&account.sinks) {
            add(&progress.records, count.delivered);
            add(&progress.pages, source.pages);
        }
    }
}

impl LiveSourceStats {
    pub(crate) fn add_page(&self, records: u64, bytes: u64) {
        add(&self.pages, 1);
        add(&self.records, records);
        add(&self.bytes, bytes);
    }

    /// Pages read.
    pub fn pages(&self) -> u64 {
        read(&self.pages)
    }

    /// Records in these pages.
    pub fn records(&self) -> u64 {
        read(&self.records)
    }

    /// Bytes of these pages, after decompression.
    pub fn bytes(&self) -> u64 {
        read(&self.bytes)
    }
}

impl LiveSinkStats {
    pub(crate) fn add_committed(&self, records: u64) {
        add(&self.records, records);
        add(&self.pages, 1);
    }

    /// Records it has committed.
    pub fn records(&self) -> u64 {
        read(&self.records)
    }

    /// Pages it has committed.
    pub fn pages(&self) -> u64 {
        read(&self.pages)
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
