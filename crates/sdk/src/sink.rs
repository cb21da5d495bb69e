//! Sinks.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::Serialize;

use crate::{Batch, Refusals, Resumption, RunContext, SinkState, StageError};

/// Delivers batches.
///
/// The engine calls `open` once, then `write` for every batch in order, and `commit` after one or more of them.
/// When every sink has everything it calls `seal` on all of them, and when all are sealed `finish` on one after
/// the other. A sink that is dropped before `finish` publishes nothing; what it has committed stays for a
/// resumed run, anything else it takes away. The futures of `write` and `commit` are dropped when an interrupted
/// run has waited long enough for them.
#[async_trait]
pub trait Sink: fmt::Debug + Send {
    /// What it can do about a run that ended early. Nothing by default.
    fn resumption(&self) -> Resumption {
        Resumption::Unsupported
    }

    /// The mark of a run in which the sink was not opened yet: all that [`Sink::discard`] needs to take away what `open`
    /// may leave. A run writes it down before it opens its sinks.
    fn initial_state(&self, _run: &RunContext) -> SinkState {
        SinkState::default()
    }

    /// Whether it could go on at a mark that it made in an earlier attempt of this run. Looks, and changes
    /// nothing outside itself; `open` is called with the same mark afterwards. The engine drops the future when the run
    /// is interrupted, so what takes long has to yield now and then.
    ///
    /// # Errors
    /// Why not, for people: `out/.jobs.csv.part is gone`. The run starts over then.
    async fn can_resume(&mut self, _run: &RunContext, _mark: &SinkState) -> Result<(), String> {
        Ok(())
    }

    /// Takes away what an earlier run has left at a mark, as a new run starts over. Nothing by default.
    fn discard(&self, _run: &RunContext, _mark: &SinkState) {}

    /// Opens what the sink needs, before the first batch: at the beginning, or where the mark `from` says.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError>;

    /// Takes a batch. Records that can't be delivered while others can go to `refusals`.
    ///
    /// # Errors
    /// Whatever is left after the sink's own retries. The run ends with it.
    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError>;

    /// Makes all that was written durable; the mark is what a resumed run needs to go on exactly here.
    ///
    /// # Errors
    /// As [`Sink::write`].
    async fn commit(&mut self) -> Result<SinkState, StageError>;

    /// Does all that is left to do and may fail, so that `finish` has little left to fail with. Nothing
    /// becomes visible yet, where that can be helped. A sink that is opened at the mark returned here has only
    /// to `finish`, even if it had finished already. It commits by default.
    ///
    /// # Errors
    /// As [`Sink::write`]. No sink publishes then.
    async fn seal(&mut self) -> Result<SinkState, StageError> {
        self.commit().await
    }

    /// Publishes the finished output and says what was delivered.
    ///
    /// # Errors
    /// As [`Sink::write`]. This sink published nothing then; sinks before it may have.
    async fn finish(self: Box<Self>) -> Result<Delivery, StageError>;

    /// What this run would destroy of what another one, which is not over, has left at a mark: its output, for people. None
    /// by default.
    fn would_overwrite(&self, _run: &RunContext, _mark: &SinkState) -> Option<String> {
        None
    }

    /// What stands in its place in a dry run: it does all the work on the records that it can without publishing or sending
    /// anything. By default it only counts them.
    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(Nowhere::default())
    }

    /// A file that runs of several shares of an export would all write, as the options name it. None by default.
    fn shard_conflict(&self) -> Option<String> {
        None
    }

    /// What was delivered so far, for the account of a run that does not finish.
    fn delivered(&self) -> Delivery {
        Delivery::default()
    }
}

/// What a sink delivered, once it has finished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Records delivered.
    pub records: u64,
    /// Bytes delivered, as they left the sink (compressed if it compresses).
    pub bytes: u64,
    /// Requests sent, for sinks that send them.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
    /// Files that were published.
    pub files: Vec<DeliveredFile>,
    /// What the reader of the summary should know: fields that were left out, for example.
    pub warnings: Vec<String>,
}

/// A file that a sink published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeliveredFile {
    /// Its path, as the pipeline file names it.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
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

/// Stands for a sink in a dry run. It can't resume, as nothing is kept of such a run.
#[derive(Debug, Default)]
struct Nowhere {
    records: u64,
}

#[async_trait]
impl Sink for Nowhere {
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
