//! Checks the options and builds the transform.

use std::collections::HashSet;

use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Part, Plugin, Problem, TransformPlugin,
};

use crate::config::Deduplicate;
use crate::transform::Deduplicator;

impl Plugin for Deduplicate {
    const TYPE: &'static str = "deduplicate";
}

impl TransformPlugin for Deduplicate {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = Vec::new();
        if self.by.is_empty() {
            let problem = Problem::at(KeyPath::of("by"), "empty-value", "`by` is empty");
            problems.push(problem.help("name the fields of the key, for example [\"task_id\"]"));
        }
        if self.max_keys == 0 {
            let message = "0 is out of range, expected a whole number above 0";
            problems.push(Problem::at(KeyPath::of("max_keys"), "invalid-value", message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(AnyTransform::ordered(Deduplicator {
            by: self.by.clone(),
            max_keys: self.max_keys,
            known: HashSet::new(),
            saved: String::new(),
        }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let by = self.by.iter().enumerate();
        by.fold(FieldRule::unchanged(), |rule, (index, field)| {
            rule.uses(field, KeyPath::of("by").index(index), Part::Value)
        })
    }

    fn explained_options() -> &'static [&'static str] {
        &["by"]
    }
}
