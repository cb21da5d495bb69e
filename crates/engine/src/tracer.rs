//! Follows records through the stages of a run, for previews, tests and explanations.

use std::fmt;

use taskferry_pipeline::StageId;
use taskferry_sdk::{Effect, Origin, Record, StageError};

/// Receives every record after every stage.
///
/// The threads of the run call the tracer. The records of each page come in order. A tracer must not block.
pub trait Tracer: fmt::Debug + Send + Sync {
    /// A stage has processed a record.
    fn on_record(&self, step: &TracedStep<'_>);

    /// A sink has received all records of a page.
    fn on_page(&self, sink: &StageId, page: u64);
}

/// One record at one stage.
#[derive(Debug)]
#[non_exhaustive]
pub struct TracedStep<'a> {
    /// The stage.
    pub stage: &'a StageId,
    /// The origin of the record.
    pub origin: &'a Origin,
    /// The record before the stage; `None` for a record of the source, and for a record that an ordered transform emits at
    /// the end.
    pub input: Option<&'a Record>,
    /// The result.
    pub result: TracedResult<'a>,
}

/// The result of a stage for one record.
#[derive(Debug)]
#[non_exhaustive]
pub enum TracedResult<'a> {
    /// The source or a transform has emitted records; none if it dropped the record.
    Emitted(&'a [Record], &'a [Effect]),
    /// The stage has refused the record.
    Refused(&'a StageError),
    /// The sink has accepted the record.
    Delivered,
}
