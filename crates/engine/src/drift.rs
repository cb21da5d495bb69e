//! Compares the fields of an export with the fields of the last complete run.

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{Baseline, Comparison};
use crate::fields::{Field, FieldCounts};

/// A field is reported as missing only if at least this fraction of the objects had it. Rarer fields occur by chance.
const MIN_PRESENCE: f64 = 0.01;
/// The minimum change of the null rate to be reported.
const MIN_CHANGE: f64 = 0.1;

/// What has changed in the source's records since the last complete run of the same listing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Drift {
    /// The run that this run is compared with.
    pub compared_with: String,
    /// Fields that no earlier run has seen: `tasks[].skill_level`.
    pub new: Vec<String>,
    /// Fields that no record has any more.
    pub gone: Vec<String>,
    /// Fields with values of another type.
    pub types: Vec<TypeChange>,
    /// Fields that are null or missing more often or less often than before: the rate has changed by 10 percentage points or more.
    pub nulls: Vec<NullChange>,
}

/// A field with values of another type.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TypeChange {
    /// The field.
    pub field: String,
    /// The types in the last complete run.
    pub before: Vec<&'static str>,
    /// The types in this run.
    pub now: Vec<&'static str>,
}

/// A field that is null or missing more often or less often than before.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NullChange {
    /// The field.
    pub field: String,
    /// The rate in the last complete run, from 0 to 1.
    pub before: f64,
    /// The rate in this run, from 0 to 1.
    pub now: f64,
}

/// A field of the source's records.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldSummary {
    /// The path of the field: `tasks[].ai_impact.level`.
    pub field: String,
    /// The types of its values, without null.
    pub types: Vec<&'static str>,
    /// The fraction of objects in which it is null or missing, from 0 to 1.
    pub null_rate: f64,
}

impl FieldSummary {
    pub(crate) fn all(counts: &FieldCounts) -> Vec<Self> {
        let summary = |field: Field| Self {
            types: field.types(),
            null_rate: rounded(field.null_rate()),
            field: field.path,
        };
        counts.fields().into_values().map(summary).collect()
    }
}

impl Drift {
    /// The drift since the last complete run of the same listing; `None` if there is no such run, or if one of the two runs has
    /// counted no record or too many fields.
    pub(crate) fn since(comparison: &Comparison, now: &FieldCounts) -> Option<Self> {
        let Baseline { run_id, fields: before, .. } = comparison.same()?;
        if [before, now].iter().any(|counts| counts.is_empty() || counts.is_truncated) {
            return None;
        }
        let (before, now) = (before.fields(), now.fields());
        let mut drift = Self { compared_with: run_id.clone(), ..Self::default() };
        for (path, field) in &now {
            match before.get(path) {
                None => add_outermost(&mut drift.new, path),
                Some(before) => drift.compare(before, field),
            }
        }
        for (path, field) in &before {
            if !now.contains_key(path) && field.presence() >= MIN_PRESENCE {
                add_outermost(&mut drift.gone, path);
            }
        }
        Some(drift)
    }

    fn compare(&mut self, before: &Field, now: &Field) {
        let field = now.path.clone();
        if now.has_other_types_than(before) {
            let (before, now) = (before.types(), now.types());
            self.types.push(TypeChange { field: field.clone(), before, now });
        }
        let is_known = before.presence() > 0.0;
        let (before, now) = (before.null_rate(), now.null_rate());
        if is_known && (before - now).abs() >= MIN_CHANGE {
            let (before, now) = (rounded(before), rounded(now));
            self.nulls.push(NullChange { field, before, now });
        }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.gone.is_empty()
            && self.types.is_empty()
            && self.nulls.is_empty()
    }

    /// The changes in a sentence.
    pub(crate) fn message(&self) -> String {
        let (run, changes) = (&self.compared_with, self.texts().join("; "));
        format!("the records differ from those of the last complete run ({run}): {changes}")
    }

    /// A text for each kind of change.
    fn texts(&self) -> Vec<String> {
        let list = |fields: &[String]| fields.iter().map(|field| format!("`{field}`")).collect();
        let types = self.types.iter().map(|change| {
            let (before, now) = (change.before.join(" or "), change.now.join(" or "));
            format!("`{}` ({before}, now {now})", change.field)
        });
        let percent = |rate: f64| format!("{:.0} %", rate * 100.0);
        let nulls = self.nulls.iter().map(|change| {
            let (before, now) = (percent(change.before), percent(change.now));
            format!("`{}` ({before}, now {now})", change.field)
        });
        let kinds: [(&str, Vec<String>); 4] = [
            ("new fields", list(&self.new)),
            ("missing fields", list(&self.gone)),
            ("fields with another type", types.collect()),
            ("fields that are empty more often or less often than before", nulls.collect()),
        ];
        let kinds = kinds.into_iter().filter(|(_, fields)| !fields.is_empty());
        kinds.map(|(kind, fields)| format!("{kind}: {}", shortened(&fields))).collect()
    }
}

/// Adds a field unless the list already contains an object that contains the field. Paths are sorted, so that the
/// object comes first.
fn add_outermost(fields: &mut Vec<String>, field: &str) {
    let is_inner = |outer: &String| {
        field.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    if !fields.iter().any(is_inner) {
        fields.push(field.to_owned());
    }
}

/// The first ten of a list.
fn shortened(fields: &[String]) -> String {
    let shown = fields.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(10) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A rate with three digits.
fn rounded(rate: f64) -> f64 {
    (rate * 1000.0).round() / 1000.0
}
