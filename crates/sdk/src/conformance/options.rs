//! The checks of options, for plugins of every kind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::Check;
use super::random::Random;
use super::report::{Exercised, Failure, Report, Verdict, panic_text};
use super::schema::{OptionsSchema, Place};
use crate::options::value_at;
use crate::{BuildContext, KeyPath, Plugin, Problem, read_options};

/// The number of generated tables.
const TABLES: u64 = 100;
/// The number of generated tables in which every place is changed.
const CHANGED: u64 = 20;
const UNKNOWN: &str = "no_such_option";

/// Options that a plugin accepts, and how to build a stage from them.
pub(super) struct OptionChecks<'a, P> {
    pub(super) options: &'a Value,
    pub(super) context: BuildContext<'a>,
    /// Builds the stage and drops it.
    pub(super) build: fn(&P, &BuildContext<'_>) -> Result<(), Vec<Problem>>,
}

impl<P: Plugin> OptionChecks<'_, P> {
    pub(super) fn make(&self, report: &mut Report) {
        let schema = OptionsSchema::new(schemars::schema_for!(P).to_value());
        report.check(Check::Documented, || documented(&schema));
        report.check(Check::UnknownKeysRefused, || self.unknown_keys_refused(&schema));
        report.check(Check::SchemaMatchesParser, || self.schema_matches_parser(&schema));
    }

    /// All problems of the options, from the parser and from `build`.
    fn problems(&self, table: &Value) -> Result<Vec<Problem>, Failure> {
        let problems = catch_unwind(AssertUnwindSafe(|| {
            let built =
                read_options(table, &[]).and_then(|options| (self.build)(&options, &self.context));
            built.err().unwrap_or_default()
        }));
        let problems = problems.map_err(|panic| {
            let message =
                format!("reading or building the options panicked: {}", panic_text(&*panic));
            Failure::new(message).with(table)
        })?;
        for problem in &problems {
            let (message, path) = (&problem.message, &problem.path);
            if message.trim().is_empty() {
                return Err(
                    Failure::new(format!("the problem at `{path}` has no message")).with(table)
                );
            }
            if !is_position(table, path) {
                let message =
                    format!("the problem at `{path}` has no position in the table: {message}");
                return Err(Failure::new(message).with(table));
            }
        }
        Ok(problems)
    }

    /// The options that the kit was given, with other options that the schema allows.
    fn table(&self, schema: &OptionsSchema, number: u64) -> Value {
        if number == 0 {
            return self.options.clone();
        }
        let mut random = Random::new(number);
        let mut table = schema.generate(self.options, &mut random);
        if let (Value::Object(table), Value::Object(given)) = (&mut table, self.options) {
            for (key, value) in given {
                if number.is_multiple_of(2) || !table.contains_key(key) {
                    table.insert(key.clone(), value.clone());
                }
            }
        }
        table
    }

    fn unknown_keys_refused(&self, schema: &OptionsSchema) -> Verdict {
        let mut count = 0;
        for number in 0..CHANGED {
            let table = self.table(schema, number);
            let tables = schema.places(&table).into_iter();
            let is_open = |place: &Place<'_>| {
                schema.properties(place.schema).is_none() && !place.path.segments().is_empty()
            };
            for place in tables.filter(|place| !is_open(place)) {
                let mut changed = table.clone();
                let Some(Value::Object(fields)) = value_at(&mut changed, place.path.segments())
                else {
                    continue;
                };
                fields.insert(UNKNOWN.to_owned(), Value::Bool(true));
                let path = place.path.key(UNKNOWN);
                let problems = self.problems(&changed)?;
                let is_refused =
                    |problem: &Problem| problem.code == "unknown-key" && problem.path == path;
                if !problems.iter().any(is_refused) {
                    return Err(
                        Failure::new(format!("the unknown key `{path}` is accepted")).with(changed)
                    );
                }
                count += 1;
            }
        }
        Ok(Exercised { count, unit: "unknown keys" })
    }

    fn schema_matches_parser(&self, schema: &OptionsSchema) -> Verdict {
        let mut accepted = 0;
        // The given options are no evidence that generated ones are accepted.
        for number in 1..=TABLES {
            let table = self.table(schema, number);
            self.problems(&table)?;
            accepted += usize::from(read_options::<P>(&table, &[]).is_ok());
        }
        if accepted == 0 {
            return Err(Failure::new("the parser refuses every table that the schema allows")
                .with(self.options));
        }
        let mut count = accepted;
        for number in 0..CHANGED {
            let table = self.table(schema, number);
            for place in schema.places(&table) {
                for (what, changed) in excluded(schema, &place, &table) {
                    let (path, problems) = (&place.path, self.problems(&changed)?);
                    if problems.is_empty() {
                        let shown = if path.segments().is_empty() {
                            "the table"
                        } else {
                            &format!("`{path}`")
                        };
                        let message = format!(
                            "the schema excludes {what} at {shown}, but the options are accepted"
                        );
                        return Err(Failure::new(message).with(changed));
                    }
                    count += 1;
                }
            }
        }
        Ok(Exercised { count, unit: "tables" })
    }
}

/// The options that the kit was given are invalid.
pub(super) fn invalid(problems: Vec<Problem>) -> Failure {
    let texts = problems.into_iter().map(|it| format!("`{}`: {}", it.path, it.message));
    Failure::new(format!("the options are invalid: {}", texts.collect::<Vec<_>>().join("; ")))
}

/// Tables that the schema excludes because of the value at one place, each with its description.
fn excluded(schema: &OptionsSchema, place: &Place<'_>, table: &Value) -> Vec<(String, Value)> {
    let mut table = table.clone();
    let is_root = place.path.segments().is_empty();
    let Some(value) = value_at(&mut table, place.path.segments()) else { return Vec::new() };
    let mut wrong: Vec<(String, Value)> = Vec::new();
    if !is_root {
        let kinds = schema.wrong_kinds(place.schema);
        wrong.extend(kinds.into_iter().map(|value| (format!("the value {value}"), value)));
    }
    if value.is_string() && schema.choices(place.schema).is_some() {
        wrong.push(("a string that is not one of the choices".to_owned(), json!("no such choice")));
    }
    if value.is_number() {
        let limits = [("minimum", -1), ("maximum", 1)];
        for (keyword, step) in limits {
            if let Some(limit) = schema.limit(place.schema, keyword) {
                let outside = limit.saturating_add(step);
                wrong.push((format!("the number {outside}"), json!(outside)));
            }
        }
    }
    if value.is_array() && schema.limit(place.schema, "minItems").is_some_and(|least| least > 0) {
        wrong.push(("an empty list".to_owned(), json!([])));
    }
    if let Value::Object(fields) = value {
        for key in schema.required(place.schema) {
            let mut fields = fields.clone();
            if fields.shift_remove(key).is_some() {
                wrong.push((format!("a table without `{key}`"), fields.into()));
            }
        }
    }
    let changed = wrong.into_iter().map(|(what, wrong)| {
        let mut changed = table.clone();
        if let Some(value) = value_at(&mut changed, place.path.segments()) {
            *value = wrong;
        }
        (what, changed)
    });
    changed.collect()
}

fn documented(schema: &OptionsSchema) -> Verdict {
    let all = schema.documentables();
    match all.iter().find(|one| !one.is_documented) {
        Some(missing) => Err(Failure::new(format!("{} has no doc comment", missing.name))),
        None => Ok(Exercised { count: all.len(), unit: "doc comments" }),
    }
}

/// Whether a problem can be shown in the file: the value at its path exists, or the table around the value.
fn is_position(table: &Value, path: &KeyPath) -> bool {
    let mut table = table.clone();
    let parent = path.parent().unwrap_or_default();
    [path, &parent].into_iter().any(|path| value_at(&mut table, path.segments()).is_some())
}
