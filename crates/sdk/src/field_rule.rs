//! The fields that a transform requires and emits, before a run.

use std::fmt;

use crate::{KeyPath, MissingField, Part, RecordFields};

/// A task field that a transform requires.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredField {
    /// The source's name of the field, for example `ai_impact`.
    pub field: &'static str,
    /// What happens without the field. Messages show it after "without FIELD, …".
    pub consequence: &'static str,
    /// The fields of rows that replace it: one of them is enough.
    pub row_fields: &'static [&'static str],
}

/// The vendor whose names a transform gives to skills.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillVendor {
    /// Its name.
    pub name: String,
    /// The path of the option that names it, from the stage's table.
    pub option: KeyPath,
}

type Rule = dyn Fn(&RecordFields, &mut Vec<MissingField>) -> RecordFields;
type FindDrop = dyn Fn(&RecordFields, &str) -> Option<(KeyPath, Part)>;

/// The fields that a transform requires, and the fields of the records that it emits. By default, all are unknown.
///
/// `check` reports a later stage that uses a field which no record has, and marks the option that drops the field.
///
/// ```
/// use taskferry_sdk::{FieldRule, FieldSet, KeyPath, Part, RecordFields};
///
/// let rule = FieldRule::unchanged()
///     .requires("weekly_hours", "no task has days")
///     .uses("external_id", KeyPath::of("key"), Part::Value)
///     .adds("job_name")
///     .adds_to_tasks("days")
///     .removes_from_tasks("weekly_hours");
///
/// let job = RecordFields { own: FieldSet::new(["tasks"]), tasks: FieldSet::new(["task", "weekly_hours"]) };
/// let mut missing = Vec::new();
/// let output = rule.apply(&job, &mut missing);
/// assert!(output.own.has("job_name") && output.tasks.has("days") && !output.tasks.has("weekly_hours"));
/// assert_eq!(missing[0].name, "external_id");
/// ```
///
/// [`exact`](Self::exact) and [`estimate`](Self::estimate) take a function for other changes.
pub struct FieldRule {
    required: Vec<RequiredField>,
    is_exact: bool,
    rule: Box<Rule>,
    find_drop: Option<Box<FindDrop>>,
    skill_vendor: Option<SkillVendor>,
}

impl FieldRule {
    /// A transform that adds and removes no fields.
    pub fn unchanged() -> Self {
        Self::exact(RecordFields::clone)
    }

    /// A transform whose output fields follow from its input fields by `rule`.
    pub fn exact(rule: impl Fn(&RecordFields) -> RecordFields + 'static) -> Self {
        Self::new(true, move |input, _| rule(input))
    }

    /// A transform whose output fields are an estimate, for example the fields that an expression emits. `check` then only warns
    /// about later transforms. `rule` appends to its second argument the fields that the transform uses but no record has.
    pub fn estimate(
        rule: impl Fn(&RecordFields, &mut Vec<MissingField>) -> RecordFields + 'static,
    ) -> Self {
        Self::new(false, rule)
    }

    fn new(
        is_exact: bool,
        rule: impl Fn(&RecordFields, &mut Vec<MissingField>) -> RecordFields + 'static,
    ) -> Self {
        let (required, rule) = (Vec::new(), Box::new(rule));
        Self { required, is_exact, rule, find_drop: None, skill_vendor: None }
    }

    /// The transform uses a field of the record that an option names. `check` warns if no record has the field.
    #[must_use]
    pub fn uses(self, field: impl Into<String>, option: KeyPath, part: Part) -> Self {
        let field = field.into();
        self.then(move |input, _, missing| {
            missing.extend(input.own.missing(&field).map(|it| it.at(option.clone(), part.clone())));
        })
    }

    /// The transform adds a field to the record.
    #[must_use]
    pub fn adds(self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.then(move |_, output, _| output.own.add(&field))
    }

    /// The transform removes a field from the record.
    #[must_use]
    pub fn removes(self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.then(move |_, output, _| output.own.remove(&field, None))
    }

    /// The transform adds a field to each task, or to each row.
    #[must_use]
    pub fn adds_to_tasks(self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.then(move |_, output, _| output.of_tasks().add(&field))
    }

    /// The transform removes a field from each task, or from each row.
    #[must_use]
    pub fn removes_from_tasks(self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.then(move |_, output, _| output.of_tasks().remove(&field, None))
    }

    /// Changes the output fields of the rule so far. The first argument is the input of the transform.
    fn then(
        mut self,
        change: impl Fn(&RecordFields, &mut RecordFields, &mut Vec<MissingField>) + 'static,
    ) -> Self {
        let rule = self.rule;
        self.rule = Box::new(move |input, missing| {
            let mut output = rule(input, missing);
            change(input, &mut output, missing);
            output
        });
        self
    }

    /// Adds a required task field. Messages show `consequence` after "without FIELD, …".
    #[must_use]
    pub fn requires(mut self, field: &'static str, consequence: &'static str) -> Self {
        self.required.push(RequiredField { field, consequence, row_fields: &[] });
        self
    }

    /// Sets the fields of rows that replace the last required field: one of them is enough.
    #[must_use]
    pub fn in_rows(mut self, row_fields: &'static [&'static str]) -> Self {
        if let Some(last) = self.required.last_mut() {
            last.row_fields = row_fields;
        }
        self
    }

    /// Sets a function that finds the option that drops a field of the input. By default, messages mark the type of the stage.
    #[must_use]
    pub fn find_drop(
        mut self,
        find: impl Fn(&RecordFields, &str) -> Option<(KeyPath, Part)> + 'static,
    ) -> Self {
        self.find_drop = Some(Box::new(find));
        self
    }

    /// Sets the vendor whose names the transform gives to skills, and the option that names the vendor.
    #[must_use]
    pub fn renames_skills(mut self, vendor: impl Into<String>, option: KeyPath) -> Self {
        self.skill_vendor = Some(SkillVendor { name: vendor.into(), option });
        self
    }

    /// The required task fields.
    pub fn required(&self) -> &[RequiredField] {
        &self.required
    }

    /// Whether the output fields are as certain as the input fields.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The option that drops `field` from `input`, with its path from the stage's table.
    pub fn drop_of(&self, input: &RecordFields, field: &str) -> Option<(KeyPath, Part)> {
        self.find_drop.as_ref().and_then(|find| find(input, field))
    }

    /// The vendor whose names the transform gives to skills.
    pub fn skill_vendor(&self) -> Option<&SkillVendor> {
        self.skill_vendor.as_ref()
    }

    /// Returns the output fields. Appends to `missing` the fields that the transform uses but no record has.
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
        let mut debug = formatter.debug_struct("FieldRule");
        debug.field("required", &self.required).field("is_exact", &self.is_exact);
        debug.finish_non_exhaustive()
    }
}
