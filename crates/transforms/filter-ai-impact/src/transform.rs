//! The work: which tasks stay.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::Value;
use taskferry_json::{Member, string};
use taskferry_profile::AiLevel;
use taskferry_profile::null_tasks;
use taskferry_profile::text::{JobText, RecordText, TaskText};
use taskferry_profile::walk::{
    Misplaced, Object, Shape, check_tasks, retain_tasks, shape, visit_tasks,
};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::config::{EmptyJobs, Missing};
use crate::tally::{self, Tally};

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

impl Transform for Filter {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let found = RecordText::of(record.as_bytes()).and_then(|found| {
            let mut tally = Tally::default();
            let decision = self.decide(&found, &mut tally)?;
            tally.count(out);
            Some(decision)
        });
        match found {
            Some(Decision::Keep) => out.emit(record),
            Some(Decision::Drop) => {}
            Some(Decision::Replace(text)) => out.emit(Record::parse(text)?),
            None => self.apply_to_tree(record, out)?,
        }
        Ok(())
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        let null_tasks = null_tasks::warning(totals.get(null_tasks::NAME));
        let met_by_none = self.met_by_none(totals).filter(|_| records_in > 0);
        null_tasks.into_iter().chain(met_by_none).chain(tally::warnings(totals)).collect()
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
    fn decide<'a>(&self, record: &RecordText<'a>, tally: &mut Tally<'a>) -> Option<Decision> {
        match record {
            RecordText::Job(job) => self.decide_on_job(job, tally),
            RecordText::Row(row) if self.keeps_text(row, tally)? => Some(Decision::Keep),
            RecordText::Row(_) => Some(Decision::Drop),
        }
    }

    fn decide_on_job<'a>(&self, job: &JobText<'a>, tally: &mut Tally<'a>) -> Option<Decision> {
        let kept: Vec<bool> =
            job.tasks().map(|task| self.keeps_text(&task, tally)).collect::<Option<_>>()?;
        Some(if !kept.contains(&true) && self.empty_jobs == EmptyJobs::Drop {
            Decision::Drop
        } else if kept.contains(&false) {
            Decision::Replace(job.with_tasks(&kept))
        } else {
            Decision::Keep
        })
    }

    /// Whether a task stays; `None` if it takes the tree to tell, or to say what is wrong.
    fn keeps_text<'a, M: AsRef<[Member<'a>]>>(
        &self,
        task: &TaskText<'a, M>,
        tally: &mut Tally<'a>,
    ) -> Option<bool> {
        let level = match task.level()? {
            Some(b"null") | None => None,
            // Also what is no text, which the tree refuses.
            Some(level) => Some(string(level)?),
        };
        self.keeps_level(level, tally)
    }

    /// Warnings of levels in `levels` that nobody knows and that no task has: most likely they are misspelt.
    fn met_by_none(&self, totals: &Counters) -> impl Iterator<Item = String> {
        let wanted = match &self.wanted {
            Wanted::Exactly(wanted) => wanted.as_slice(),
            Wanted::Within(_) => &[],
        };
        let is_unmet =
            |level: &&String| level.parse::<AiLevel>().is_err() && !totals.is_noted(level);
        let unmet: BTreeSet<&String> = wanted.iter().filter(is_unmet).collect();
        unmet
            .into_iter()
            .map(|level| format!("no task has the level `{level}`; the levels are H1 to H5"))
    }

    /// Whether a task with this level stays; `None` if its record is to be refused.
    fn keeps_level<'a>(&self, level: Option<&'a str>, tally: &mut Tally<'a>) -> Option<bool> {
        let known: Option<AiLevel> = level.and_then(|level| level.parse().ok());
        let keeps = match (&self.wanted, level, known) {
            (Wanted::Exactly(wanted), Some(level), _) => wanted.iter().any(|text| text == level),
            (Wanted::Within(range), _, Some(level)) => range.contains(&level),
            _ => match self.missing {
                Missing::Drop => false,
                Missing::Keep => true,
                Missing::Fail => return None,
            },
        };
        tally.has_level |= level.is_some();
        match level {
            None => tally.without_level += u64::from(!keeps),
            Some(_) if known.is_some() => {}
            Some(level) if !keeps => tally.unknown_levels.push(level),
            // In a range any text may be kept: only those in `levels` are few.
            Some(level) if matches!(self.wanted, Wanted::Exactly(_)) => {
                tally.unknown_kept.push(level);
            }
            Some(_) => {}
        }
        Some(keeps)
    }

    fn apply_to_tree(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut tree = record.value()?;
        let value = &tree;
        match shape(value) {
            Shape::Row => {
                let mut tally = Tally::default();
                let keeps = value.as_object().map(|row| self.keeps(row, &mut tally)).transpose()?;
                tally.count(out);
                if keeps == Some(true) {
                    out.emit(record);
                }
            }
            Shape::Job => {
                if check_tasks(value).map_err(|found| misplaced(&found))? > 0 {
                    out.count(null_tasks::NAME, 1);
                }
                let mut tally = Tally::default();
                let kept = self.verdicts(value, &mut tally)?;
                tally.count(out);
                if !kept.contains(&true) && self.empty_jobs == EmptyJobs::Drop {
                    return Ok(());
                }
                if kept.contains(&false) {
                    let mut kept = kept.into_iter();
                    retain_tasks(&mut tree, |_| kept.next().unwrap_or(true));
                    out.emit(tree);
                } else {
                    out.emit(record);
                }
            }
            Shape::Other => return Err(neither_job_nor_row()),
        }
        Ok(())
    }

    /// For every task of a job whether it stays: all are asked before anything is changed, so that a record
    /// that loses nothing keeps its text.
    fn verdicts<'a>(&self, job: &'a Value, tally: &mut Tally<'a>) -> Result<Vec<bool>, StageError> {
        let mut kept = Vec::new();
        visit_tasks(job, |task, _| {
            kept.push(self.keeps(task, tally)?);
            Ok::<(), StageError>(())
        })?;
        Ok(kept)
    }

    fn keeps<'a>(&self, task: &'a Object, tally: &mut Tally<'a>) -> Result<bool, StageError> {
        let level = level_of(task)?;
        self.keeps_level(level, tally).ok_or_else(|| without_level(task, level))
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
