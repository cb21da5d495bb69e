//! What happens in a run, for whoever tells it elsewhere: as a trace, for example.

use std::fmt;
use std::time::SystemTime;

use taskferry_sdk::SourceStatistics;

/// Hears what happens in a run, from the dispatcher, in the order in which it comes to know. The run waits for it, so
/// it must not wait for anything itself.
pub trait Observer: fmt::Debug + Send {
    /// Takes note.
    fn on_event(&mut self, event: RunEvent);
}

/// Something that happened. Counts are those of this attempt at the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A page was read.
    Fetched {
        /// Its number, from 1.
        page: u64,
        /// From asking for it to having it.
        period: Period,
        /// Records in it.
        records: u64,
        /// Its size in bytes, after decompression.
        bytes: u64,
        /// Requests up to here.
        statistics: SourceStatistics,
    },
    /// A page went through the transforms that stand before all sinks.
    Transformed {
        /// Its number.
        page: u64,
        /// From the first record to the last.
        period: Period,
        /// Records in it, before.
        records_in: u64,
        /// Records in it, after.
        records_out: u64,
    },
    /// A sink has made a page durable.
    Delivered {
        /// Its number.
        page: u64,
        /// The sink's position, from 0.
        sink: usize,
        /// From the sink's own transforms to the commit.
        period: Period,
        /// Records delivered.
        records: u64,
        /// Requests the sink has sent up to here, if it sends any.
        requests: u64,
        /// Requests among them that repeated a failed one.
        retries: u64,
    },
    /// A sink has everything and is ready to publish.
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

/// From when to when something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it began.
    pub began: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
}

impl Period {
    /// From `began` up to now.
    pub(crate) fn since(began: SystemTime) -> Self {
        Self { began, ended: SystemTime::now() }
    }
}
