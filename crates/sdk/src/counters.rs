//! A transform's own counters.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The maximum number of different values kept for a name.
const MAX_VALUES: usize = 256;
/// The number of values reported for a name.
const MAX_REPORTED: usize = 10;
/// The maximum number of characters kept of a value.
const MAX_LENGTH: usize = 200;

/// Counts by name, and for some names the most frequent values.
///
/// A transform counts through its [`Output`](crate::Output). The engine adds the counts up and saves them with the checkpoint, so
/// a resumed run has the same totals as an uninterrupted one.
///
/// ```
/// use taskferry_sdk::Counters;
///
/// let mut counters = Counters::default();
/// counters.add("renamed", 2);
/// for name in ["Python", "SQL", "Python"] {
///     counters.add_value("unknown", name);
/// }
/// assert_eq!((counters.get("renamed"), counters.get("other")), (2, 0));
/// assert_eq!(counters.frequent("unknown")[0].value, "Python");
/// assert_eq!(counters.frequent("unknown")[0].count, 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    counts: BTreeMap<Cow<'static, str>, u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<Cow<'static, str>, Values>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    notes: BTreeSet<String>,
}

/// A counted value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FrequentValue {
    /// The value, cut after 200 characters.
    pub value: String,
    /// How often it was counted. The number is exact if the name has at most 256 different values; otherwise it is a lower bound.
    pub count: u64,
}

/// Counts of values in bounded memory (Misra and Gries, 1982). When there are too many values, all counts decrease by the same
/// number, and values with a count of zero are removed. Frequent values always remain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Values(BTreeMap<String, u64>);

impl Counters {
    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.values.is_empty() && self.notes.is_empty()
    }

    /// The count of a name; zero if it was never counted.
    pub fn get(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// All counts, sorted by name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(name, count)| (&**name, *count))
    }

    /// The names with counted values.
    pub fn names_with_values(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(|name| &**name)
    }

    /// The ten most frequent values of a name, the most frequent first.
    pub fn frequent(&self, name: &str) -> Vec<FrequentValue> {
        let values = self.values.get(name).into_iter().flat_map(|values| &values.0);
        let mut all: Vec<_> = values.collect();
        all.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
        all.truncate(MAX_REPORTED);
        let frequent =
            |(value, count): (&String, &u64)| FrequentValue { value: value.clone(), count: *count };
        all.into_iter().map(frequent).collect()
    }

    /// Adds to the count of a name. After adding zero, the name is reported with zero.
    pub fn add(&mut self, name: &'static str, count: u64) {
        *self.counts.entry(Cow::Borrowed(name)).or_default() += count;
    }

    /// Counts a value of a name.
    pub fn add_value(&mut self, name: &'static str, value: &str) {
        let end = value.char_indices().nth(MAX_LENGTH).map_or(value.len(), |(end, _)| end);
        let value = value.get(..end).unwrap_or_default();
        let values = self.values.entry(Cow::Borrowed(name)).or_default();
        if let Some(count) = values.0.get_mut(value) {
            *count += 1;
        } else {
            values.0.insert(value.to_owned(), 1);
            values.bound();
        }
    }

    /// Adds a note.
    pub fn note(&mut self, seen: &str) {
        if !self.notes.contains(seen) {
            self.notes.insert(seen.to_owned());
        }
    }

    /// Whether a note was added. Reports don't show notes.
    pub fn is_noted(&self, seen: &str) -> bool {
        self.notes.contains(seen)
    }

    /// Adds all counts and notes of `more`.
    pub fn merge(&mut self, more: &Self) {
        for (name, count) in &more.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
        for (name, more) in &more.values {
            let values = self.values.entry(name.clone()).or_default();
            for (value, count) in &more.0 {
                *values.0.entry(value.clone()).or_default() += count;
            }
            values.bound();
        }
        more.notes.iter().for_each(|seen| self.note(seen));
    }
}

impl Values {
    fn bound(&mut self) {
        if self.0.len() <= MAX_VALUES {
            return;
        }
        let mut counts: Vec<u64> = self.0.values().copied().collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let least = counts.get(MAX_VALUES).copied().unwrap_or_default();
        self.0.retain(|_, count| {
            *count = count.saturating_sub(least);
            *count > 0
        });
    }
}
