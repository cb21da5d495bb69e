//! What a chain of transforms does with a page.

use crate::account::TransformCount;
use crate::dead_letter::DeadLetter;

/// What a chain did with one page.
#[derive(Debug, Default)]
pub(crate) struct ChainTally {
    /// One for each stage.
    pub(crate) counts: Vec<TransformCount>,
    pub(crate) dead_letters: Vec<DeadLetter>,
}
