//! Limits of time, stack and depth.
//!
//! Recursion takes stack, and so does every level of a value that is compared, written or dropped. A stack overflow aborts
//! the process. So every call checks the remaining stack, and every operation that can nest a value checks its depth. The
//! clock is checked between two results. The engine's watchdog ends the run of an expression that never returns, or the
//! parent ends the worker process.
//!
//! `try` does not catch an exceeded limit.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use taskferry_sdk::{ErrorKind, StageError};

use crate::value::Value;

/// The maximum nesting of a value during the evaluation, which is jq's limit for input.
pub(crate) const MAX_DEPTH: usize = 10_000;
/// The maximum number of paths in one update.
const MAX_PATHS: usize = 2_000_000;

/// The stack of a large expression. Only the used part of it takes memory.
pub(crate) const STACK: usize = 192 << 20;
/// The part of [`STACK`] that is reserved for values of [`MAX_DEPTH`] levels.
const RESERVE: usize = 128 << 20;
/// The stack of any other expression.
const SMALL_STACK: usize = 1 << 20;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) results: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "every limit is a maximum")]
pub(crate) enum LimitError {
    TooDeepRecursion,
    TooManyPaths,
    TooDeep,
    TooSlow,
    TooManyResults,
}

/// Checks the limits during the evaluation of one record.
#[derive(Debug)]
pub(crate) struct LimitChecker {
    pub(crate) limits: Limits,
    /// Whether the expression runs on a large stack. Only such expressions recurse.
    is_large: bool,
    started: Instant,
}

impl LimitChecker {
    pub(crate) fn new(limits: Limits, is_large: bool) -> Self {
        Self { limits, is_large, started: Instant::now() }
    }

    pub(crate) fn check_time(&self) -> Result<(), LimitError> {
        if self.started.elapsed() > self.limits.time { Err(LimitError::TooSlow) } else { Ok(()) }
    }

    /// Checks the remaining stack before a call.
    pub(crate) fn check_stack(&self) -> Result<(), LimitError> {
        match stacker::remaining_stack() {
            Some(left) if self.is_large && left < RESERVE => Err(LimitError::TooDeepRecursion),
            _ => Ok(()),
        }
    }

    pub(crate) fn error(&self, error: LimitError) -> StageError {
        match error {
            LimitError::TooManyPaths => {
                let message =
                    format!("the jq expression updates more than {MAX_PATHS} values at once");
                StageError::new(ErrorKind::Limit, message)
                    .hint("split the update, or update fewer values")
            }
            LimitError::TooDeepRecursion => too_deep_recursion(),
            LimitError::TooDeep => {
                let message =
                    format!("the jq expression nests values deeper than {MAX_DEPTH} levels");
                StageError::new(ErrorKind::Limit, message)
                    .hint("check the expression for a loop that wraps its own result")
            }
            LimitError::TooSlow => too_slow(self.limits.time),
            LimitError::TooManyResults => {
                let limit = self.limits.results;
                let message = format!("the jq expression returned more than {limit} results");
                StageError::new(ErrorKind::Limit, message)
                    .hint("look for an endless loop, or raise `max_results`")
            }
        }
    }
}

pub(crate) fn check_depth(value: Value<'_>) -> Result<Value<'_>, LimitError> {
    if value.depth() > MAX_DEPTH + 1 { Err(LimitError::TooDeep) } else { Ok(value) }
}

/// Checks the number of paths of an update.
pub(crate) fn check_paths(count: usize) -> Result<(), LimitError> {
    if count > MAX_PATHS { Err(LimitError::TooManyPaths) } else { Ok(()) }
}

pub(crate) fn too_deep_recursion() -> StageError {
    StageError::new(ErrorKind::Limit, "the jq expression recurses too deeply")
        .hint("check the recursive functions of the expression for a missing end condition")
}

/// The error for a record that exceeds the time limit.
pub(crate) fn too_slow(limit: Duration) -> StageError {
    let limit =
        taskferry_sdk::Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
    StageError::new(ErrorKind::Limit, format!("the jq expression took longer than {limit}"))
        .hint("look for an endless loop, or raise `time_limit`")
}

/// Runs a function on a stack that is large enough for an expression.
pub(crate) fn with_stack<T>(is_large: bool, run: impl FnOnce() -> T) -> T {
    let least = if is_large { STACK } else { SMALL_STACK };
    stacker::maybe_grow(least, STACK + SMALL_STACK, run)
}
