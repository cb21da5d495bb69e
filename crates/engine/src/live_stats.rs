//! Counters of an active run, for a progress display.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use taskferry_pipeline::Pipeline;
use taskferry_sdk::SourceStatistics;

use crate::run_stats::RunStats;

/// Counters of an active run. They only grow, and reading them takes no lock. The manifest has the final figures.
#[derive(Debug)]
pub struct LiveStats {
    /// Counters of the source.
    pub source: LiveSourceStats,
    /// Counters of each sink, in order.
    pub sinks: Vec<LiveSinkStats>,
    run_id: OnceLock<String>,
    expected_records: OnceLock<u64>,
}

/// Counters of the source.
#[derive(Debug, Default)]
pub struct LiveSourceStats {
    pages: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    retries: AtomicU64,
}

/// Counters of one sink.
#[derive(Debug, Default)]
pub struct LiveSinkStats {
    records: AtomicU64,
    pages: AtomicU64,
}

impl LiveStats {
    /// Counters for a pipeline, all zero.
    pub fn new(pipeline: &Pipeline) -> Self {
        let sinks = pipeline.sinks.iter().map(|_| LiveSinkStats::default()).collect();
        Self {
            source: LiveSourceStats::default(),
            sinks,
            run_id: OnceLock::new(),
            expected_records: OnceLock::new(),
        }
    }

    /// The run has started or resumed. `records` is the number of records in the last complete run of the same listing.
    pub(crate) fn begin(&self, run_id: &str, records: Option<u64>) {
        self.run_id.get_or_init(|| run_id.to_owned());
        if let Some(records) = records {
            self.expected_records.get_or_init(|| records);
        }
    }

    /// The run's id, once the run has started. A resumed run keeps its id.
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.get().map(String::as_str)
    }

    /// The number of records in the last complete run of the same listing. `None` for a shard, and without such a run.
    pub fn expected_records(&self) -> Option<u64> {
        self.expected_records.get().copied()
    }

    /// Adds the counts of earlier attempts at the run.
    pub(crate) fn restore(&self, stats: &RunStats) {
        let source = &stats.source;
        self.source.add(source.pages, source.records, source.bytes);
        for (live, sink) in self.sinks.iter().zip(&stats.sinks) {
            live.add(source.pages, sink.delivered);
        }
    }
}

impl LiveSourceStats {
    pub(crate) fn add(&self, pages: u64, records: u64, bytes: u64) {
        self.pages.fetch_add(pages, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_statistics(&self, statistics: SourceStatistics) {
        self.retries.store(statistics.retries, Ordering::Relaxed);
    }

    /// Retries in this attempt at the run.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Pages read.
    pub fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Records read.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Bytes read, after decompression.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl LiveSinkStats {
    pub(crate) fn add(&self, pages: u64, records: u64) {
        self.pages.fetch_add(pages, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Records committed.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Pages committed.
    pub fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }
}
