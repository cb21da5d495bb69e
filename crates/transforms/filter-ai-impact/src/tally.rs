//! Counts tasks without a known level, and dropped records by the option that dropped them.

use taskferry_profile::null_tasks;
use taskferry_sdk::{Counters, Output};

const WITHOUT_LEVEL: &str = "without_level";
const UNKNOWN_LEVEL: &str = "unknown_level";
/// Noted if a task of the record has a level, known or unknown.
const LEVEL: &str = "level";
/// The counters of dropped records, by the option that dropped their tasks.
const DROPPED: &[(&str, &str)] = &[
    ("levels", "dropped_by_levels"),
    ("at_least", "dropped_by_at_least"),
    ("at_most", "dropped_by_at_most"),
    ("missing", "dropped_by_missing"),
    ("empty_jobs", "dropped_by_empty_jobs"),
];
/// The number of levels in a warning.
const MAX_SHOWN: usize = 3;

/// Counts the tasks of one record.
#[derive(Debug)]
pub(crate) struct Tally<'o> {
    pub(crate) out: &'o mut Output,
    /// Whether `tasks` or a branch is null.
    pub(crate) has_null_tasks: bool,
    /// Whether any task has a level.
    pub(crate) has_level: bool,
    /// The number of tasks that were dropped because they have no level.
    pub(crate) without_level: u64,
    unknown_levels: u64,
    /// The option that dropped the last dropped task.
    pub(crate) dropped_by: Option<&'static str>,
}

impl<'o> Tally<'o> {
    pub(crate) fn new(out: &'o mut Output) -> Self {
        Self {
            out,
            has_null_tasks: false,
            has_level: false,
            without_level: 0,
            unknown_levels: 0,
            dropped_by: None,
        }
    }

    /// Counts a dropped record. A job without tasks is dropped by `empty_jobs`.
    pub(crate) fn record_dropped(&mut self) {
        let option = self.dropped_by.unwrap_or("empty_jobs");
        if let Some((_, counter)) = DROPPED.iter().find(|(known, _)| *known == option) {
            self.out.count(counter, 1);
        }
    }

    /// Counts a dropped task with an unknown level.
    pub(crate) fn unknown_level(&mut self, level: &str) {
        self.unknown_levels += 1;
        self.out.count_value(UNKNOWN_LEVEL, level);
    }

    pub(crate) fn count(self) {
        if self.has_level {
            self.out.note(LEVEL);
        }
        let counts = [
            (null_tasks::NAME, u64::from(self.has_null_tasks)),
            (WITHOUT_LEVEL, self.without_level),
            (UNKNOWN_LEVEL, self.unknown_levels),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        counts.for_each(|(name, count)| self.out.count(name, count));
    }
}

/// The warnings about dropped tasks.
pub(crate) fn warnings(totals: &Counters) -> impl Iterator<Item = String> {
    [without_level(totals), unknown_level(totals)].into_iter().flatten()
}

fn without_level(totals: &Counters) -> Option<String> {
    let tasks = match totals.get(WITHOUT_LEVEL) {
        0 => return None,
        _ if totals.is_noted(LEVEL) => return None,
        1 => "the only task has no AI impact level and was dropped".to_owned(),
        tasks => format!("none of the {tasks} tasks has an AI impact level, and all were dropped"),
    };
    Some(format!(
        "{tasks}; set `include = [\"ai_impact\"]` in [source], or set `missing = \"keep\"`"
    ))
}

fn unknown_level(totals: &Counters) -> Option<String> {
    let tasks = match totals.get(UNKNOWN_LEVEL) {
        0 => return None,
        1 => "1 task with an unknown AI impact level was dropped".to_owned(),
        tasks => format!("{tasks} tasks with an unknown AI impact level were dropped"),
    };
    let frequent = totals.frequent(UNKNOWN_LEVEL);
    let shown = frequent.iter().take(MAX_SHOWN).map(|one| format!("\"{}\"", one.value));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let most = if frequent.len() > 1 { ", most often" } else { ":" };
    Some(format!("{tasks}{most} {shown}; known levels are H1 to H5"))
}
