//! Checks the options and builds the transform.

use std::collections::BTreeMap;

use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, FieldSet, KeyPath, Part, Plugin, Problem, RecordFields,
    Segment, TransformPlugin,
};

use crate::config::{Missing, Select};
use crate::transform::{DropAndRename, Field, Project};

/// The field with the tasks of a job.
const TASKS: &str = "tasks";

impl Plugin for Select {
    const TYPE: &'static str = "select";
}

impl TransformPlugin for Select {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(match &self.fields {
            Some(fields) => AnyTransform::stateless(Project {
                fields: fields.iter().map(|name| self.field(name)).collect(),
                missing: self.missing,
            }),
            None => AnyTransform::stateless(DropAndRename {
                drop: self.drop.clone(),
                rename: self.rename.keys().map(|name| self.field(name)).collect(),
            }),
        })
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let (options, find_drop) = (self.clone(), self.clone());
        let rule = FieldRule::exact(move |input| options.output(input));
        self.named()
            .fold(rule, |rule, (name, path, part)| rule.uses(name, path, part))
            .find_drop(move |_, field| find_drop.drop_of(field))
    }

    fn explained_options() -> &'static [&'static str] {
        &["drop", "rename"]
    }
}

impl Select {
    fn field(&self, name: &str) -> Field {
        let new_name = self.rename.get(name).map_or(name, String::as_str);
        Field { name: name.to_owned(), new_name: new_name.to_owned() }
    }

    /// Each field that an option names, with the path of its name.
    fn named(&self) -> impl Iterator<Item = (&str, KeyPath, Part)> {
        let fields = self.fields.iter().flatten().enumerate();
        let fields =
            fields.map(|(index, name)| (name, KeyPath::of("fields").index(index), Part::Value));
        let drop = self.drop.iter().enumerate();
        let drop = drop.map(|(index, name)| (name, KeyPath::of("drop").index(index), Part::Value));
        let rename =
            self.rename.keys().map(|name| (name, KeyPath::of("rename").key(name), Part::Key));
        fields.chain(drop).chain(rename).map(|(name, path, part)| (name.as_str(), path, part))
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.fields.is_none() && self.drop.is_empty() && self.rename.is_empty() {
            let problem = Problem::at(KeyPath::root(), "missing-key", "no field is selected");
            let problem = problem.part(Part::Key).label("needs `fields`, `drop` or `rename`");
            problems
                .push(problem.help("add for example `fields = [\"job_external_id\", \"task\"]`"));
        }
        if self.fields.as_ref().is_some_and(Vec::is_empty) {
            let problem = Problem::at(KeyPath::of("fields"), "empty-value", "`fields` is empty");
            problems.push(problem.help("name at least one field, or remove `fields`"));
        }
        if self.fields.is_some() && !self.drop.is_empty() {
            let message = "`fields` and `drop` can't be used together";
            let problem = Problem::at(KeyPath::of("drop"), "conflicting-options", message);
            let problem = problem.part(Part::Key).related(
                KeyPath::of("fields"),
                Part::Key,
                "keeps only these fields",
            );
            problems.push(problem.help("`fields` already drops all other fields: remove `drop`"));
        }
        let fields = self.fields.as_deref().unwrap_or_default();
        problems.extend(Problem::duplicates(&KeyPath::of("fields"), fields));
        problems.extend(Problem::duplicates(&KeyPath::of("drop"), &self.drop));
        problems.extend(self.renames_of_dropped());
        problems.extend(self.shared_names());
        problems
    }

    /// Reports renames of dropped fields.
    fn renames_of_dropped(&self) -> impl Iterator<Item = Problem> {
        let is_kept = |name: &String| match &self.fields {
            Some(fields) => fields.contains(name),
            None => !self.drop.contains(name),
        };
        let dropped = self.rename.keys().filter(move |name| !is_kept(name));
        dropped.map(|name| {
            let message = format!("`rename` contains `{name}`, but the field is dropped");
            let path = KeyPath::of("rename").key(name);
            let help = "use the old name in `fields`, or remove this entry";
            Problem::at(path, "conflicting-options", message).part(Part::Key).help(help)
        })
    }

    /// Reports fields that get the same name.
    fn shared_names(&self) -> Vec<Problem> {
        let names: Vec<&String> = match &self.fields {
            Some(fields) => fields.iter().collect(),
            None => self.rename.keys().collect(),
        };
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        let mut problems = Vec::new();
        for name in names {
            let new_name = self.rename.get(name).unwrap_or(name);
            if let Some(other) = seen.insert(new_name, name).filter(|other| other != name) {
                let renamed = if self.rename.contains_key(name) { name } else { other };
                let message = format!("`{other}` and `{name}` get the same name, `{new_name}`");
                let path = KeyPath::of("rename").key(renamed);
                problems.push(
                    Problem::at(path, "duplicate-value", message).help("choose another name"),
                );
            }
        }
        problems
    }

    /// The fields of the emitted records.
    fn output(&self, input: &RecordFields) -> RecordFields {
        let mut output = input.clone();
        if let Some(fields) = &self.fields {
            let added =
                |name: &&String| self.missing == Missing::Null || input.own.missing(name).is_none();
            let kept = fields.iter().filter(added).map(|name| self.field(name).new_name);
            output.own = FieldSet::new(kept);
        } else {
            for name in self.drop.iter().chain(self.rename.keys()) {
                output.own.remove(name, None);
            }
            for (name, new_name) in &self.rename {
                if input.own.missing(name).is_none() {
                    output.own.add(new_name);
                }
            }
        }
        if output.own.missing(TASKS).is_some() {
            output.tasks = FieldSet::none();
        }
        output
    }

    /// The option that drops or renames a field.
    fn drop_of(&self, field: &str) -> Option<(KeyPath, Part)> {
        let named = || self.named().filter(|(name, ..)| *name == field);
        let changed = named().find(|(_, path, _)| {
            path.segments().first() != Some(&Segment::Key("fields".to_owned()))
        });
        changed
            .map(|(_, path, part)| (path, part))
            .or_else(|| {
                Some((KeyPath::of("fields"), Part::Value)).filter(|_| self.fields.is_some())
            })
            .or_else(|| self.drop_of(TASKS).filter(|_| field != TASKS))
    }
}
