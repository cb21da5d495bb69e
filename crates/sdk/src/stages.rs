//! The three kinds of stages and the plugins that make them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::nowhere::Nowhere;
use crate::{
    Batch, BuildContext, Counters, FieldRule, Output, Page, Position, Problem, Record,
    RecordFields, Refusals, Resumption, RunContext, Share, SinkState, StageError,
};

/// Reads pages, one after the other.
#[async_trait]
pub trait Source: fmt::Debug + Send {
    /// Opens what the source needs, before the first page. `from` says where a resumed run goes on; a source
    /// that can't do that must say so, never begin again.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError>;

    /// The next page in the source's order, `None` when the listing is complete.
    ///
    /// The engine may drop the returned future when the run is interrupted; the page it was about to
    /// return is then asked for again by a later run, never lost.
    ///
    /// # Errors
    /// Whatever is left after the source's own retries. The run ends with it.
    async fn next_page(&mut self) -> Result<Option<Page>, StageError>;

    /// What it took so far.
    fn statistics(&self) -> SourceStatistics;

    /// What deserves a look although nothing failed, one text each: an option that can't mean what it says, for example. It
    /// is asked for when reading has ended, however it ended, and stands in the manifest. A resumed run says it again.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it can read the share of its listing that [`RunContext::shard`] names, and nothing else. Of one that can't,
    /// no share is asked for.
    fn can_shard(&self) -> bool {
        false
    }

    /// Which share it has read, once that is complete; `None` where the run takes the whole listing.
    fn share(&self) -> Option<Share> {
        None
    }
}

/// What a source did, beside the pages it returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceStatistics {
    /// Requests sent, those for tokens and those that failed included.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
    /// Whether what it read is made up, as that of the sandbox is: the run says so.
    pub sandbox: bool,
}

/// Changes records, one at a time.
#[async_trait]
pub trait Transform: fmt::Debug + Send + Sync {
    /// Opens what the transform needs, before the first record. Nothing by default.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        Ok(())
    }

    /// Takes one record, emits none, one or many.
    ///
    /// # Errors
    /// An error concerns this record alone: what was emitted for it is taken back, and the stage's
    /// `on_error` decides how the run goes on.
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError>;

    /// Whether records can be taken in any order, by several threads at once: what comes of one must follow from this record
    /// alone. What comes out keeps the records' order in any case. False by default, so that a transform that counts or
    /// compares sees the records one after the other, in the source's order.
    fn takes_any_order(&self) -> bool {
        false
    }

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

/// How long a transform may work on one record, for [`Transform::time_limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit {
    /// The limit, as messages name it.
    pub limit: Duration,
    /// How much longer the engine waits, for transforms that mostly notice by themselves.
    pub grace: Duration,
    /// What the reader can do about a record that takes longer.
    pub hint: &'static str,
}

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
        Resumption::Never
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
    /// to `finish`, even if it had finished already.
    ///
    /// # Errors
    /// As [`Sink::write`]. No sink publishes then.
    async fn seal(&mut self) -> Result<SinkState, StageError>;

    /// Publishes the finished output and says what was delivered.
    ///
    /// # Errors
    /// As [`Sink::write`]. This sink published nothing then; sinks before it may have.
    async fn finish(self: Box<Self>) -> Result<Delivery, StageError>;

    /// What this run would destroy of what another one, which is not over, has left at a mark: its output, for people. None
    /// by default.
    fn would_destroy(&self, _run: &RunContext, _mark: &SinkState) -> Option<String> {
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

/// What all plugins have in common: a type name and options that can be read, described and checked.
///
/// The options' doc comments are their reference: the first line of the struct's says what the plugin is
/// for, each field's what it does.
///
/// # `--sandbox`
///
/// With `--sandbox` a pipeline runs on made-up data, which must not reach anybody who takes it for real. A source and a sink
/// say in their schema what that means for them, and a pipeline with one that does not is refused:
///
/// - `#[schemars(extend("x-sandbox" = "sandbox:"))]` on an option says what stands there then, whatever the file says;
///   `= null` takes the option out, credentials for example. Variables in it need not be set.
/// - `#[schemars(extend("x-sandbox" = true))]` on the options as a whole says that a sink takes made-up data as it is: its
///   output stays on this machine and can be told apart ([`RunContext::sandbox`]).
pub trait Plugin: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What stands behind `type =` in a pipeline file.
    const TYPE: &'static str;
}

/// A plugin that makes a [`Source`].
pub trait SourcePlugin: Plugin {
    /// Makes the source. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>>;

    /// What to add to the options so that tasks carry `field`, when they do not as it stands.
    fn missing_field(&self, _field: &str) -> Option<String> {
        None
    }

    /// What is known of the fields of its records. Nothing by default.
    fn fields(&self) -> RecordFields {
        RecordFields::default()
    }
}

/// A plugin that makes a [`Transform`].
pub trait TransformPlugin: Plugin {
    /// Makes the transform. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(self, context: &BuildContext<'_>) -> Result<Box<dyn Transform>, Vec<Problem>>;

    /// What it needs tasks to carry.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Whether records may come out in a shape of the user's own making, so that what later transforms
    /// need can't be known before the run.
    fn changes_schema(&self) -> bool {
        true
    }

    /// What it makes of the fields of records, and which it looks for. Nothing is known of what comes out by default.
    fn fields(&self, _context: &BuildContext<'_>) -> FieldRule {
        FieldRule::default()
    }
}

/// A field of tasks that a transform can't work without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The field's name in the source's words, `ai_impact` for example.
    pub field: &'static str,
    /// What happens without it, to stand behind "without it …".
    pub consequence: &'static str,
}

/// A plugin that makes a [`Sink`].
pub trait SinkPlugin: Plugin {
    /// Makes the sink. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(self, context: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>>;

    /// What the sink writes to, so that two sinks of one pipeline can't claim the same: a path, `stdout`.
    fn output_id(&self, _context: &BuildContext<'_>) -> Option<String> {
        None
    }

    /// The files that the sink writes, as [`PathTemplate::for_pipeline`](crate::PathTemplate::for_pipeline) returns paths: that which `path` names, then those
    /// beside it. None of them may be an input of the pipeline, or an output of another sink.
    fn files(&self, _context: &BuildContext<'_>) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The fields that its option `columns` names, in order: those which are never there are warned of.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }
}
