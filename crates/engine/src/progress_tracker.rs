//! Tracks which pages every sink has committed.

use std::collections::VecDeque;

use taskferry_sdk::{Cursor, Delivery, Position, SinkState, SourceStatistics};

use crate::dead_letter::DeadLetter;
use crate::observer::Period;
use crate::run_stats::{RunStats, SinkStats, TransformStats};
use crate::step::ChainOutcome;

/// The progress of a run. A page counts after every sink has committed the page.
#[derive(Debug)]
pub(crate) struct ProgressTracker {
    stats: RunStats,
    /// Requests of earlier attempts at this run.
    earlier: SourceStatistics,
    next: Option<Cursor>,
    pending: VecDeque<PendingPage>,
    /// The latest report of each sink.
    deliveries: Vec<Delivery>,
}

#[derive(Debug)]
pub(crate) struct ReadPage {
    pub(crate) number: u64,
    pub(crate) next: Option<Cursor>,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) fingerprints: Vec<u128>,
    /// The source's statistics so far, in this attempt.
    pub(crate) statistics: SourceStatistics,
    pub(crate) period: Period,
}

/// A sink's commit of one or more pages. All sinks commit after the same pages.
#[derive(Debug)]
pub(crate) struct SinkCommit {
    /// In order, at least one.
    pub(crate) pages: Vec<SinkPage>,
    /// The sink's state after the last of them.
    pub(crate) state: SinkState,
}

#[derive(Debug)]
pub(crate) struct SinkPage {
    pub(crate) page: u64,
    pub(crate) stats: SinkStats,
    pub(crate) dead_letters: Vec<DeadLetter>,
    /// The sink's deliveries up to this page.
    pub(crate) delivery: Delivery,
    /// From the sink's own transforms to the commit.
    pub(crate) period: Period,
}

#[derive(Debug)]
struct PendingPage {
    read: ReadPage,
    transformed: ChainOutcome,
    sinks: Vec<Option<SinkPage>>,
    /// The states of the sinks, if they committed after this page.
    states: Vec<Option<SinkState>>,
}

/// Pages that every sink has committed since the last checkpoint.
#[derive(Debug, Default)]
pub(crate) struct CommittedPages {
    /// One for each sink.
    pub(crate) sink_states: Vec<SinkState>,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) fingerprints: Vec<u128>,
}

impl ProgressTracker {
    pub(crate) fn new(stats: RunStats, next: Option<Cursor>) -> Self {
        let mut earlier = SourceStatistics::default();
        (earlier.requests, earlier.retries) = (stats.source.requests, stats.source.retries);
        earlier.sandbox = stats.source.sandbox;
        let deliveries = vec![Delivery::default(); stats.sinks.len()];
        Self { stats, earlier, next, pending: VecDeque::new(), deliveries }
    }

    pub(crate) fn stats(&self) -> &RunStats {
        &self.stats
    }

    /// The position after the last committed page; `None` before the first.
    pub(crate) fn position(&self) -> Option<Position> {
        let pages = self.stats.source.pages;
        (pages > 0).then(|| Position::new(pages, self.next.clone(), Vec::new()))
    }

    /// Whether no page was read in any attempt.
    pub(crate) fn is_empty(&self) -> bool {
        self.stats.source.pages == 0 && self.pending.is_empty()
    }

    /// Takes the latest report of a sink.
    pub(crate) fn take_delivery(&mut self, sink: usize) -> Delivery {
        self.deliveries.get_mut(sink).map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn set_delivery(&mut self, sink: usize, delivery: Delivery) {
        if let Some(latest) = self.deliveries.get_mut(sink) {
            *latest = delivery;
        }
    }

    /// Records the final statistics of the source.
    pub(crate) fn set_statistics(&mut self, statistics: SourceStatistics) {
        self.stats.source.update(self.earlier, statistics);
    }

    pub(crate) fn add_read(&mut self, read: ReadPage) {
        let sinks = self.stats.sinks.iter().map(|_| None).collect();
        let states = vec![None; self.stats.sinks.len()];
        let transformed = ChainOutcome::default();
        self.pending.push_back(PendingPage { read, transformed, sinks, states });
    }

    pub(crate) fn add_transformed(&mut self, page: u64, outcome: ChainOutcome) {
        if let Some(pending) = self.pending_page(page) {
            pending.transformed = outcome;
        }
    }

    /// Adds a sink's commit, and returns the pages that every sink has committed by now.
    pub(crate) fn add_commit(&mut self, sink: usize, commit: SinkCommit) -> Option<CommittedPages> {
        let last = commit.pages.last()?.page;
        for page in commit.pages {
            self.set_delivery(sink, page.delivery.clone());
            let pending = self.pending_page(page.page)?;
            *pending.sinks.get_mut(sink)? = Some(page);
        }
        *self.pending_page(last)?.states.get_mut(sink)? = Some(commit.state);
        let mut committed = None;
        while let Some(page) =
            self.pending.pop_front_if(|page| page.sinks.iter().all(Option::is_some))
        {
            self.count(page, committed.get_or_insert_default());
        }
        committed
    }

    fn count(&mut self, page: PendingPage, committed: &mut CommittedPages) {
        let PendingPage { read, transformed, sinks, states } = page;
        let stats = &mut self.stats;
        stats.source.pages += 1;
        stats.source.records += read.records;
        stats.source.bytes += read.bytes;
        stats.source.update(self.earlier, read.statistics);
        stats.source.fields.add(&transformed.fields);
        TransformStats::add_all(&mut stats.transforms, &transformed.stats);
        committed.dead_letters.extend(transformed.dead_letters);
        committed.fingerprints.extend(read.fingerprints);
        for (stats, page) in stats.sinks.iter_mut().zip(sinks.into_iter().flatten()) {
            stats.add(&page.stats);
            committed.dead_letters.extend(page.dead_letters);
        }
        // Sinks commit after the same pages, so the last page counted has the states of all of them.
        committed.sink_states = states.into_iter().flatten().collect();
        self.next = read.next;
    }

    fn pending_page(&mut self, number: u64) -> Option<&mut PendingPage> {
        self.pending.iter_mut().find(|pending| pending.read.number == number)
    }
}
