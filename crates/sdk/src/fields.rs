//! The known fields of records, before a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::{KeyPath, Part, nearest};

/// Whether records may have fields other than the known ones.
///
/// ```
/// use taskferry_sdk::{FieldSet, OtherFields};
///
/// let fields = FieldSet::new(["task_id"]).with_other_fields(OtherFields::Possible);
/// assert_eq!(fields.missing("note"), None, "it may be there");
/// assert!(FieldSet::new(["task_id"]).missing("note").is_some());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherFields {
    /// Records have no other fields.
    Never,
    /// Records may have undocumented fields, but `check` warns about a use of them, except for fields with an [open
    /// prefix](FieldSet::with_open_prefixes).
    Undocumented,
    /// Records may have any other fields.
    #[default]
    Possible,
}

/// The known fields of an object, and the fields that are known to be absent.
///
/// ```
/// use taskferry_sdk::FieldSet;
///
/// let mut fields = FieldSet::new(["task_id", "task"]);
/// fields.add("hours");
/// fields.remove("task", None);
/// assert!(fields.has("hours"));
/// assert_eq!(fields.missing("hour").unwrap().suggestion.as_deref(), Some("hours"));
/// assert_eq!(FieldSet::default().missing("anything"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    names: BTreeSet<String>,
    /// Absent fields, each with a hint that says how to add it.
    absent: BTreeMap<String, Option<String>>,
    open_prefixes: Vec<&'static str>,
    others: OtherFields,
}

/// The known fields of records between two stages. By default nothing is known.
///
/// ```
/// use taskferry_sdk::{FieldSet, RecordFields};
///
/// let mut fields = RecordFields {
///     own: FieldSet::new(["external_id", "tasks"]),
///     tasks: FieldSet::new(["task_id", "task"]),
/// };
/// let hint = "add \"ai_impact\" to `include` in [source]";
/// fields.tasks.remove("ai_impact", Some(hint.to_owned()));
/// assert_eq!(fields.tasks.missing("ai_impact").unwrap().hint.as_deref(), Some(hint));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFields {
    /// The fields of the record itself.
    pub own: FieldSet,
    /// The fields of each of its tasks.
    pub tasks: FieldSet,
}

impl RecordFields {
    /// The fields of tasks. A row is a task, so its own fields are returned.
    pub(crate) fn of_tasks(&mut self) -> &mut FieldSet {
        if self.own.missing("tasks").is_some() { &mut self.own } else { &mut self.tasks }
    }
}

/// A field that a stage uses, but that no record has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingField {
    /// The field's name.
    pub name: String,
    /// The path of the option that uses it, from the stage's table.
    pub path: KeyPath,
    /// The part of the option that names it.
    pub part: Part,
    /// Line and column in a file, if the option is the name of that file.
    pub line_and_column: Option<(usize, usize)>,
    /// How to add the field through the source's options.
    pub hint: Option<String>,
    /// A known field with a similar name.
    pub suggestion: Option<String>,
    /// The known fields.
    pub known: Vec<String>,
}

impl FieldSet {
    /// Exactly these fields.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { names, others: OtherFields::Never, ..Self::default() }
    }

    /// No fields.
    pub fn none() -> Self {
        Self::new(std::iter::empty::<String>())
    }

    /// Sets whether there may be other fields.
    #[must_use]
    pub fn with_other_fields(mut self, others: OtherFields) -> Self {
        self.others = others;
        self
    }

    /// Allows undocumented fields with these prefixes.
    #[must_use]
    pub fn with_open_prefixes(mut self, prefixes: &[&'static str]) -> Self {
        self.open_prefixes.extend(prefixes);
        self
    }

    /// Adds a field.
    pub fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        self.absent.remove(&name);
        self.names.insert(name);
    }

    /// Removes a field. `hint` says how to add it through the source's options.
    pub fn remove(&mut self, name: impl Into<String>, hint: Option<String>) {
        let name = name.into();
        self.names.remove(&name);
        self.absent.insert(name, hint);
    }

    /// Replaces a known field by other known fields, or an absent field by other absent fields.
    pub fn replace(&mut self, name: &str, by: &[&str]) {
        if self.names.remove(name) {
            for name in by {
                self.add(*name);
            }
        } else if let Some(hint) = self.absent.get(name).cloned() {
            for name in by {
                self.remove(*name, hint.clone());
            }
        }
    }

    /// Whether the field is known. Records can have other fields.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.others == OtherFields::Possible && self.names.is_empty() && self.absent.is_empty()
    }

    /// Whether there may be other fields.
    pub fn other_fields(&self) -> OtherFields {
        self.others
    }

    /// The known fields of objects that have either the fields of `self` or those of `other`.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let both = self.absent.iter().filter(|(name, _)| other.absent.contains_key(*name));
        Self {
            names: self.names.union(&other.names).cloned().collect(),
            absent: both.map(|(name, hint)| (name.clone(), hint.clone())).collect(),
            open_prefixes: self.open_prefixes.iter().chain(&other.open_prefixes).copied().collect(),
            others: self.others.max(other.others),
        }
    }

    /// The known fields of objects that have the fields of `self` and those of `other`.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.or(other);
        if other.others == OtherFields::Never {
            both.absent.clone_from(&self.absent);
            both.absent.retain(|name, _| !other.names.contains(name));
        }
        both
    }

    /// Returns the field as missing if no record can have it.
    pub fn missing(&self, name: &str) -> Option<MissingField> {
        let hint = self.absent.get(name);
        let may_exist = self.names.contains(name)
            || hint.is_none()
                && match self.others {
                    OtherFields::Never => false,
                    OtherFields::Undocumented => {
                        self.open_prefixes.iter().any(|prefix| name.starts_with(prefix))
                    }
                    OtherFields::Possible => true,
                };
        (!may_exist).then(|| MissingField {
            name: name.to_owned(),
            path: KeyPath::root(),
            part: Part::Value,
            line_and_column: None,
            hint: hint.cloned().flatten(),
            suggestion: nearest(name, self.names.iter().map(String::as_str)).map(str::to_owned),
            known: self.names.iter().cloned().collect(),
        })
    }
}

impl MissingField {
    /// Sets the option that uses the field.
    #[must_use]
    pub fn at(mut self, path: KeyPath, part: Part) -> Self {
        (self.path, self.part) = (path, part);
        self
    }
}
