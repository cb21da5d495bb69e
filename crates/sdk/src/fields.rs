//! What is known, before a run, of the fields that records carry.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{KeyPath, Part, nearest};

/// Whether records may carry other fields than those that are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherFields {
    /// There are no others.
    Never,
    /// No others are documented. Where it is wrong to expect one can be said, but for those that begin like
    /// [`FieldSet::with_open_prefixes`].
    Undocumented,
    /// Anything may be there.
    #[default]
    Possible,
}

/// Fields that are known to stand, or not to stand, in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    names: BTreeSet<String>,
    absent: BTreeMap<String, Option<String>>,
    open: Vec<&'static str>,
    others: OtherFields,
}

/// What is known of the fields of records at one place of a pipeline. By default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFields {
    /// The fields of a record itself.
    pub own: FieldSet,
    /// The fields of each of its tasks.
    pub tasks: FieldSet,
}

/// A field that is looked for where it never stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingField {
    /// Its name.
    pub name: String,
    /// Where the stage names it, from the top of its own table.
    pub path: KeyPath,
    /// Which part of that value names it.
    pub part: Part,
    /// Line and column in another file, where the value is the name of that file.
    pub line_and_column: Option<(usize, usize)>,
    /// What to add to the source's options so that it is there, where that is why.
    pub hint: Option<String>,
    /// The field that was most likely meant.
    pub suggestion: Option<String>,
    /// The fields that are there.
    pub known: Vec<String>,
}

impl FieldSet {
    /// These fields, and no others unless [`FieldSet::with_other_fields`] says so.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { names, others: OtherFields::Never, ..Self::default() }
    }

    /// The same, with others.
    #[must_use]
    pub fn with_other_fields(mut self, others: OtherFields) -> Self {
        self.others = others;
        self
    }

    /// The same, where undocumented fields may begin like this.
    #[must_use]
    pub fn with_open_prefixes(mut self, beginnings: &[&'static str]) -> Self {
        self.open.extend(beginnings);
        self
    }

    /// Adds a field.
    pub fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        self.absent.remove(&name);
        self.names.insert(name);
    }

    /// Takes a field away. `advice` says what to add to the source's options so that it is there.
    pub fn remove(&mut self, name: impl Into<String>, advice: Option<String>) {
        let name = name.into();
        self.names.remove(&name);
        self.absent.insert(name, advice);
    }

    /// Replaces a field by others, if it is there or known not to be.
    pub fn replace(&mut self, name: &str, by: &[&str]) {
        if self.names.remove(name) {
            for name in by {
                self.add(*name);
            }
        } else if let Some(advice) = self.absent.get(name).cloned() {
            for name in by {
                self.remove(*name, advice.clone());
            }
        }
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.others == OtherFields::Possible && self.names.is_empty() && self.absent.is_empty()
    }

    /// Whether others than the known ones may be there.
    pub fn other_fields(&self) -> OtherFields {
        self.others
    }

    /// What is known of objects that are like this one or like another.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let both = self.absent.iter().filter(|(name, _)| other.absent.contains_key(*name));
        Self {
            names: self.names.union(&other.names).cloned().collect(),
            absent: both.map(|(name, advice)| (name.clone(), advice.clone())).collect(),
            open: self.open.iter().chain(&other.open).copied().collect(),
            others: self.others.max(other.others),
        }
    }

    /// What is known of an object with the fields of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.or(other);
        if other.others == OtherFields::Never {
            both.absent.clone_from(&self.absent);
            both.absent.retain(|name, _| !other.names.contains(name));
        }
        both
    }

    /// Why a field is never there, if that is certain enough to be said.
    pub fn missing(&self, name: &str) -> Option<MissingField> {
        let advice = self.absent.get(name);
        let is_open = self.open.iter().any(|beginning| name.starts_with(beginning));
        let is_there = match self.others {
            _ if self.names.contains(name) => true,
            _ if advice.is_some() => false,
            OtherFields::Never => false,
            OtherFields::Undocumented => is_open,
            OtherFields::Possible => true,
        };
        (!is_there).then(|| MissingField {
            name: name.to_owned(),
            path: KeyPath::root(),
            part: Part::Value,
            line_and_column: None,
            hint: advice.cloned().flatten(),
            suggestion: nearest(name, self.names.iter().map(String::as_str)).map(str::to_owned),
            known: self.names.iter().cloned().collect(),
        })
    }
}

impl MissingField {
    /// Says where the stage names it.
    #[must_use]
    pub fn at(mut self, path: KeyPath, part: Part) -> Self {
        (self.path, self.part) = (path, part);
        self
    }
}

/// A field of tasks that a transform can't work without.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredField {
    /// The field's name in the source's words, `ai_impact` for example.
    pub field: &'static str,
    /// What happens without it, to stand behind "without it …".
    pub consequence: &'static str,
}

type Rule = dyn Fn(&RecordFields, &mut Vec<MissingField>) -> RecordFields;

/// Which fields a transform needs, and which records carry behind it. By default nothing is known of either.
///
/// ```
/// use taskferry_sdk::{FieldRule, RecordFields};
///
/// let rule = FieldRule::exact(|input| {
///     let mut output = input.clone();
///     output.tasks.add("days");
///     output
/// })
/// .requires("weekly_hours", "no task has days");
/// let output = rule.apply(&RecordFields::default(), &mut Vec::new());
/// assert_eq!(output.tasks.missing("days"), None);
/// ```
pub struct FieldRule {
    needs: Vec<RequiredField>,
    is_exact: bool,
    rule: Box<Rule>,
}

impl FieldRule {
    /// Records keep their fields and get no others.
    pub fn unchanged() -> Self {
        Self::exact(RecordFields::clone)
    }

    /// Records carry what `rule` makes of the fields that they had.
    pub fn exact(rule: impl Fn(&RecordFields) -> RecordFields + 'static) -> Self {
        Self { needs: Vec::new(), is_exact: true, rule: Box::new(move |input, _| rule(input)) }
    }

    /// The same of a transform whose result is the user's own making, as that of an expression is: good enough for warnings,
    /// not for errors about the transforms behind it. `rule` adds the fields that the transform looks for in vain.
    pub fn estimate(
        rule: impl Fn(&RecordFields, &mut Vec<MissingField>) -> RecordFields + 'static,
    ) -> Self {
        Self { needs: Vec::new(), is_exact: false, rule: Box::new(rule) }
    }

    /// Adds a field of tasks that the transform can't work without. `consequence` stands behind "without it …".
    #[must_use]
    pub fn requires(mut self, field: &'static str, consequence: &'static str) -> Self {
        self.needs.push(RequiredField { field, consequence });
        self
    }

    /// The fields that it can't work without.
    pub fn required(&self) -> &[RequiredField] {
        &self.needs
    }

    /// Whether all is known of what comes out that was known of what came in.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// What records carry behind the transform. Fields that it looks for in vain are added to `missing`.
    pub fn apply(&self, input: &RecordFields, missing: &mut Vec<MissingField>) -> RecordFields {
        (self.rule)(input, missing)
    }
}

impl Default for FieldRule {
    fn default() -> Self {
        Self::estimate(|_, _| RecordFields::default())
    }
}

impl fmt::Debug for FieldRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("FieldRule");
        shown.field("needs", &self.needs).field("is_exact", &self.is_exact).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_missing_only_if_it_is_certainly_absent() {
        let mut fields = FieldSet::new(["task", "weekly_hours"])
            .with_other_fields(OtherFields::Undocumented)
            .with_open_prefixes(&["job_"]);
        fields.remove("ai_impact", Some("add it".to_owned()));
        fields.replace("ai_impact", &["ai_impact_level"]);
        let near =
            |name: &str| fields.missing(name).map(|missing| missing.suggestion.unwrap_or_default());
        assert_eq!(near("weekly_hourz").as_deref(), Some("weekly_hours"));
        assert_eq!(near("hours").as_deref(), Some(""));
        assert_eq!((near("task"), near("job_name")), (None, None));
        assert_eq!(fields.missing("ai_impact_level").unwrap().hint.as_deref(), Some("add it"));
        assert_eq!(FieldSet::default().missing("x"), None);
        let unknown = fields.clone().with_other_fields(OtherFields::Possible);
        assert_eq!(
            (unknown.missing("hours"), unknown.missing("ai_impact").is_some()),
            (None, true)
        );
        assert_eq!(fields.or(&FieldSet::default()).missing("ai_impact"), None);
        assert_eq!(fields.and(&FieldSet::new(["hours"])).missing("hours"), None);
        assert!(fields.and(&FieldSet::new(["hours"])).missing("ai_impact").is_some());
    }
}
