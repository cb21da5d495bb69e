//! Sinks.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Batch, Check, Refusals, Resumption, RunContext, SinkState, StageError};

/// Delivers batches.
///
/// The engine calls [`open`](Self::open) once, [`write`](Self::write) for every batch in order, and [`commit`](Self::commit)
/// after one or more of them. After the last batch it calls [`seal`](Self::seal) on all sinks, and then
/// [`finish`](Self::finish) on one sink after the other.
///
/// A sink that is dropped before `finish` publishes nothing, unless it can't undo a write ([`Resumption::AtLeastOnce`]). It keeps
/// committed output for a resumed run, and removes the rest. When an interrupted run exceeds its grace period, the engine drops
/// the futures of `write` and `commit`.
///
/// This sink can't resume, so it needs few methods. It keeps the records in memory, and publishes them at the end:
///
/// ```
/// use std::sync::{Arc, Mutex, PoisonError};
///
/// use taskferry_sdk::{
///     Batch, Delivery, Refusals, RunContext, Sink, SinkState, StageError, async_trait,
/// };
///
/// #[derive(Debug)]
/// struct Memory {
///     written: Vec<String>,
///     published: Arc<Mutex<Vec<String>>>,
/// }
///
/// #[async_trait]
/// impl Sink for Memory {
///     async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
///         Ok(())
///     }
///
///     async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
///         self.written.extend(batch.records.iter().map(|record| record.to_json()));
///         Ok(())
///     }
///
///     async fn commit(&mut self) -> Result<SinkState, StageError> {
///         Ok(SinkState::default())
///     }
///
///     async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
///         let mut delivery = Delivery::default();
///         delivery.records = self.written.len() as u64;
///         self.published.lock().unwrap_or_else(PoisonError::into_inner).extend(self.written);
///         Ok(delivery)
///     }
/// }
/// ```
#[async_trait]
pub trait Sink: fmt::Debug + Send {
    /// How the sink resumes a run that ended early. By default, the sink can't resume.
    fn resumption(&self) -> Resumption {
        Resumption::Unsupported
    }

    /// The state for the checkpoint that a run saves before it opens its sinks. [`discard`](Self::discard) uses this
    /// state to remove what `open` has created.
    fn initial_state(&self, _run: &RunContext) -> SinkState {
        SinkState::default()
    }

    /// Checks whether the sink can resume at a state of an earlier attempt, without changing anything. If the check
    /// succeeds, `open` is called with the same state. The engine drops the future when the run is interrupted, so a
    /// long check must yield.
    ///
    /// # Errors
    /// The reason why the sink can't resume, as part of a message: `out/.jobs.csv.part is gone`. The run
    /// starts over.
    async fn can_resume(&mut self, _run: &RunContext, _state: &SinkState) -> Result<(), String> {
        Ok(())
    }

    /// Removes the output of an earlier run that will not be resumed. Does nothing by default.
    fn discard(&self, _run: &RunContext, _state: &SinkState) {}

    /// Opens the sink, before the first batch. A resumed run continues at `from`.
    ///
    /// # Errors
    /// Why the sink can't be opened. The run ends.
    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError>;

    /// Writes a batch. If single records can't be delivered, adds them to `refusals`.
    ///
    /// # Errors
    /// Errors that remain after the sink's own retries. The run ends.
    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError>;

    /// Makes everything written durable, and returns the state at which a resumed run continues.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    async fn commit(&mut self) -> Result<SinkState, StageError>;

    /// Completes the output without publishing it. After this, only `finish` is called. A sink that is later opened at
    /// the returned state must be able to `finish`, even if the output is already published. By default, this method
    /// commits.
    ///
    /// # Errors
    /// As [`write`](Self::write). No sink publishes.
    async fn seal(&mut self) -> Result<SinkState, StageError> {
        self.commit().await
    }

    /// Publishes the output.
    ///
    /// # Errors
    /// As [`write`](Self::write). This sink has published nothing; sinks before it may have.
    async fn finish(self: Box<Self>) -> Result<Delivery, StageError>;

    /// The output of another, unfinished run that `run` would overwrite, as part of a message. `state` is the state of
    /// that run. By default none.
    fn would_overwrite(&self, _run: &RunContext, _state: &SinkState) -> Option<String> {
        None
    }

    /// The sink for a dry run, which processes records but publishes and sends nothing. By default, the records are
    /// only counted.
    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(CountingSink::default())
    }

    /// The path of a file that all shards would write. By default none.
    fn shard_conflict(&self) -> Option<String> {
        None
    }

    /// The deliveries so far, for the manifest of a run that ends early.
    fn delivered(&self) -> Delivery {
        Delivery::default()
    }

    /// The checks of the sink that `taskferry doctor` makes, in order, instead of a run. By default none.
    fn checks(self: Box<Self>, _run: &RunContext) -> Vec<Check> {
        Vec::new()
    }
}

/// What a sink has delivered.
///
/// ```
/// use taskferry_sdk::{DeliveredFile, Delivery};
///
/// let mut delivery = Delivery::default();
/// delivery.records = 2;
/// delivery.files.push(DeliveredFile::new("out/jobs.csv", 64, 2, "9f86d081…"));
/// assert_eq!(delivery.files[0].records, delivery.records);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Records delivered.
    pub records: u64,
    /// Bytes delivered, after compression.
    pub bytes: u64,
    /// Requests sent.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// Published files.
    pub files: Vec<DeliveredFile>,
    /// Warnings for the manifest, such as omitted fields.
    pub warnings: Vec<String>,
}

/// A file that a sink has published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DeliveredFile {
    /// Its path, as the pipeline file names it.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its number of records.
    pub records: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl DeliveredFile {
    /// A file at this path.
    pub fn new(
        path: impl Into<PathBuf>,
        bytes: u64,
        records: u64,
        sha256: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), bytes, records, sha256: sha256.into() }
    }
}

/// Counts records and does nothing else. It replaces a sink in a dry run.
///
/// ```
/// use taskferry_sdk::{CountingSink, Record, Refusals, Sink, StageError, testing};
///
/// # async fn example() -> Result<(), StageError> {
/// let mut sink = Box::new(CountingSink::default());
/// let batch = testing::batch(1, [Record::parse("{}")?]);
/// sink.write(&batch, &mut Refusals::forbidden()).await?;
/// assert_eq!(sink.finish().await?.records, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct CountingSink {
    records: u64,
}

#[async_trait]
impl Sink for CountingSink {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        self.records += batch.records.len() as u64;
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(Delivery { records: self.records, ..Delivery::default() })
    }
}
