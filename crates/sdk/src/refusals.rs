//! Records that a sink can't deliver, while it can deliver others.

use std::ops::Range;
use std::sync::Arc;

use crate::{OnError, StageError};

/// Takes the records of a batch that a sink can't deliver, as the stage's `on_error` has it.
///
/// ```
/// use taskferry_sdk::{ErrorKind, OnError, Refusals, StageError};
///
/// let too_large = || StageError::new(ErrorKind::Refused, "the receiver answered 413");
/// let mut refusals = Refusals::new(OnError::DeadLetter);
/// refusals.refuse(4..6, too_large()).unwrap();
/// assert_eq!(refusals.records(), 2);
/// assert!(Refusals::new(OnError::Fail).refuse(4..6, too_large()).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Refusals {
    on_error: OnError,
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
    /// None so far.
    pub fn new(on_error: OnError) -> Self {
        Self { on_error, all: Vec::new() }
    }

    /// Says that the records at these positions of the batch can't be delivered, now or later.
    ///
    /// # Errors
    /// `error` itself when the run is to end with it (`on_error = "fail"`). Otherwise the sink goes on with
    /// the other records.
    pub fn refuse(&mut self, records: Range<usize>, error: StageError) -> Result<(), StageError> {
        if self.on_error == OnError::Fail {
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
    pub fn into_all(mut self) -> Vec<Refusal> {
        self.all.sort_by_key(|refusal| refusal.records.start);
        self.all
    }
}
