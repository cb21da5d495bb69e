//! Dead letters that wait to be written down.

use tokio::sync::watch;

use crate::dead_letter::DeadLetter;

/// How many bytes of them may wait, in about: what one more page brings is waited for neither.
const MOST_BYTES: u64 = 8 << 20;

/// Counts the bytes of dead letters of pages that sinks were given, until they are written down. Whoever hands out pages
/// waits while it is full, so that a slow disk or a long `commit_interval` slows the run down instead of filling memory.
#[derive(Debug, Clone)]
pub(crate) struct Backlog(watch::Sender<u64>);

impl Backlog {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.send_if_modified(|waiting| {
            *waiting += bytes;
            false
        });
    }

    pub(crate) fn note_written(&self, bytes: u64) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(bytes));
    }

    pub(crate) fn is_full(&self) -> bool {
        *self.0.borrow() > MOST_BYTES
    }

    /// Waits until it is not full.
    pub(crate) async fn room(&self) {
        // It can't be closed as long as this one is there.
        _ = self.0.subscribe().wait_for(|waiting| *waiting <= MOST_BYTES).await;
    }
}

/// How many bytes they take.
pub(crate) fn size_of(letters: &[DeadLetter]) -> u64 {
    letters.iter().map(|letter| letter.as_line().len() as u64).sum()
}
