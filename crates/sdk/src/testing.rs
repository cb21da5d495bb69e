//! Tests plugins without a pipeline file and without an engine.
//!
//! ```no_run
//! # use taskferry_sdk::{TransformPlugin, testing::TransformTest};
//! # fn test<FilterLevels: TransformPlugin>() {
//! let mut test = TransformTest::new::<FilterLevels>(&serde_json::json!({"levels": ["H1"]})).unwrap();
//! let kept = test.apply(r#"{"task_id": "t1", "ai_impact_level": "H2"}"#).unwrap();
//! assert!(kept.is_empty());
//! # }
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use serde_json::Value;

use crate::{
    AnyTransform, Batch, BuildContext, Counters, Effect, Endpoints, InputFiles, Lookups, Origin,
    Output, Plugin, Problem, Record, RunContext, StageError, TransformPlugin, read_options,
};

/// Files in memory, for plugins that read files when they are built.
///
/// ```
/// use taskferry_sdk::InputFiles;
/// use taskferry_sdk::testing::Files;
///
/// let files = Files::new().with("names.csv", "id,name\n");
/// assert_eq!(files.read("names.csv".as_ref()).unwrap(), b"id,name\n");
/// assert!(files.read("other.csv".as_ref()).is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Files(BTreeMap<PathBuf, Vec<u8>>);

impl Files {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), content.into());
        self
    }
}

impl InputFiles for Files {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Reads a plugin's options from a table, as in a pipeline file, and calls `build` with them.
///
/// # Errors
/// All errors in the options.
///
/// ```
/// use taskferry_sdk::testing::{Files, build};
/// # use schemars::JsonSchema;
/// # use taskferry_sdk::{AnyTransform, BuildContext, Plugin, Problem, TransformPlugin, serde_json::json};
/// # /// Passes on every record.
/// # #[derive(Debug, serde::Deserialize, JsonSchema)]
/// # #[serde(deny_unknown_fields)]
/// # struct All {}
/// # impl Plugin for All {
/// #     const TYPE: &'static str = "all";
/// # }
/// # impl TransformPlugin for All {
/// #     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
/// #         Ok(AnyTransform::filter(|_| Ok(true)))
/// #     }
/// # }
///
/// assert!(build(&json!({}), &Files::new(), All::build).is_ok());
/// let problems = build(&json!({"limt": 1}), &Files::new(), All::build).unwrap_err();
/// assert_eq!(problems[0].message, "unknown key `limt`");
/// ```
pub fn build<P: Plugin, T>(
    options: &Value,
    files: &dyn InputFiles,
    build: impl FnOnce(&P, &BuildContext<'_>) -> Result<T, Vec<Problem>>,
) -> Result<T, Vec<Problem>> {
    let endpoints = Endpoints::default();
    build(&read_options(options, &[])?, &BuildContext::new(files, &endpoints))
}

/// A transform under test.
///
/// ```
/// use taskferry_sdk::AnyTransform;
/// use taskferry_sdk::testing::TransformTest;
///
/// let mut test = TransformTest::of(AnyTransform::filter(|record| Ok(record.get("task").is_some())));
/// assert_eq!(test.apply(r#"{"task":"Write"}"#)?, [r#"{"task":"Write"}"#]);
/// assert!(test.apply(r#"{"note":1}"#)?.is_empty());
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug)]
pub struct TransformTest {
    transform: AnyTransform,
    records: u64,
    counters: Counters,
    effects: Vec<Effect>,
}

impl TransformTest {
    /// Builds a plugin's transform from its options.
    ///
    /// # Errors
    /// All errors in the options.
    pub fn new<P: TransformPlugin>(options: &Value) -> Result<Self, Vec<Problem>> {
        Self::with_files::<P>(options, &Files::new())
    }

    /// As [`new`](Self::new), with files that the options name.
    ///
    /// # Errors
    /// All errors in the options.
    pub fn with_files<P: TransformPlugin>(
        options: &Value,
        files: &Files,
    ) -> Result<Self, Vec<Problem>> {
        build(options, files, P::build).map(Self::of)
    }

    /// Tests a transform that is already built.
    pub fn of(transform: AnyTransform) -> Self {
        Self { transform, records: 0, counters: Counters::default(), effects: Vec::new() }
    }

    /// Opens the transform, as before the first record of a run. Not needed for a transform whose `open` does nothing.
    ///
    /// # Errors
    /// The transform's error.
    pub fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        open(&mut self.transform, run)
    }

    /// As [`open`](Self::open), with the answers to the transform's lookups, by key. No request is sent.
    ///
    /// # Errors
    /// The transform's error.
    pub fn open_with_answers<K: Into<String>>(
        &mut self,
        answers: impl IntoIterator<Item = (K, Value)>,
    ) -> Result<(), StageError> {
        self.open(&with_answers(answers))
    }

    /// Applies the transform to a record, and returns the records that it emits. Counts for a refused record are discarded.
    ///
    /// # Errors
    /// The transform's error; [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) if the text is not JSON.
    pub fn apply(&mut self, record: &str) -> Result<Vec<String>, StageError> {
        let record = Record::parse(record.to_owned())?;
        let index = usize::try_from(self.records).unwrap_or(usize::MAX);
        self.records += 1;
        let mut out = Output::with_effects();
        out.set_origin(Some(Arc::new(Origin { page: 1, index, ..Origin::default() })));
        match &mut self.transform {
            AnyTransform::Stateless(transform) => transform.apply(record, &mut out)?,
            AnyTransform::Ordered(transform) => transform.apply(record, &mut out)?,
            AnyTransform::Async(transform) => block_on(transform.apply(record, &mut out))?,
        }
        Ok(self.take(&mut out))
    }

    /// Ends the input, and returns the remaining records.
    ///
    /// # Errors
    /// The transform's error.
    pub fn finish(&mut self) -> Result<Vec<String>, StageError> {
        let mut out = Output::new();
        if let AnyTransform::Ordered(transform) = &mut self.transform {
            transform.finish(&mut out)?;
        }
        Ok(self.take(&mut out))
    }

    /// The effects of options on the last record.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The counts so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The transform's warnings for the records so far.
    pub fn warnings(&self) -> Vec<String> {
        match &self.transform {
            AnyTransform::Stateless(transform) => transform.warnings(self.records, &self.counters),
            AnyTransform::Ordered(transform) => transform.warnings(self.records, &self.counters),
            AnyTransform::Async(transform) => transform.warnings(self.records, &self.counters),
        }
    }

    fn take(&mut self, out: &mut Output) -> Vec<String> {
        out.add_counters_to(&mut self.counters);
        self.effects = out.take_effects();
        out.drain_records().map(|record| record.to_json()).collect()
    }
}

/// A batch with these records, of the jobs `j1`, `j2`, …, for the test of a sink.
///
/// ```
/// use taskferry_sdk::{Record, testing};
///
/// let batch = testing::batch(1, [Record::parse(r#"{"task_id":"t1"}"#)?]);
/// assert_eq!(batch.origins[0].to_string(), "page 1 (the first), record 1, id `j1`");
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
pub fn batch(page: u64, records: impl IntoIterator<Item = Record>) -> Batch {
    let mut batch = Batch::new(page);
    for (index, record) in records.into_iter().enumerate() {
        let job = Some(format!("j{}", index + 1).into());
        batch.push(record, Origin { page, cursor: None, index, job });
    }
    batch
}

/// A run in which a stage without a name gets these answers to its lookups.
pub(crate) fn with_answers<K: Into<String>>(
    answers: impl IntoIterator<Item = (K, Value)>,
) -> RunContext {
    let answers = answers.into_iter().map(|(key, answer)| (key.into(), answer)).collect();
    let lookups = Lookups::prepared([(String::new(), answers)].into());
    RunContext { lookups, ..RunContext::default() }
}

/// Opens a transform of any kind.
pub(crate) fn open(transform: &mut AnyTransform, run: &RunContext) -> Result<(), StageError> {
    match transform {
        AnyTransform::Stateless(transform) => transform.open(run),
        AnyTransform::Ordered(transform) => transform.open(run),
        AnyTransform::Async(transform) => block_on(transform.open(run)),
    }
}

/// Runs a future on this thread. A future that needs timers or connections must be tested in a runtime instead.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
