//! Transforms, of three kinds.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{Check, Counters, ErrorKind, Origin, Output, Record, RunContext, StageError};

/// A stateless transform: its output for a record depends on that record alone.
///
/// The engine calls it from several threads. The output keeps the order of the records.
///
/// ```
/// use taskferry_sdk::{Output, Record, StageError, Transform};
///
/// /// Keeps the rows with at least this many weekly hours.
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
    /// Opens the transform, before the first record. Does nothing by default.
    ///
    /// # Errors
    /// Why the transform can't be opened. The run ends.
    fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Processes one record, and emits any number of records.
    ///
    /// # Errors
    /// The record is refused: the engine discards what was emitted and counted for it, and the stage's `on_error` decides
    /// whether the run continues.
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// The time limit for one record. When it is exceeded, the engine ends the run and names the record. A transform needs a limit
    /// if it runs user programs that it can't interrupt. By default none.
    fn time_limit(&self) -> Option<TimeLimit> {
        None
    }

    /// Warnings at the end of a run that processed `records_in` records and counted `totals`. A warning is lower case,
    /// and says what to do. By default none.
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }
}

/// A stateful transform: it receives the records one after the other, in the source's order.
///
/// # Resuming
///
/// A run that was killed resumes after the last committed page, with a new transform. The engine therefore saves the state
/// ([`save`](Self::save)) with each page, and restores it ([`restore`](Self::restore)). A pipeline with a transform that saves no
/// state starts over instead.
///
/// The state is JSON. It must contain everything that later results depend on, and nothing else: it is written with each
/// checkpoint.
///
/// ```
/// use taskferry_sdk::serde_json::{Value, json};
/// use taskferry_sdk::testing::TransformTest;
/// use taskferry_sdk::{AnyTransform, ErrorKind, OrderedTransform, Output, Record, StageError};
///
/// /// Numbers the records of an export: 1, 2, 3, …
/// #[derive(Debug, Default)]
/// struct RunningNumber {
///     last: u64,
/// }
///
/// impl OrderedTransform for RunningNumber {
///     fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
///         let mut edit = record.edit()?;
///         edit.set(record.root()?, "number", self.last + 1);
///         // After the last `?`, so that a refused record does not change the state.
///         self.last += 1;
///         out.emit(edit.finish());
///         Ok(())
///     }
///
///     fn save(&self) -> Option<Value> {
///         Some(json!({"last": self.last}))
///     }
///
///     fn restore(&mut self, state: &Value) -> Result<(), StageError> {
///         let last = state.get("last").and_then(Value::as_u64);
///         self.last = last.ok_or_else(|| StageError::new(ErrorKind::Defect, "the saved number can't be read"))?;
///         Ok(())
///     }
/// }
///
/// let mut first = RunningNumber::default();
/// let mut out = Output::new();
/// first.apply(Record::parse(r#"{"task":"a"}"#)?, &mut out)?;
/// assert_eq!(out.records()[0].to_json(), r#"{"task":"a","number":1}"#);
///
/// // The process is killed; a resumed run restores the state of the last checkpoint.
/// let mut resumed = RunningNumber::default();
/// resumed.restore(&first.save().unwrap())?;
/// let mut test = TransformTest::of(AnyTransform::ordered(resumed));
/// assert_eq!(test.apply(r#"{"task":"b"}"#)?, [r#"{"task":"b","number":2}"#]);
/// # Ok::<(), StageError>(())
/// ```
///
/// The [conformance kit](crate::conformance) resumes after each record, and compares the results with those of an uninterrupted run.
pub trait OrderedTransform: fmt::Debug + Send {
    /// As [`Transform::open`].
    ///
    /// # Errors
    /// As [`Transform::open`].
    fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Processes one record, and emits any number of records.
    ///
    /// # Errors
    /// As [`Transform::apply`]. A refused record must not change the state.
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// Emits the remaining records, after the last record of a complete listing. By default none.
    ///
    /// # Errors
    /// The run ends.
    fn finish(&mut self, _out: &mut Output) -> Result<(), StageError> {
        Ok(())
    }

    /// Returns the state after the records so far. The checkpoint contains it, so it should be small and must hold no secret.
    ///
    /// Returns `None`, the default, if the state can't be saved. A transform that has returned a state once must always return a
    /// state. The engine also calls this method before [`open`](Self::open), to determine whether the run can resume.
    fn save(&self) -> Option<Value> {
        None
    }

    /// Restores a saved state, before the first record of a resumed run.
    ///
    /// # Errors
    /// Why the state can't be restored. The run ends, and the next one starts over.
    fn restore(&mut self, _state: &Value) -> Result<(), StageError> {
        let message = "the transform saves a state that it can't restore";
        let hint = "this is a defect in the plugin; please report it to its authors";
        Err(StageError::new(ErrorKind::Defect, message).hint(hint))
    }

    /// Called after this stage or an earlier stage has refused a record, if the run continues. `origin` is the origin of the source's
    /// record. Refusals of earlier stages are reported before the records of the same page. A transform that interprets the absence
    /// of a record implements this method. Does nothing by default.
    ///
    /// # Errors
    /// The run ends.
    fn on_refused(&mut self, _origin: &Origin) -> Result<(), StageError> {
        Ok(())
    }

    /// The number of removals that the transform withheld because there were too many. `totals` are the counts of the run. If the
    /// number is not zero, a complete run has the exit code 8, and the next run accepts the removals with `--accept-removals`
    /// ([`RunContext::accept_removals`]). By default none.
    fn withheld_removals(&self, _totals: &Counters) -> u64 {
        0
    }

    /// Whether a run without emitted records is expected, for example because the transform emits only changes. By default, the engine
    /// warns about such a run.
    fn may_emit_nothing(&self) -> bool {
        false
    }

    /// Why the transform can't run in a shard of an export, as a clause: "a record may move from one shard to another". `None`,
    /// the default: it can.
    fn shard_conflict(&self) -> Option<String> {
        None
    }

    /// As [`Transform::warnings`].
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }
}

/// A stateless transform that waits for I/O.
///
/// The engine processes several records at a time. The output keeps the order of the records.
///
/// ```
/// use taskferry_sdk::testing::TransformTest;
/// use taskferry_sdk::{AnyTransform, AsyncTransform, Output, Record, StageError, async_trait};
///
/// /// Adds the title of a job, which takes a request.
/// #[derive(Debug)]
/// struct JobTitle;
///
/// impl JobTitle {
///     async fn title_of(&self, job: &str) -> Result<String, StageError> {
///         Ok(format!("title of {job}"))
///     }
/// }
///
/// #[async_trait]
/// impl AsyncTransform for JobTitle {
///     async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
///         let job = record.root()?.get("external_id").and_then(|id| Some(id.as_str()?.into_owned()));
///         let title = self.title_of(job.as_deref().unwrap_or_default()).await?;
///         let mut edit = record.edit()?;
///         edit.set(record.root()?, "title", title);
///         out.emit(edit.finish());
///         Ok(())
///     }
/// }
///
/// let mut test = TransformTest::of(AnyTransform::asynchronous(JobTitle));
/// assert_eq!(test.apply(r#"{"external_id":"j1"}"#)?, [r#"{"external_id":"j1","title":"title of j1"}"#]);
/// # Ok::<(), StageError>(())
/// ```
#[async_trait]
pub trait AsyncTransform: fmt::Debug + Send + Sync {
    /// As [`Transform::open`].
    ///
    /// # Errors
    /// As [`Transform::open`].
    async fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Processes one record, and emits any number of records. The engine may drop the future when the run is interrupted.
    ///
    /// # Errors
    /// As [`Transform::apply`].
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// Closes the transform after the last record, also if the run fails. The engine waits for some seconds at most. Does
    /// nothing by default.
    async fn close(&self) {}

    /// The maximum number of records of a page that are processed at the same time; 8 by default.
    fn concurrency(&self) -> usize {
        8
    }

    /// As [`Transform::warnings`].
    fn warnings(&self, _records_in: u64, _totals: &Counters) -> Vec<String> {
        Vec::new()
    }

    /// The checks of the transform that `taskferry doctor` makes, in order, instead of a run. By default none.
    fn checks(self: Box<Self>, _run: &RunContext) -> Vec<Check> {
        Vec::new()
    }
}

/// A transform of one of the three kinds.
///
/// ```
/// use taskferry_sdk::{AnyTransform, Output, Record, StageError, Transform};
///
/// #[derive(Debug)]
/// struct All;
///
/// impl Transform for All {
///     fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
///         out.emit(record);
///         Ok(())
///     }
/// }
///
/// assert!(matches!(AnyTransform::stateless(All), AnyTransform::Stateless(_)));
/// // The same with a closure.
/// assert!(matches!(AnyTransform::filter(|_| Ok(true)), AnyTransform::Stateless(_)));
/// ```
#[derive(Debug)]
pub enum AnyTransform {
    /// Without state.
    Stateless(Box<dyn Transform>),
    /// With state.
    Ordered(Box<dyn OrderedTransform>),
    /// With I/O.
    Async(Box<dyn AsyncTransform>),
}

impl AnyTransform {
    /// A stateless transform.
    pub fn stateless(transform: impl Transform + 'static) -> Self {
        Self::Stateless(Box::new(transform))
    }

    /// A stateful transform.
    pub fn ordered(transform: impl OrderedTransform + 'static) -> Self {
        Self::Ordered(Box::new(transform))
    }

    /// A transform that waits for I/O.
    pub fn asynchronous(transform: impl AsyncTransform + 'static) -> Self {
        Self::Async(Box::new(transform))
    }
}

/// The time limit of a transform for one record.
///
/// ```
/// use std::time::Duration;
///
/// use taskferry_sdk::TimeLimit;
///
/// let limit = TimeLimit::new(Duration::from_secs(1), "raise `time_limit`").with_grace(Duration::from_secs(2));
/// assert_eq!(limit.limit + limit.grace, Duration::from_secs(3));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeLimit {
    /// The limit that messages name.
    pub limit: Duration,
    /// Extra time for a transform that usually enforces the limit itself.
    pub grace: Duration,
    /// What to do about a record that exceeds the limit.
    pub hint: &'static str,
}

impl TimeLimit {
    /// A limit without extra time.
    pub fn new(limit: Duration, hint: &'static str) -> Self {
        Self { limit, grace: Duration::ZERO, hint }
    }

    /// Sets the extra time.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}
