//! What happens to records.

use taskferry_engine::RunReport;
use taskferry_pipeline::StageId;
use taskferry_sdk::{Effect, Origin, Record};

/// Everything that happens to one record of the source.
#[derive(Debug)]
pub(crate) struct RecordTrace {
    pub(crate) origin: Origin,
    /// The record as the source returned it.
    pub(crate) record: Record,
    /// In the order of the stages. The sinks are in any order.
    pub(crate) steps: Vec<Step>,
}

/// What one stage does with one record.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) stage: StageId,
    /// The record before the stage; `None` for records that an ordered transform emits at the end.
    pub(crate) input: Option<Record>,
    pub(crate) outcome: Outcome,
}

/// The result of a stage for one record.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The records that a transform emitted. Empty if the transform dropped the record.
    Emitted { records: Vec<Record>, effects: Vec<Effect> },
    /// The stage has refused the record, for this reason.
    Refused(String),
    /// The sink has accepted the record as the row with this number, from 1.
    Delivered { row: u64 },
}

impl Step {
    /// Whether a transform emitted the record unchanged.
    pub(crate) fn is_unchanged(&self) -> bool {
        let Outcome::Emitted { records, .. } = &self.outcome else { return false };
        matches!((records.as_slice(), &self.input), ([one], Some(input)) if one == input)
    }
}

impl RecordTrace {
    /// Whether any sink accepted this record, or a record that was made from it.
    pub(crate) fn is_delivered(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.outcome, Outcome::Delivered { .. }))
    }
}

/// Whether the kept records suffice.
pub(crate) type IsEnough = Box<dyn Fn(&[RecordTrace]) -> bool + Send>;

/// Which records to keep, and how far to read.
pub(crate) struct Selection {
    /// Whether a record is kept. It receives each record in the order of the source, after all stages.
    pub(crate) keep: Box<dyn FnMut(&RecordTrace) -> bool + Send>,
    /// Whether the kept records suffice.
    pub(crate) is_enough: IsEnough,
    /// The maximum number of pages to read.
    pub(crate) max_pages: u64,
}

impl Selection {
    /// Every record of the source.
    pub(crate) fn everything() -> Self {
        Self { keep: Box::new(|_| true), is_enough: Box::new(|_| false), max_pages: u64::MAX }
    }

    /// The record with this id.
    pub(crate) fn of_id(id: &str) -> Self {
        let id = id.to_owned();
        Self {
            keep: Box::new(move |trace| trace.origin.job.as_deref() == Some(&id)),
            is_enough: Box::new(|kept| !kept.is_empty()),
            max_pages: u64::MAX,
        }
    }
}

/// The kept records, and how the run ended.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) records: Vec<RecordTrace>,
    /// The number of records that the source returned.
    pub(crate) read: u64,
    /// Whether the source was read to its end.
    pub(crate) is_complete: bool,
    pub(crate) report: RunReport,
}
