//! Limits of time, stack and depth.
//!
//! An expression that calls itself takes stack, and so does every level of a value that is compared, written or dropped. A stack that
//! ends, ends the process. So every call looks at the stack that is left, and whatever makes a value deeper at its depth. The
//! clock is looked at between two results: what never comes to one is the engine's to end, or that of whoever waits for the worker.
//!
//! What ends there is no error of jq that `try` could catch.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use taskferry_sdk::{ErrorKind, StageError};

use crate::value::Value;

/// As deep as a value may be nested while an expression works on it, which is also what jq reads.
pub(crate) const MAX_DEPTH: usize = 10_000;
/// As many places as may be changed at once.
const MAX_PLACES: usize = 2_000_000;

/// The stack that a large expression works on. Only what is touched of it takes memory.
pub(crate) const STACK: usize = 192 << 20;
/// What has to be left of it for values, which are nested [`MAX_DEPTH`] levels, or some thousands more.
const RESERVE: usize = 128 << 20;
/// As much as any other expression takes.
const SMALL_STACK: usize = 1 << 20;

/// How far the work on one record may go.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) results: usize,
}

/// The limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "too much is what a limit is about")]
pub(crate) enum End {
    TooManyCalls,
    TooDeep,
    TooSlow,
    TooManyResults,
}

/// Watches the work on one record.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) limits: Limits,
    /// Whether the work is done on a large stack. On another nothing calls itself.
    is_large: bool,
    started: Instant,
}

impl Watch {
    pub(crate) fn new(limits: Limits, is_large: bool) -> Self {
        Self { limits, is_large, started: Instant::now() }
    }

    /// Looks at the clock, between two results.
    pub(crate) fn check_time(&self) -> Result<(), End> {
        if self.started.elapsed() > self.limits.time { Err(End::TooSlow) } else { Ok(()) }
    }

    /// Looks at the stack, on which something is called that may call something.
    pub(crate) fn call(&self) -> Result<(), End> {
        match stacker::remaining_stack() {
            Some(left) if self.is_large && left < RESERVE => Err(End::TooManyCalls),
            _ => Ok(()),
        }
    }

    pub(crate) fn error(&self, end: End) -> StageError {
        match end {
            End::TooManyCalls => {
                StageError::new(ErrorKind::Limit, "the jq expression calls itself too often")
                    .hint("look for a recursion that does not end")
            }
            End::TooDeep => {
                let message =
                    format!("the jq expression nests values deeper than {MAX_DEPTH} levels");
                StageError::new(ErrorKind::Limit, message).hint("look for a loop that does not end")
            }
            End::TooSlow => too_slow(self.limits.time),
            End::TooManyResults => {
                let limit = self.limits.results;
                let message = format!("the jq expression gave more than {limit} results");
                StageError::new(ErrorKind::Limit, message)
                    .hint("look for an endless loop, or raise `max_results`")
            }
        }
    }
}

/// Looks at the depth of a value that was made.
pub(crate) fn made(value: Value<'_>) -> Result<Value<'_>, End> {
    if value.depth() > MAX_DEPTH + 1 { Err(End::TooDeep) } else { Ok(value) }
}

/// Looks at how many places are to be changed.
pub(crate) fn check_places(count: usize) -> Result<(), End> {
    if count > MAX_PLACES { Err(End::TooManyCalls) } else { Ok(()) }
}

/// The error for a record that took longer than it may.
pub(crate) fn too_slow(limit: Duration) -> StageError {
    let limit =
        taskferry_sdk::Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
    StageError::new(ErrorKind::Limit, format!("the jq expression took longer than {limit}"))
        .hint("look for an endless loop, or raise `time_limit`")
}

/// Runs on a stack that is large enough for an expression.
pub(crate) fn with_stack<T>(is_large: bool, run: impl FnOnce() -> T) -> T {
    let least = if is_large { STACK } else { SMALL_STACK };
    stacker::maybe_grow(least, STACK + SMALL_STACK, run)
}
