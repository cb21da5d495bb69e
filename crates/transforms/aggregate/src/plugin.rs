//! Checks the options and builds the transform.

use std::collections::{BTreeMap, HashMap};

use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, FieldSet, KeyPath, Part, Plugin, Problem, RecordFields,
    TransformPlugin,
};

use crate::config::Aggregate;
use crate::group::{Function, Measure};
use crate::transform::Aggregator;

impl Plugin for Aggregate {
    const TYPE: &'static str = "aggregate";
}

impl TransformPlugin for Aggregate {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(AnyTransform::ordered(Aggregator {
            group_by: self.group_by.clone(),
            count: self.count.clone(),
            measures: self.measures().map(|(measure, _)| measure).collect(),
            max_groups: self.max_groups,
            groups: Vec::new(),
            positions: HashMap::new(),
        }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let group_by = self.group_by.iter().enumerate();
        let group_by =
            group_by.map(|(index, name)| (name.clone(), KeyPath::of("group_by").index(index)));
        let measures = self.measures().map(|(measure, path)| (measure.field, path));
        let output = self.output();
        let rule = FieldRule::exact(move |_| output.clone());
        // If a later stage reads a dropped field, the error points at `group_by`: adding the field there keeps it.
        let option = KeyPath::of(if self.group_by.is_empty() { "type" } else { "group_by" });
        group_by
            .chain(measures)
            .fold(rule, |rule, (field, path)| rule.uses(field, path, Part::Value))
            .find_drop(move |_, _| Some((option.clone(), Part::Value)))
    }

    fn explained_options() -> &'static [&'static str] {
        &["group_by"]
    }
}

impl Aggregate {
    /// The computed fields, each with the path of the option.
    fn measures(&self) -> impl Iterator<Item = (Measure, KeyPath)> {
        let functions = [
            ("sum", Function::Sum, &self.sum),
            ("mean", Function::Mean, &self.mean),
            ("min", Function::Min, &self.min),
            ("max", Function::Max, &self.max),
        ];
        functions.into_iter().flat_map(|(key, function, fields)| {
            fields.iter().map(move |(name, field)| {
                let measure = Measure { name: name.clone(), function, field: field.clone() };
                (measure, KeyPath::of(key).key(name))
            })
        })
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.count.is_none() && self.measures().next().is_none() {
            let problem = Problem::at(
                KeyPath::root(),
                "missing-key",
                "the transform computes nothing: `count`, `sum`, `mean`, `min` and `max` are missing",
            );
            let problem =
                problem.part(Part::Key).label("needs `count`, `sum`, `mean`, `min` or `max`");
            problems.push(problem.help("add for example `count = \"tasks\"`"));
        }
        if self.max_groups == 0 {
            let message = "0 is out of range, expected a whole number above 0";
            problems.push(Problem::at(KeyPath::of("max_groups"), "invalid-value", message));
        }
        let group_by = self.group_by.iter().enumerate();
        let group_by = group_by
            .map(|(index, name)| (name.clone(), KeyPath::of("group_by").index(index), Part::Value));
        let count = self.count.iter().map(|name| (name.clone(), KeyPath::of("count"), Part::Value));
        let measures = self.measures().map(|(measure, path)| (measure.name, path, Part::Key));
        let mut seen: BTreeMap<String, (KeyPath, Part)> = BTreeMap::new();
        for (name, path, part) in group_by.chain(count).chain(measures) {
            if let Some((first, first_part)) =
                seen.insert(name.clone(), (path.clone(), part.clone()))
            {
                let message = format!("two fields of the emitted records have the name `{name}`");
                let problem = Problem::at(path, "duplicate-value", message).part(part);
                problems.push(
                    problem
                        .related(first, first_part, "the other field")
                        .help("choose another name"),
                );
            }
        }
        problems
    }

    /// The fields of the emitted records.
    fn output(&self) -> RecordFields {
        let names = self.group_by.iter().chain(&self.count).cloned();
        let names = names.chain(self.measures().map(|(measure, _)| measure.name));
        RecordFields { own: FieldSet::new(names), tasks: FieldSet::none() }
    }
}
