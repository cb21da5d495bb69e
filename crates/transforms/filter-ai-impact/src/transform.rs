//! The transform.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use taskferry_profile::{AiLevel, EmptyJobs, Mismatch, Profile, ai_level, null_tasks, task_name};
use taskferry_sdk::json::Node;
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::config::Missing;
use crate::tally::{self, Tally};

/// The levels to keep.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Exactly these.
    Exactly(Vec<String>),
    /// A range of known levels.
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
        let (mut edit, mut tally) = (record.edit()?, Tally::new(out));
        let stays = match Profile::of(record.root()?).map_err(|found| refused(&found))? {
            Profile::Row(row) => self.keeps(row, &mut tally)?,
            Profile::Job(job) => {
                tally.has_null_tasks = job.has_null_tasks();
                let kept = job.retain_tasks(&mut edit, |task| self.keeps(task, &mut tally))?;
                if kept == 0 {
                    let verb = if self.empty_jobs == EmptyJobs::Keep { "keeps" } else { "drops" };
                    tally.out.explain("empty_jobs", || format!("{verb} the job: no task remains"));
                }
                kept > 0 || self.empty_jobs == EmptyJobs::Keep
            }
        };
        if !stays {
            tally.record_dropped();
        }
        tally.count();
        if stays {
            out.emit(edit.finish_if_changed().map_or(record, Record::from));
        }
        Ok(())
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        let null_tasks = null_tasks::warning(totals.get(null_tasks::NAME));
        let unused_levels = self.unused_levels(totals).filter(|_| records_in > 0);
        null_tasks.into_iter().chain(unused_levels).chain(tally::warnings(totals)).collect()
    }
}

impl Filter {
    /// Whether a task is kept.
    fn keeps(&self, task: Node<'_>, tally: &mut Tally<'_>) -> Result<bool, StageError> {
        let level = ai_level(task)
            .map_err(|found| refused(&found).context(format!("task `{}`", task_name(task))))?;
        let known: Option<AiLevel> = level.as_deref().and_then(|level| level.parse().ok());
        let (option, keeps) = match (&self.wanted, &level, known) {
            (Wanted::Exactly(wanted), Some(level), _) => {
                ("levels", wanted.iter().any(|text| text == level))
            }
            (Wanted::Within(range), _, Some(level)) if level < *range.start() => {
                ("at_least", false)
            }
            (Wanted::Within(range), _, Some(level)) => ("at_most", range.contains(&level)),
            _ => match self.missing {
                Missing::Drop => ("missing", false),
                Missing::Keep => ("missing", true),
                Missing::Fail => return Err(without_level(task, level.as_deref())),
            },
        };
        if option == "missing" || !keeps {
            tally.out.explain(option, || {
                let (verb, name) = (if keeps { "keeps" } else { "drops" }, task_name(task));
                let level = level.as_deref().map(|level| format!("its level is {level}"));
                let reason = level.unwrap_or_else(|| "it has no level".to_owned());
                format!("{verb} the task `{name}`: {reason}")
            });
        }
        if !keeps {
            tally.dropped_by = Some(option);
        }
        tally.has_level |= level.is_some();
        match level {
            None => tally.without_level += u64::from(!keeps),
            Some(_) if known.is_some() => {}
            Some(level) if !keeps => tally.unknown_level(&level),
            // The note for `unused_levels`. Kept levels are in `levels`, so there are few different notes.
            Some(level) if matches!(self.wanted, Wanted::Exactly(_)) => tally.out.note(&level),
            Some(_) => {}
        }
        Ok(keeps)
    }

    /// Warnings about unknown levels in `levels` that no task has, which are most likely misspelled.
    fn unused_levels(&self, totals: &Counters) -> impl Iterator<Item = String> {
        let wanted = match &self.wanted {
            Wanted::Exactly(wanted) => wanted.as_slice(),
            Wanted::Within(_) => &[],
        };
        let is_unused =
            |level: &&String| level.parse::<AiLevel>().is_err() && !totals.is_noted(level);
        let unused: BTreeSet<&String> = wanted.iter().filter(is_unused).collect();
        unused
            .into_iter()
            .map(|level| format!("no task has the level `{level}`; the levels are H1 to H5"))
    }
}

fn without_level(task: Node<'_>, level: Option<&str>) -> StageError {
    let name = task_name(task);
    let message = match level {
        None => format!("task `{name}` has no AI impact level"),
        Some(level) => format!("task `{name}` has the unknown AI impact level \"{level}\""),
    };
    StageError::new(ErrorKind::Record, message).hint(
        "set `include = [\"ai_impact\"]` in [source], or set `missing` to \"keep\" or \"drop\"",
    )
}

fn refused(found: &Mismatch) -> StageError {
    StageError::new(ErrorKind::Record, found.to_string()).hint(found.hint("filter_ai_impact"))
}
