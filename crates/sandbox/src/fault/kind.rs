//! What can go wrong.

use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Latency(Duration),
    Status { code: u16, html: bool, retry_after: Option<RetryTime> },
    ExpiredToken,
    Cut,
    Slow(Duration),
    RepeatedPage,
    LoopingCursor,
    EmptyPage,
    StuckPage,
    DeletedCursor,
    ExtraFields,
    UnknownLevels,
}

/// What `Retry-After` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryTime {
    Seconds(u32),
    /// A date one or two seconds ahead.
    Date,
}
