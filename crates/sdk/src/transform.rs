//! Transforms, of three kinds.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{Counters, ErrorKind, Output, Record, RunContext, StageError};

/// A transform without state: what comes of a record follows from the record alone.
///
/// The engine calls it from several threads at once. What comes out keeps the order of the records.
///
/// ```
/// use taskferry_sdk::{Output, Record, StageError, Transform};
///
/// /// Keeps the rows that take long enough.
/// #[derive(Debug)]
/// struct AtLeast(f64);
///
/// impl Transform for AtLeast {
///     fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
///         let hours = record.root()?.get("weekly_hours").and_then(|hours| hours.as_number()?.parse().ok());
///         if hours.is_some_and(|hours: f64| hours >= self.0) {
///             out.emit(record);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Transform: fmt::Debug + Send + Sync {
    /// Prepares the transform, before the first record. Nothing by default.
    ///
    /// # Errors
    /// What keeps it from working.
    fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Takes one record, emits none, one or many.
    ///
    /// # Errors
    /// An error concerns this record alone: what was emitted and counted for it is taken back, and the stage's `on_error`
    /// decides how the run goes on.
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// How long one record may take before the engine ends the run, naming the record. For transforms
    /// that run other people's programs and can't be stopped from inside. `None`: as long as it takes.
    fn time_limit(&self) -> Option<TimeLimit> {
        None
    }

    /// What the reader of the summary should know about a run that took in `records_in` records and came to these
    /// totals: lower case, what was seen and what to do about it. Nothing by default.
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }
}

/// A transform with state: it gets the records one after the other, in the source's order.
///
/// # Runs that resume
///
/// A run that was killed resumes behind the last page that every sink has made durable, with a new transform. So the state has to
/// be saved with that page: the engine asks for it ([`save`](Self::save)) after each page, and gives it back
/// ([`restore`](Self::restore)). A pipeline with a transform that does not save its state starts over instead.
pub trait OrderedTransform: fmt::Debug + Send {
    /// Prepares the transform, before the first record. Nothing by default.
    ///
    /// # Errors
    /// What keeps it from working.
    fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Takes one record, emits none, one or many.
    ///
    /// # Errors
    /// As [`Transform::apply`]. The transform must leave its state as it was before the record.
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// Emits what was held back, after the last record of a complete listing. Nothing by default.
    ///
    /// # Errors
    /// The run ends with it.
    fn finish(&mut self, _out: &mut Output) -> Result<(), StageError> {
        Ok(())
    }

    /// The state behind the records so far: all that [`restore`](Self::restore) needs. It stands in the checkpoint, so that it
    /// should be small, and no secret may be in it. `None`, the default, if the state can't be saved; a transform that saved a
    /// state once must always do so. The engine also asks before [`open`](Self::open), to learn whether a run can resume.
    fn save(&self) -> Option<Value> {
        None
    }

    /// Takes back a state that was saved, before the first record of a run that resumes.
    ///
    /// # Errors
    /// Why the state is of no use. The run ends with it, and the next one starts over. By default no state is.
    fn restore(&mut self, _state: &Value) -> Result<(), StageError> {
        Err(StageError::new(ErrorKind::Defect, "the transform saves a state that it can't restore"))
    }

    /// As [`Transform::warnings`].
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }
}

/// A transform that waits for something outside of the process, and needs no state.
///
/// The engine has several records in flight. What comes out keeps the order of the records.
#[async_trait]
pub trait AsyncTransform: fmt::Debug + Send + Sync {
    /// Opens what the transform needs, before the first record. Nothing by default.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Takes one record, emits none, one or many. The future may be dropped when the run is interrupted.
    ///
    /// # Errors
    /// As [`Transform::apply`].
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// How many records of a page may be in flight. By default eight.
    fn concurrency(&self) -> usize {
        8
    }

    /// As [`Transform::warnings`].
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }
}

/// A transform of one of the three kinds.
#[derive(Debug)]
pub enum AnyTransform {
    /// Without state.
    Stateless(Box<dyn Transform>),
    /// With state.
    Ordered(Box<dyn OrderedTransform>),
    /// Waits for something outside.
    Async(Box<dyn AsyncTransform>),
}

impl AnyTransform {
    /// A transform without state.
    pub fn stateless(transform: impl Transform + 'static) -> Self {
        Self::Stateless(Box::new(transform))
    }

    /// A transform with state.
    pub fn ordered(transform: impl OrderedTransform + 'static) -> Self {
        Self::Ordered(Box::new(transform))
    }

    /// A transform that waits for something outside.
    pub fn asynchronous(transform: impl AsyncTransform + 'static) -> Self {
        Self::Async(Box::new(transform))
    }
}

/// How long a transform may work on one record, for [`Transform::time_limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeLimit {
    /// The limit, as messages name it.
    pub limit: Duration,
    /// How much longer the engine waits, for transforms that mostly notice by themselves.
    pub grace: Duration,
    /// What the reader can do about a record that takes longer.
    pub hint: &'static str,
}

impl TimeLimit {
    /// A limit without grace.
    pub fn new(limit: Duration, hint: &'static str) -> Self {
        Self { limit, grace: Duration::ZERO, hint }
    }

    /// The same, with time to notice by itself.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}
