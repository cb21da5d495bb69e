//! How many names were renamed, how many are not known, and which.

use std::borrow::Cow;

use serde_json::Value;
use taskferry_profile::walk::{Object, visit_linked_skills};
use taskferry_sdk::{Counters, Output};

use crate::config::Match;
use crate::mapping::Mapping;
use crate::transform::text_of;

const RENAMED: &str = "renamed";
const UNKNOWN: &str = "unknown";
/// How many names a warning shows.
const SHOWN: usize = 3;

/// The skills of one record.
#[derive(Debug, Default)]
pub(crate) struct Tally<'a> {
    pub(crate) renamed: u64,
    /// Their names, or ids where they have no name.
    pub(crate) unknown: Vec<Cow<'a, str>>,
}

/// A place in a tally.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    renamed: u64,
    unknown: usize,
}

impl Tally<'_> {
    pub(crate) fn mark(&self) -> Mark {
        Mark { renamed: self.renamed, unknown: self.unknown.len() }
    }

    /// Takes back what was noted since.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        self.renamed = mark.renamed;
        self.unknown.truncate(mark.unknown);
    }

    pub(crate) fn note_unknown(&mut self, skill: &Object) {
        let name = text_of(skill, "skill").or_else(|| text_of(skill, "skill_id"));
        self.unknown.extend(name.map(|name| Cow::Owned(name.to_owned())));
    }

    /// Of a record in which no skill is known.
    pub(crate) fn note_all_unknown(&mut self, record: &Value) {
        let visited = visit_linked_skills(record, &mut |skills| {
            let skills = skills.as_array().into_iter().flatten();
            skills.filter_map(Value::as_object).for_each(|skill| self.note_unknown(skill));
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(()) = visited;
    }

    pub(crate) fn count(self, out: &mut Output) {
        out.count(RENAMED, self.renamed);
        out.count(UNKNOWN, self.unknown.len() as u64);
        self.unknown.iter().for_each(|name| out.count_value(UNKNOWN, name));
    }
}

impl Mapping {
    /// A warning where a run has renamed nothing: most often the names in the mapping are written in another way.
    pub(crate) fn warning(&self, records_in: u64, totals: &Counters) -> Option<String> {
        let unknown = totals.get(UNKNOWN);
        if records_in == 0 || totals.get(RENAMED) > 0 {
            return None;
        }
        if unknown == 0 {
            return Some("nothing was renamed: no record has a linked skill".to_owned());
        }
        let frequent = totals.frequent(UNKNOWN);
        let advice = if frequent.iter().any(|one| self.knows_in_another_case(&one.value)) {
            "the mapping has them in upper or lower case: choose `match = \"ignore_case\"`"
        } else {
            "compare them with the columns `skill` and `skill_id` of the mapping"
        };
        let shown = frequent.iter().take(SHOWN).map(|one| format!("`{}`", one.value));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let skills =
            if unknown == 1 { "1 skill is".to_owned() } else { format!("{unknown} skills are") };
        Some(format!(
            "nothing was renamed: {skills} not in the mapping, most often {shown}; {advice}"
        ))
    }

    fn knows_in_another_case(&self, name: &str) -> bool {
        let compared = Match::IgnoreCase.compared(name);
        self.names().any(|known| Match::IgnoreCase.compared(known) == compared)
    }
}
