//! Run events for observers, such as a trace exporter.

use std::fmt;
use std::time::SystemTime;

use taskferry_sdk::SourceStatistics;

/// Receives the events of a run, in the order in which the dispatcher receives them.
///
/// The dispatcher calls the observer synchronously, so an observer must not block.
pub trait Observer: fmt::Debug + Send {
    /// Handles an event.
    fn on_event(&mut self, event: RunEvent);
}

/// An event of a run. Counts cover only the current attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A page was read.
    Fetched {
        /// The page's number, from 1.
        page: u64,
        /// From the request to the response.
        period: Period,
        /// Records in the page.
        records: u64,
        /// Size of the page in bytes, after decompression.
        bytes: u64,
        /// The source's statistics so far.
        statistics: SourceStatistics,
    },
    /// A page passed the pipeline's transforms.
    Transformed {
        /// The page's number.
        page: u64,
        /// The time from the first record to the last.
        period: Period,
        /// Records before the transforms.
        records_in: u64,
        /// Records after the transforms.
        records_out: u64,
    },
    /// A sink committed a page.
    Delivered {
        /// The page's number.
        page: u64,
        /// The sink's position, from 0.
        sink: usize,
        /// The time from the sink's own transforms to the commit.
        period: Period,
        /// Records delivered.
        records: u64,
        /// Requests that the sink has sent so far.
        requests: u64,
        /// Retries among them.
        retries: u64,
    },
    /// A sink is ready to publish.
    Sealed {
        /// The sink's position, from 0.
        sink: usize,
    },
    /// A sink has published.
    Published {
        /// The sink's position, from 0.
        sink: usize,
    },
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The start.
    pub start: SystemTime,
    /// The end.
    pub end: SystemTime,
}

impl Period {
    /// From `start` to now.
    pub(crate) fn since(start: SystemTime) -> Self {
        Self { start, end: SystemTime::now() }
    }
}
