//! Checks the options and builds the transform.

use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Part, Plugin, Problem, TransformPlugin,
};

use crate::change::{CHANGE, CHANGED_FIELDS};
use crate::config::Changes;
use crate::key::KeyFields;
use crate::transform::ChangeDetector;

impl Plugin for Changes {
    const TYPE: &'static str = "changes";

    fn warnings(&self, _: &BuildContext<'_>) -> Vec<Problem> {
        let key = self.key.as_deref().unwrap_or_default();
        let ignored = self.ignore.iter().enumerate().filter(|(_, field)| key.contains(field));
        let warning = |(index, field): (usize, &String)| {
            let message = format!(
                "`ignore` has no effect on `{field}`, because the field is part of the key"
            );
            let problem = Problem::at(KeyPath::of("ignore").index(index), "unused-option", message);
            problem.related(KeyPath::of("key"), Part::Value, "the key").help("remove it").warning()
        };
        ignored.map(warning).collect()
    }
}

impl TransformPlugin for Changes {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let key = KeyFields { fields: self.key.clone(), subject: context.subject() };
        Ok(AnyTransform::ordered(ChangeDetector::new(self.clone(), key)))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let rule = FieldRule::exact(|input| {
            let mut output = input.clone();
            output.own.add(CHANGE);
            output.own.add(CHANGED_FIELDS);
            output
        });
        let key = self.key.iter().flatten().enumerate().map(|(index, name)| ("key", index, name));
        let ignore = self.ignore.iter().enumerate().map(|(index, name)| ("ignore", index, name));
        key.chain(ignore).fold(rule, |rule, (option, index, name)| {
            rule.uses(name, KeyPath::of(option).index(index), Part::Value)
        })
    }

    fn explained_options() -> &'static [&'static str] {
        &["unchanged", "ignore"]
    }
}

impl Changes {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.key.as_ref().is_some_and(Vec::is_empty) {
            let problem = Problem::at(KeyPath::of("key"), "empty-value", "`key` is empty");
            let help = "name the fields that identify a record, or remove `key`";
            problems.push(problem.help(help));
        }
        if self.max_removed_percent > 100 {
            let percent = self.max_removed_percent;
            let message =
                format!("{percent} is out of range, expected a whole number from 0 to 100");
            problems.push(Problem::at(
                KeyPath::of("max_removed_percent"),
                "invalid-value",
                message,
            ));
        }
        problems
    }
}
