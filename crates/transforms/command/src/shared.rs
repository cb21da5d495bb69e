//! What all workers of a transform share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::program::Program;
use crate::protocol::Hello;
use crate::stderr::MessageLog;

/// What all workers of a transform share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) program: Arc<Program>,
    pub(crate) hello: Hello,
    pub(crate) timeout: Duration,
    pub(crate) start_timeout: Duration,
    /// The maximum length of an answer in bytes.
    pub(crate) max_answer: usize,
    pub(crate) log: Arc<MessageLog>,
    pub(crate) restarts: Arc<Restarts>,
}

/// How often the program failed, and how often a record started it again.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    pub(crate) failures: AtomicU64,
    pub(crate) total: AtomicU64,
    /// The restarts that no record has counted yet.
    pub(crate) uncounted: AtomicU64,
}
