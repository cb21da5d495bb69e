//! Records that a sink can't deliver, while it can deliver others.

use std::ops::Range;
use std::sync::Arc;

use crate::StageError;

/// Takes the records of a batch that a sink can't deliver, as the stage's `on_error` has it.
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

/// Records that could not be delivered, for one reason.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Their positions in the batch, from 0.
    pub records: Range<usize>,
    /// Why.
    pub error: Arc<StageError>,
}

impl Refusals {
    /// None so far; the first one is an error (`on_error = "fail"`).
    pub fn forbidden() -> Self {
        Self { may_refuse: false, all: Vec::new() }
    }

    /// None so far; all are collected (`on_error` is `skip` or `dead_letter`).
    pub fn collected() -> Self {
        Self { may_refuse: true, all: Vec::new() }
    }

    /// Says that the records at these positions of the batch can't be delivered, now or later.
    ///
    /// # Errors
    /// `error` itself when the run is to end with it (`on_error = "fail"`). Otherwise the sink goes on with
    /// the other records.
    pub fn refuse(&mut self, records: Range<usize>, error: StageError) -> Result<(), StageError> {
        if !self.may_refuse {
            return Err(error);
        }
        self.all.push(Refusal { records, error: Arc::new(error) });
        Ok(())
    }

    /// How many records were refused.
    pub fn records(&self) -> usize {
        self.all.iter().map(|refusal| refusal.records.len()).sum()
    }

    /// All that was refused, in the order of the records: a sink may hear of the last ones first.
    pub fn into_sorted(mut self) -> Vec<Refusal> {
        self.all.sort_by_key(|refusal| refusal.records.start);
        self.all
    }
}
