//! Runs a pipeline: fetch, transform, deliver, commit.
//!
//! [`run`] takes a checked [`Pipeline`](taskferry_pipeline::Pipeline) and [`RunOptions`], and returns a [`RunReport`] with the
//! [`Manifest`]. [`Stopper`] stops a run. [`LiveStats`] and [`Observer`] show its progress. [`last_finished_run`],
//! [`unfinished_run`] and [`conflicting_run`] read earlier runs.
//!
//! Pages move through bounded channels. The source runs in a task, the transforms on up to four worker threads, and each sink
//! on its own thread. Pages stay in order. Only a few pages are in memory at a time.
//!
//! ```text
//! source ──pages──▶ transforms ──batches──▶ sink (its own transforms, write, commit)
//!  (task)            (threads)     └──────▶ sink …                        │
//!     ▲                 │                                                 │
//!     └──── stop ── dispatcher ◀──────────────── events ──────────────────┘
//! ```
//!
//! The modules, in the order of a page:
//!
//! 1. `fetcher` reads and numbers it.
//! 2. `worker_pool`, `chain`, `step` and `ordered_step` transform it.
//! 3. `broadcaster` sends it to every `sink_worker`, and `commit_timer` decides when the sinks commit.
//! 4. `dispatcher` reports each commit to `progress_tracker`. When every sink has committed the page, `checkpoint_writer` saves
//!    a `checkpoint`.
//! 5. At the end, `dispatcher/publish` seals and publishes, and `dispatcher/report` completes the `manifest`.
//!
//! ```
//! # use taskferry_pipeline::{Feed, OnError, Pipeline, SinkStage, SourceStage};
//! # use taskferry_sdk::*;
//! # use async_trait::async_trait;
//! # #[derive(Debug)] struct OnePage(bool);
//! # #[async_trait] impl Source for OnePage {
//! #     async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> { Ok(()) }
//! #     async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
//! #         if std::mem::replace(&mut self.0, true) { return Ok(None); }
//! #         let record = Record::parse(r#"{"external_id": "j1"}"#)?;
//! #         Ok(Some(Page::new(vec![SourceRecord::new(record, "j1")])))
//! #     }
//! # }
//! # #[derive(Debug)] struct Nowhere;
//! # #[async_trait] impl Sink for Nowhere {
//! #     async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> { Ok(()) }
//! #     async fn write(&mut self, _: &Batch, _: &mut Refusals) -> Result<(), StageError> { Ok(()) }
//! #     async fn commit(&mut self) -> Result<SinkState, StageError> { Ok(SinkState::default()) }
//! #     async fn finish(self: Box<Self>) -> Result<Delivery, StageError> { Ok(Delivery::default()) }
//! # }
//! use taskferry_engine::{RunOptions, Status};
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! let source = SourceStage {
//!     name: "pages".to_owned(),
//!     type_name: "pages",
//!     digest: String::new(),
//!     feed: Feed::Source(Box::new(OnePage(false))),
//! };
//! let sink = SinkStage {
//!     name: "nowhere".to_owned(),
//!     type_name: "nowhere",
//!     on_error: OnError::Fail,
//!     transforms: Vec::new(),
//!     sink: Box::new(Nowhere),
//! };
//! let pipeline = Pipeline::new("example", source, Vec::new(), vec![sink]);
//! let report = taskferry_engine::run(pipeline, RunOptions::default()).await;
//! assert_eq!(report.manifest.status, Status::Complete);
//! assert_eq!(report.manifest.source.records, 1);
//! # });
//! ```

mod baseline;
mod broadcaster;
mod chain;
mod checkpoint;
mod checkpoint_writer;
mod commit_timer;
mod dead_letter;
mod dead_letter_file;
mod dispatcher;
mod drift;
mod envelope;
mod expect;
mod fetcher;
mod fields;
mod finished_runs;
mod live_stats;
mod manifest;
mod observer;
mod ordered_step;
mod progress_tracker;
mod run;
mod run_stats;
mod save_error;
mod sink_worker;
mod stage_span;
mod start;
mod step;
mod stop;
mod threads;
mod tracer;
mod watchdog;
mod worker_event;
mod worker_pool;
mod workers;

pub use checkpoint::{UnfinishedRun, unfinished_run};
pub use drift::{Drift, FieldSummary, NullChange, TypeChange};
pub use finished_runs::{
    FinishedRun, conflicting_run, last_complete, last_finished_run, withheld_removals,
};
pub use live_stats::{LiveSinkStats, LiveSourceStats, LiveStats};
pub use manifest::{
    Committed, Failure, FailureOrigin, Manifest, RunReport, SCHEMA_VERSION, ShardSummary,
    SinkSummary, SourceSummary, Status, TransformSummary, Violation,
};
pub use observer::{Observer, Period, RunEvent};
pub use run::{RunOptions, new_run, run};
pub use stage_span::STAGE_SPAN;
pub use stop::{Interrupt, StopSignal, Stopper};
pub use tracer::{TracedResult, TracedStep, Tracer};
