//! The work: which tasks stay.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use serde_json::Value;
use taskferry_core::{Emitter, ErrorKind, Record, StageError, Transform};
use taskferry_json::{Member, string};
use taskferry_profile::AiLevel;
use taskferry_profile::text::{JobText, RecordText, TaskText};
use taskferry_profile::walk::{Object, Shape, no_task, retain_tasks, shape, visit_tasks};

use crate::config::{EmptyJobs, Missing};

/// Which levels are wanted.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// These and no others.
    Exactly(Vec<String>),
    /// All known ones of a range.
    Within(RangeInclusive<AiLevel>),
}

#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) wanted: Wanted,
    pub(crate) missing: Missing,
    pub(crate) empty_jobs: EmptyJobs,
}

#[async_trait]
impl Transform for Filter {
    async fn apply(&self, record: Record, out: &mut Emitter) -> Result<(), StageError> {
        let found = record
            .text()
            .and_then(|text| RecordText::of(text))
            .and_then(|found| self.decide(&found));
        match found {
            Some(Decision::Keep) => out.emit(record),
            Some(Decision::Drop) => {}
            Some(Decision::Replace(text)) => out.emit(Record::from_text(text)),
            None => self.apply_to_tree(record, out)?,
        }
        Ok(())
    }
}

/// What is done with a record, as far as its text tells.
enum Decision {
    Keep,
    Drop,
    Replace(Vec<u8>),
}

impl Filter {
    /// `None` if it takes the tree to tell.
    fn decide(&self, record: &RecordText<'_>) -> Option<Decision> {
        match record {
            RecordText::Job(job) => self.decide_on_job(job),
            RecordText::Row(row) if self.keeps_text(row)? => Some(Decision::Keep),
            RecordText::Row(_) => Some(Decision::Drop),
        }
    }

    fn decide_on_job(&self, job: &JobText<'_>) -> Option<Decision> {
        let kept: Vec<bool> =
            job.tasks().map(|task| self.keeps_text(&task)).collect::<Option<_>>()?;
        Some(if !kept.contains(&true) && self.empty_jobs == EmptyJobs::Drop {
            Decision::Drop
        } else if kept.contains(&false) {
            Decision::Replace(job.with_tasks(&kept))
        } else {
            Decision::Keep
        })
    }

    /// Whether a task stays; `None` if it takes the tree to tell, or to say what is wrong.
    fn keeps_text<'a, M: AsRef<[Member<'a>]>>(&self, task: &TaskText<'a, M>) -> Option<bool> {
        let level = match task.level()? {
            Some(b"null") | None => None,
            Some(level) => Some(string(level)?),
        };
        match (&self.wanted, level, level.map(str::parse)) {
            (Wanted::Exactly(wanted), Some(level), _) => {
                Some(wanted.iter().any(|text| text == level))
            }
            (Wanted::Within(range), _, Some(Ok(level))) => Some(range.contains(&level)),
            _ => match self.missing {
                Missing::Drop => Some(false),
                Missing::Keep => Some(true),
                Missing::Fail => None,
            },
        }
    }

    fn apply_to_tree(&self, mut record: Record, out: &mut Emitter) -> Result<(), StageError> {
        let value = record.value()?;
        refuse_what_is_no_task(value)?;
        match shape(value) {
            Shape::Row => {
                if value.as_object().map(|row| self.keeps(row)).transpose()?.unwrap_or(false) {
                    out.emit(record);
                }
            }
            Shape::Job => {
                let kept = self.verdicts(value)?;
                if !kept.contains(&true) && self.empty_jobs == EmptyJobs::Drop {
                    return Ok(());
                }
                if kept.contains(&false) {
                    let mut kept = kept.into_iter();
                    retain_tasks(record.value_mut()?, |_| kept.next().unwrap_or(true));
                }
                out.emit(record);
            }
            Shape::Other => return Err(neither_job_nor_row()),
        }
        Ok(())
    }

    /// For every task of a job whether it stays: all are asked before anything is changed, so that a record
    /// that loses nothing keeps its text.
    fn verdicts(&self, job: &Value) -> Result<Vec<bool>, StageError> {
        let mut kept = Vec::new();
        visit_tasks(job, |task, _| {
            kept.push(self.keeps(task)?);
            Ok::<(), StageError>(())
        })?;
        Ok(kept)
    }

    fn keeps(&self, task: &Object) -> Result<bool, StageError> {
        let level = level_of(task);
        match (&self.wanted, level.as_str().map(str::parse)) {
            (Wanted::Exactly(wanted), _) if !level.is_null() => {
                Ok(level.as_str().is_some_and(|level| wanted.iter().any(|text| text == level)))
            }
            (Wanted::Within(range), Some(Ok(level))) => Ok(range.contains(&level)),
            _ => match self.missing {
                Missing::Drop => Ok(false),
                Missing::Keep => Ok(true),
                Missing::Fail => Err(without_level(task, level)),
            },
        }
    }
}

/// The level of a task: in `ai_impact` as the API sends it, or in `ai_impact_level` as rows carry it.
fn level_of(task: &Object) -> &Value {
    let nested = task.get("ai_impact").and_then(|impact| impact.get("level"));
    nested.or_else(|| task.get("ai_impact_level")).unwrap_or(&Value::Null)
}

fn without_level(task: &Object, level: &Value) -> StageError {
    let name =
        task.get("task_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let name = name.unwrap_or_else(|| "without an id".to_owned());
    let message = if level.is_null() {
        format!("task `{name}` has no AI impact level")
    } else {
        format!("task `{name}` has the unknown AI impact level {level}")
    };
    StageError::new(ErrorKind::Record, message).hint(
        "ask for `include = [\"ai_impact\"]`; tasks that have no level yet are kept or left out with `missing`",
    )
}

fn refuse_what_is_no_task(record: &Value) -> Result<(), StageError> {
    let Some(position) = no_task(record).filter(|_| shape(record) == Shape::Job) else {
        return Ok(());
    };
    let message = format!("task {} of the job has no `task_id`", position + 1);
    let hint = "nothing is known of such a task; `on_error = \"skip\"` leaves the whole job out";
    Err(StageError::new(ErrorKind::Record, message).hint(hint))
}

fn neither_job_nor_row() -> StageError {
    StageError::new(ErrorKind::Record, "the record is neither a job, nor a task, nor a row")
        .hint("put `filter_ai_impact` before the transform that gives records a shape of their own")
}
