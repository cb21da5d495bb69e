//! Chooses the records to show, and finds the options that had no effect on any record.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use taskferry_config::{StageInfo, TextPosition};
use taskferry_pipeline::{Registry, StageId};
use taskferry_sdk::Record;

use crate::command::expression::Expression;
use crate::trace::{Outcome, RecordTrace, Selection};

/// A jq expression that is true for the records to show.
#[derive(Debug)]
pub(crate) struct Condition(Expression);

/// Counts and effects of all records read. Clones share the same data.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedCounts(Arc<Mutex<SelectionCounts>>);

#[derive(Debug, Default)]
pub(crate) struct SelectionCounts {
    /// The options that had an effect, by the name of their stage.
    effects: BTreeSet<(String, &'static str)>,
    kept: usize,
    pub(crate) is_delivered: bool,
    /// The first error of the condition, and the number of errors.
    pub(crate) condition_error: Option<String>,
    pub(crate) condition_errors: u64,
}

/// An option that the pipeline sets and that had no effect on any record.
#[derive(Debug)]
pub(crate) struct OptionWithoutEffect<'a> {
    pub(crate) stage: &'a StageId,
    pub(crate) option: &'static str,
    pub(crate) position: &'a TextPosition,
}

impl Condition {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The errors in the expression.
    pub(crate) fn new(expression: &str, registry: &Registry) -> Result<Self, String> {
        // The line break ends a comment in the expression.
        let selecting = format!("select({expression}\n)");
        let run = taskferry_engine::new_run("preview");
        Expression::new("--where", &selecting, registry, &run).map(Self)
    }

    fn holds(&self, record: &Record) -> Result<bool, String> {
        self.0.results(record).map(|results| !results.is_empty())
    }
}

impl SharedCounts {
    pub(crate) fn lock(&self) -> MutexGuard<'_, SelectionCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SelectionCounts {
    fn add_effects(&mut self, trace: &RecordTrace) {
        for step in &trace.steps {
            if let Outcome::Emitted { effects, .. } = &step.outcome {
                let name = &step.stage.name;
                self.effects.extend(effects.iter().map(|it| (name.clone(), it.option)));
            }
        }
    }

    fn matches(&mut self, condition: Option<&Condition>, record: &Record) -> bool {
        match condition.map_or(Ok(true), |condition| condition.holds(record)) {
            Ok(holds) => holds,
            Err(error) => {
                self.condition_errors += 1;
                self.condition_error.get_or_insert(error);
                false
            }
        }
    }

    /// The options of these stages that had no effect.
    pub(crate) fn idle_options<'a>(&self, stages: &'a [StageInfo]) -> Vec<OptionWithoutEffect<'a>> {
        let options = stages.iter().flat_map(|stage| {
            let explained = stage.explained_options.iter().copied();
            explained.filter_map(|option| {
                let position = stage.options.get(option)?;
                Some(OptionWithoutEffect { stage: &stage.id, option, position })
            })
        });
        let is_idle = |it: &OptionWithoutEffect<'_>| {
            !self.effects.contains(&(it.stage.name.clone(), it.option))
        };
        options.filter(is_idle).collect()
    }
}

/// The first `count` records that match. If none of these is delivered, also the first delivered record.
pub(crate) fn select(
    count: usize,
    id: Option<&str>,
    condition: Option<Condition>,
    max_pages: u64,
    counts: &SharedCounts,
) -> Selection {
    let (count, id) = if id.is_some() { (1, id.map(str::to_owned)) } else { (count, None) };
    let (is_searched, seen) = (id.is_some(), counts.clone());
    let keep = move |trace: &RecordTrace| {
        let mut seen = seen.lock();
        seen.add_effects(trace);
        if id.as_deref().is_some_and(|id| trace.origin.job.as_deref() != Some(id))
            || !seen.matches(condition.as_ref(), &trace.record)
        {
            return false;
        }
        let keeps =
            seen.kept < count || (!is_searched && !seen.is_delivered && trace.is_delivered());
        seen.kept += usize::from(keeps);
        seen.is_delivered |= keeps && trace.is_delivered();
        keeps
    };
    let seen = counts.clone();
    let is_enough = move |_: &[RecordTrace]| {
        let seen = seen.lock();
        seen.kept >= count && (is_searched || seen.is_delivered)
    };
    Selection { keep: Box::new(keep), is_enough: Box::new(is_enough), max_pages }
}
