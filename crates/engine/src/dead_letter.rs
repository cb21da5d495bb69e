//! Dead letters: records that a stage refused, with the reason and their origin.

use serde::Serialize;
use serde_json::value::RawValue;
use taskferry_pipeline::StageId;
use taskferry_sdk::{Origin, Record, RunContext, StageError};
use tokio::sync::watch;

use crate::manifest::FailureOrigin;

/// One line of the dead-letter file.
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
    origin: FailureOrigin,
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

impl DeadLetter {
    /// `record` is the record as the stage received it.
    pub(crate) fn new(
        run: &RunContext,
        stage: &StageId,
        origin: &Origin,
        record: &Record,
        error: &StageError,
    ) -> Self {
        let line = Line {
            pipeline: &run.pipeline,
            run_id: &run.run_id,
            sandbox: run.sandbox,
            stage: Stage { role: stage.role.to_string(), name: &stage.name },
            error: Reason { message: error.full_message(), hint: error.hint_text() },
            origin: origin.into(),
            record: serde_json::from_slice(record.as_bytes()).unwrap_or(RawValue::NULL),
        };
        // Serializing texts and numbers can't fail.
        let mut line = serde_json::to_string(&line).unwrap_or_default();
        line.push('\n');
        Self(line)
    }

    /// The line, with its line break.
    pub(crate) fn as_line(&self) -> &str {
        &self.0
    }

    /// The total size of dead letters in bytes.
    pub(crate) fn size_of(dead_letters: &[Self]) -> u64 {
        dead_letters.iter().map(|dead_letter| dead_letter.0.len() as u64).sum()
    }
}

/// The size of unsaved dead letters in bytes, shared by the threads that produce, broadcast and save them.
///
/// While the size exceeds the limit, no page is sent to the sinks, so that a slow disk or a long `commit_interval`
/// slows the run instead of filling memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeadLetterBacklog(watch::Sender<u64>);

impl DeadLetterBacklog {
    /// The size in bytes above which no page is sent. The dead letters of one page may exceed the limit.
    const LIMIT: u64 = 8 << 20;

    pub(crate) fn add(&self, bytes: u64) {
        self.0.send_if_modified(|unsaved| {
            *unsaved += bytes;
            false
        });
    }

    pub(crate) fn remove(&self, bytes: u64) {
        self.0.send_modify(|unsaved| *unsaved = unsaved.saturating_sub(bytes));
    }

    pub(crate) fn is_full(&self) -> bool {
        *self.0.borrow() > Self::LIMIT
    }

    pub(crate) async fn wait_until_not_full(&self) {
        // The channel stays open as long as `self`.
        _ = self.0.subscribe().wait_for(|unsaved| *unsaved <= Self::LIMIT).await;
    }
}
