//! When sinks commit.
//!
//! A checkpoint is a cut through all sinks, so they have to commit behind the same page. Forcing a page to disk costs more than
//! all the work on it, and nothing is lost by doing it for several pages at once but the work of a fraction of a second, which
//! the run after a killed one does again.

use std::time::Duration;

use taskferry_pipeline::{SinkStage, StateOptions};
use taskferry_sdk::Resumption;
use tokio::time::Instant;

/// How many pages are committed together at most, however long the interval is: what the engine keeps of them waits in memory.
const MOST_PAGES: u32 = 500;

/// How often sinks commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommitPolicy {
    interval: Duration,
}

impl CommitPolicy {
    /// After every page where a sink waits for the checkpoint before it sends more, else as often as the options say.
    pub(crate) fn of(sinks: &[SinkStage], options: &StateOptions) -> Self {
        let waits = sinks.iter().any(|stage| stage.sink.resumption() == Resumption::AtLeastOnce);
        Self { interval: if waits { Duration::ZERO } else { options.commit_interval.get() } }
    }
}

/// What the sinks have that is not committed.
#[derive(Debug)]
pub(crate) struct CommitTimer {
    policy: CommitPolicy,
    committed: Instant,
    open: u32,
}

impl CommitTimer {
    /// Nothing yet.
    pub(crate) fn new(policy: CommitPolicy) -> Self {
        Self { policy, committed: Instant::now(), open: 0 }
    }

    /// The sinks have one page more.
    pub(crate) fn note_page(&mut self) {
        self.open += 1;
    }

    /// The sinks commit.
    pub(crate) fn note_commit(&mut self) {
        (self.open, self.committed) = (0, Instant::now());
    }

    /// Whether there is anything to commit.
    pub(crate) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Whether the sinks have to commit now.
    pub(crate) fn is_due(&self) -> bool {
        self.open >= MOST_PAGES
            || self.is_open() && self.committed.elapsed() >= self.policy.interval
    }

    /// When the sinks have to commit, even if no page comes until then; `None` while there is nothing to commit.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.is_open().then(|| self.committed.checked_add(self.policy.interval)).flatten()
    }
}
