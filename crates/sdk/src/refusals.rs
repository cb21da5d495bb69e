//! Records of a batch that a sink refuses.

use std::ops::Range;
use std::sync::Arc;

use crate::StageError;

/// Collects the records of a batch that a sink can't deliver while it can deliver others. The stage's `on_error` decides what
/// happens to them.
///
/// ```
/// use taskferry_sdk::{ErrorKind, Refusals, StageError};
///
/// let too_large = || StageError::new(ErrorKind::Refused, "the receiver answered 413");
/// let mut refusals = Refusals::collected();
/// refusals.refuse(4..6, too_large()).unwrap();
/// assert_eq!(refusals.records(), 2);
/// assert!(Refusals::forbidden().refuse(4..6, too_large()).is_err());
/// ```
#[derive(Debug)]
pub struct Refusals {
    may_refuse: bool,
    all: Vec<Refusal>,
}

/// Records that a sink refused for one reason.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Their positions in the batch, from 0.
    pub records: Range<usize>,
    /// The reason.
    pub error: Arc<StageError>,
}

impl Refusals {
    /// Every refusal is an error (`on_error = "fail"`).
    pub fn forbidden() -> Self {
        Self { may_refuse: false, all: Vec::new() }
    }

    /// Refusals are collected (`on_error` is `skip` or `dead_letter`).
    pub fn collected() -> Self {
        Self { may_refuse: true, all: Vec::new() }
    }

    /// Refuses the records at these positions of the batch.
    ///
    /// # Errors
    /// `error` with `on_error = "fail"`; the sink then returns it. Otherwise the sink continues with the other records.
    pub fn refuse(&mut self, records: Range<usize>, error: StageError) -> Result<(), StageError> {
        if !self.may_refuse {
            return Err(error);
        }
        self.all.push(Refusal { records, error: Arc::new(error) });
        Ok(())
    }

    /// The number of refused records.
    pub fn records(&self) -> usize {
        self.all.iter().map(|refusal| refusal.records.len()).sum()
    }

    /// Why the record at this position is refused; `None` if it is not refused.
    pub fn reason(&self, index: usize) -> Option<&StageError> {
        let refusal = self.all.iter().find(|refusal| refusal.records.contains(&index));
        refusal.map(|refusal| &*refusal.error)
    }

    /// All refusals, in the order of the records.
    pub fn into_sorted(mut self) -> Vec<Refusal> {
        self.all.sort_by_key(|refusal| refusal.records.start);
        self.all
    }
}
