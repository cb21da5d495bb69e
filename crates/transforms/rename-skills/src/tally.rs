//! Counts renamed and unknown skills.

use taskferry_sdk::{Counters, Output};

use crate::config::Match;
use crate::mapping::Mapping;

const RENAMED: &str = "renamed";
const UNKNOWN: &str = "unknown";
const MERGED: &str = "merged";
const DROPPED: &str = "dropped";
/// The number of names in a warning.
const MAX_SHOWN: usize = 3;

/// Counts the skills of one record.
#[derive(Debug)]
pub(crate) struct Tally<'o> {
    pub(crate) out: &'o mut Output,
    pub(crate) renamed: u64,
    unknown: u64,
    /// Skills that became equal to another skill of the same task.
    pub(crate) merged: u64,
    /// Unknown skills that were dropped.
    pub(crate) dropped: u64,
}

impl<'o> Tally<'o> {
    pub(crate) fn new(out: &'o mut Output) -> Self {
        Self { out, renamed: 0, unknown: 0, merged: 0, dropped: 0 }
    }

    /// Counts an unknown skill by its name, or else by its id.
    pub(crate) fn unknown(&mut self, name: &str) {
        self.unknown += 1;
        self.out.count_value(UNKNOWN, name);
    }

    pub(crate) fn count(self) {
        self.out.count(RENAMED, self.renamed);
        self.out.count(UNKNOWN, self.unknown);
        for (name, count) in [(MERGED, self.merged), (DROPPED, self.dropped)] {
            if count > 0 {
                self.out.count(name, count);
            }
        }
    }
}

impl Mapping {
    /// A warning if the run has renamed no skill, usually because the mapping spells the names differently.
    pub(crate) fn warning(&self, records_in: u64, totals: &Counters) -> Option<String> {
        let unknown = totals.get(UNKNOWN);
        if records_in == 0 || totals.get(RENAMED) > 0 {
            return None;
        }
        if unknown == 0 {
            return Some(
                "no skill was renamed, because no accepted record contains linked skills"
                    .to_owned(),
            );
        }
        let frequent = totals.frequent(UNKNOWN);
        let advice = if frequent.iter().any(|one| self.has_in_other_case(&one.value)) {
            "the mapping contains these names in a different case: set `match = \"ignore_case\"`"
        } else {
            "compare these names with the columns `skill` and `skill_id` of the mapping"
        };
        let shown = frequent.iter().take(MAX_SHOWN).map(|one| format!("`{}`", one.value));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let skills =
            if unknown == 1 { "1 skill is".to_owned() } else { format!("{unknown} skills are") };
        Some(format!(
            "no skill was renamed: {skills} not in the mapping, most often {shown}; {advice}"
        ))
    }

    fn has_in_other_case(&self, name: &str) -> bool {
        let compared = Match::IgnoreCase.compared(name);
        self.names().any(|known| Match::IgnoreCase.compared(known) == compared)
    }
}
