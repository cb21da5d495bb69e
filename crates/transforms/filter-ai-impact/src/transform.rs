//! The work: which tasks stay.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use serde_json::Value;
use taskferry_core::{Counters, Emitter, ErrorKind, Record, StageError, Transform};
use taskferry_json::{Member, string};
use taskferry_profile::AiLevel;
use taskferry_profile::null_tasks;
use taskferry_profile::text::{JobText, RecordText, TaskText};
use taskferry_profile::walk::{
    Misplaced, Object, Shape, check_tasks, retain_tasks, shape, visit_tasks,
};

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
    fn takes_any_order(&self) -> bool {
        true
    }

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

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        null_tasks::warning(totals.get(null_tasks::NAME)).into_iter().collect()
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
            // Also what is no text, which the tree refuses.
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
        match shape(value) {
            Shape::Row => {
                if value.as_object().map(|row| self.keeps(row)).transpose()?.unwrap_or(false) {
                    out.emit(record);
                }
            }
            Shape::Job => {
                if check_tasks(value).map_err(|found| misplaced(&found))? > 0 {
                    out.count(null_tasks::NAME, 1);
                }
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
        let level = level_of(task)?;
        match (&self.wanted, level, level.map(str::parse)) {
            (Wanted::Exactly(wanted), Some(level), _) => {
                Ok(wanted.iter().any(|text| text == level))
            }
            (Wanted::Within(range), _, Some(Ok(level))) => Ok(range.contains(&level)),
            _ => match self.missing {
                Missing::Drop => Ok(false),
                Missing::Keep => Ok(true),
                Missing::Fail => Err(without_level(task, level)),
            },
        }
    }
}

/// The level of a task: in `ai_impact` as the API sends it, or in `ai_impact_level` as rows carry it. A task whose level can't
/// be read is refused: it would be taken for one without a level.
fn level_of(task: &Object) -> Result<Option<&str>, StageError> {
    let wrong = |place, found, expected| {
        let task = task_name(task);
        misplaced(&Misplaced::new(place, found, expected)).context(format!("task `{task}`"))
    };
    let nested = match task.get("ai_impact") {
        None | Some(Value::Null) => None,
        Some(Value::Object(impact)) => impact.get("level").map(|level| ("ai_impact.level", level)),
        Some(other) => return Err(wrong("ai_impact", other, "an object with a level")),
    };
    let level =
        nested.or_else(|| task.get("ai_impact_level").map(|level| ("ai_impact_level", level)));
    match level {
        None | Some((_, Value::Null)) => Ok(None),
        Some((_, Value::String(level))) => Ok(Some(level)),
        Some((place, other)) => Err(wrong(place, other, "a level such as \"H1\"")),
    }
}

fn task_name(task: &Object) -> String {
    let id = task.get("task_id");
    let name = id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    name.unwrap_or_else(|| "without an id".to_owned())
}

fn without_level(task: &Object, level: Option<&str>) -> StageError {
    let name = task_name(task);
    let message = match level {
        None => format!("task `{name}` has no AI impact level"),
        Some(level) => format!("task `{name}` has the unknown AI impact level \"{level}\""),
    };
    StageError::new(ErrorKind::Record, message).hint(
        "ask for `include = [\"ai_impact\"]`; tasks that have no level yet are kept or left out with `missing`",
    )
}

fn misplaced(found: &Misplaced) -> StageError {
    StageError::new(ErrorKind::Record, found.to_string()).hint(Misplaced::HINT)
}

fn neither_job_nor_row() -> StageError {
    StageError::new(ErrorKind::Record, "the record is neither a job, nor a task, nor a row")
        .hint("put `filter_ai_impact` before the transform that gives records a shape of their own")
}
