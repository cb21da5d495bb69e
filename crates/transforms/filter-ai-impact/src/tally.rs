//! Tasks that were left out for want of a level that is known.

use taskferry_sdk::{Counters, Output};

const WITHOUT_LEVEL: &str = "without_level";
const UNKNOWN_LEVEL: &str = "unknown_level";
/// Noted where any task has a level, known or not.
const LEVEL: &str = "level";
/// How many levels a warning shows.
const SHOWN: usize = 3;

/// The tasks of one record.
#[derive(Debug, Default)]
pub(crate) struct Tally<'a> {
    /// Whether any has a level.
    pub(crate) has_level: bool,
    /// How many were left out because they have none.
    pub(crate) without_level: u64,
    /// The levels of those that were left out and have one that is not known.
    pub(crate) unknown_levels: Vec<&'a str>,
    /// The levels of those that were kept and have one that is not known.
    pub(crate) unknown_kept: Vec<&'a str>,
}

impl Tally<'_> {
    pub(crate) fn count(self, out: &mut Output) {
        if self.has_level {
            out.note(LEVEL);
        }
        self.unknown_kept.iter().for_each(|level| out.note(level));
        if self.without_level > 0 {
            out.count(WITHOUT_LEVEL, self.without_level);
        }
        if !self.unknown_levels.is_empty() {
            out.count(UNKNOWN_LEVEL, self.unknown_levels.len() as u64);
        }
        self.unknown_levels.iter().for_each(|level| out.count_value(UNKNOWN_LEVEL, level));
    }
}

/// What the reader of a run's summary should know about tasks that were left out.
pub(crate) fn warnings(totals: &Counters) -> impl Iterator<Item = String> {
    [without_level(totals), unknown_level(totals)].into_iter().flatten()
}

fn without_level(totals: &Counters) -> Option<String> {
    let tasks = match totals.get(WITHOUT_LEVEL) {
        0 => return None,
        _ if totals.is_noted(LEVEL) => return None,
        1 => "the only task has no AI impact level and was left out".to_owned(),
        tasks => format!("none of the {tasks} tasks has an AI impact level, and all were left out"),
    };
    Some(format!("{tasks}; ask for `include = [\"ai_impact\"]`, or keep them with `missing`"))
}

fn unknown_level(totals: &Counters) -> Option<String> {
    let tasks = match totals.get(UNKNOWN_LEVEL) {
        0 => return None,
        1 => "1 task with an unknown AI impact level was left out".to_owned(),
        tasks => format!("{tasks} tasks with an unknown AI impact level were left out"),
    };
    let frequent = totals.frequent(UNKNOWN_LEVEL);
    let shown = frequent.iter().take(SHOWN).map(|one| format!("\"{}\"", one.value));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let most = if frequent.len() > 1 { ", most often" } else { ":" };
    Some(format!("{tasks}{most} {shown}; the levels are H1 to H5"))
}
