//! Runs a pipeline: fetch, transform, deliver, commit.
//!
//! Pages go through bounded channels. The source runs in a task, the transforms on up to four worker threads, and each
//! sink on a thread of its own, so that reading, transforming and writing overlap. The order of pages is kept, and memory
//! holds a few pages however long the export is.
//!
//! ```text
//! source ──pages──▶ transforms ──batches──▶ sink (its own transforms, write, commit)
//!  (task)            (threads)     └──────▶ sink …                        │
//!     ▲                 │                                                 │
//!     └──── stop ── dispatcher ◀──────────── what happened ───────────────┘
//! ```
//!
//! The dispatcher (`dispatch.rs`), which [`run`] starts, records how far the run is. The other parts send it events
//! (`event.rs`).
//!
//! A page goes through `fetch.rs`, `workers.rs`, `worker_pool.rs`, `chain.rs`, `step.rs`, `broadcaster.rs` and `deliver.rs`.
//! `ledger.rs` records the commits, `keeper.rs` saves them, and `dispatch/publish.rs` publishes the output.
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
//! let source = SourceStage { name: "pages".to_owned(), type_name: "pages", feed: Feed::Source(Box::new(OnePage(false))) };
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

mod account;
mod backlog;
mod broadcaster;
mod chain;
mod checkpoint;
mod clock;
mod commit_policy;
mod complete;
mod dead_letter;
mod deliver;
mod dispatch;
mod envelope;
mod event;
mod expect;
mod fetch;
mod forget;
mod keeper;
mod ledger;
mod letter_file;
mod live_stats;
mod manifest;
mod observe;
mod ordered;
mod outline;
mod run;
mod run_report;
mod start;
mod step;
mod stop;
mod tally;
mod threads;
mod watchdog;
mod worker_pool;
mod workers;

pub use checkpoint::{UnfinishedRun, unfinished_run};
pub use complete::{FinishedRun, conflicting_run, last_complete, last_finished_run};
pub use live_stats::{LiveSinkStats, LiveSourceStats, LiveStats};
pub use manifest::{
    Committed, Failure, FailureOrigin, Manifest, ShardSummary, SinkSummary, SourceSummary, Status,
    TransformSummary, Violation,
};
pub use observe::{Observer, Period, RunEvent};
pub use run::{RunOptions, new_run, run};
pub use run_report::RunReport;
pub use stop::{Interrupt, StopSignal, Stopper};
