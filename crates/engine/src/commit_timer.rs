//! Decides when sinks commit.
//!
//! A checkpoint covers all sinks, so they commit after the same page. A sync to disk costs more than all other work on a page.
//! Pages that arrive within the commit interval are therefore committed together.

use std::time::Duration;

use taskferry_pipeline::{SinkStage, StateOptions};
use taskferry_sdk::Resumption;
use tokio::time::Instant;

/// The maximum number of pages per commit. The metadata of these pages stays in memory until the commit.
const MAX_PAGES: u32 = 500;

/// The time since the last commit, and the pages that the sinks have received since.
#[derive(Debug)]
pub(crate) struct CommitTimer {
    interval: Duration,
    last_commit: Instant,
    uncommitted: u32,
}

impl CommitTimer {
    /// Commits every page if a sink waits for the checkpoint; otherwise at `commit_interval`.
    pub(crate) fn new(sinks: &[SinkStage], options: &StateOptions) -> Self {
        let waits = sinks.iter().any(|stage| stage.sink.resumption() == Resumption::AtLeastOnce);
        let interval = if waits { Duration::ZERO } else { options.commit_interval.get() };
        Self { interval, last_commit: Instant::now(), uncommitted: 0 }
    }

    pub(crate) fn add_page(&mut self) {
        self.uncommitted += 1;
    }

    pub(crate) fn reset(&mut self) {
        (self.uncommitted, self.last_commit) = (0, Instant::now());
    }

    pub(crate) fn has_uncommitted(&self) -> bool {
        self.uncommitted > 0
    }

    pub(crate) fn is_due(&self) -> bool {
        self.uncommitted >= MAX_PAGES
            || self.has_uncommitted() && self.last_commit.elapsed() >= self.interval
    }

    /// When the next commit is due if no further page arrives; `None` if there is nothing to commit.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.has_uncommitted().then(|| self.last_commit.checked_add(self.interval)).flatten()
    }
}
