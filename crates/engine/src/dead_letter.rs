//! Records that a stage refused, kept with the reason and their origin.

use serde::Serialize;
use serde_json::value::RawValue;
use taskferry_pipeline::StageId;
use taskferry_sdk::{Record, RunContext, StageError};

/// One line of the file of dead letters.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetter(String);

#[derive(Serialize)]
struct Line<'a> {
    pipeline: &'a str,
    run_id: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sandbox: bool,
    stage: Stage<'a>,
    error: Reason<'a>,
    origin: Origin<'a>,
    record: &'a RawValue,
}

#[derive(Serialize)]
struct Stage<'a> {
    role: String,
    name: &'a str,
}

#[derive(Serialize)]
struct Reason<'a> {
    message: String,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct Origin<'a> {
    page: u64,
    cursor: Option<&'a str>,
    index: usize,
    job: Option<&'a str>,
}

impl DeadLetter {
    /// The dead letter of a record as the stage that refused it got it.
    pub(crate) fn new(
        run: &RunContext,
        stage: &StageId,
        origin: &taskferry_sdk::Origin,
        record: &Record,
        error: &StageError,
    ) -> Self {
        let record = serde_json::from_slice(record.as_bytes()).unwrap_or(RawValue::NULL);
        let line = Line {
            pipeline: &run.pipeline,
            run_id: &run.run_id,
            sandbox: run.sandbox,
            stage: Stage { role: stage.role.to_string(), name: &stage.name },
            error: Reason { message: error.full_message(), hint: error.hint_text() },
            origin: Origin {
                page: origin.page,
                cursor: origin.cursor.as_ref().map(taskferry_sdk::Cursor::as_str),
                index: origin.index,
                job: origin.job.as_deref(),
            },
            record,
        };
        // Texts and numbers can always be written.
        let mut line = serde_json::to_string(&line).unwrap_or_default();
        line.push('\n');
        Self(line)
    }

    /// The line, with its end.
    pub(crate) fn as_line(&self) -> &str {
        &self.0
    }
}
