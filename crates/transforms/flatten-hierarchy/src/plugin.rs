//! Checks the options and builds the transform.

use taskferry_profile::LEVELS;
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, FieldSet, KeyPath, OtherFields, Part, Plugin, Problem,
    RecordFields, Subject, TransformPlugin, nearest,
};

use crate::config::{FlattenHierarchy, Into};
use crate::transform::Flatten;

/// The list fields of tasks in the API.
const LIST_FIELDS: [&str; 3] = ["linked_skills", "source_data", "source_events"];
/// The other fields of tasks in the API.
const NON_LIST_FIELDS: [&str; 5] =
    ["task_id", "task", "validation_state", "weekly_hours", "ai_impact"];

impl Plugin for FlattenHierarchy {
    const TYPE: &'static str = "flatten_hierarchy";
}

/// The fields of the results.
fn flattened(
    input: &RecordFields,
    into: Into,
    explode: Option<&str>,
    subject: Subject,
) -> RecordFields {
    // A record without known tasks may be a row, which passes through.
    if input.tasks.is_unknown() {
        return RecordFields::default();
    }
    if input.own.missing("tasks").is_some() {
        return exploded(input.own.clone(), explode);
    }
    let mut tasks = input.tasks.clone();
    for level in LEVELS {
        tasks.add(level);
    }
    if into == Into::Tasks {
        return RecordFields { own: input.own.clone(), tasks };
    }
    // Nodes of a hierarchy can have any fields, which become fields of rows.
    let others = tasks.other_fields().max(input.own.other_fields());
    let mut row = tasks.with_open_prefixes(&[subject.prefix(), "task_"]).with_other_fields(others);
    row.add(subject.id_field());
    row.replace("ai_impact", &["ai_impact_level", "ai_impact_rationale"]);
    exploded(row, explode)
}

/// The fields of rows after `explode` has replaced the list by one of its items.
fn exploded(mut row: FieldSet, explode: Option<&str>) -> RecordFields {
    match explode {
        Some("linked_skills") => row.replace("linked_skills", &["skill_id", "skill"]),
        // The items of other fields are not documented.
        Some(_) => row = row.with_other_fields(OtherFields::Possible),
        None => {}
    }
    RecordFields { own: row, tasks: FieldSet::default() }
}

impl TransformPlugin for FlattenHierarchy {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        if let Some(problem) = self.problem() {
            return Err(vec![problem]);
        }
        Ok(AnyTransform::stateless(Flatten {
            into: self.into,
            empty_jobs: self.empty_jobs,
            explode: self.explode.clone(),
            subject: context.subject(),
        }))
    }

    fn fields(&self, context: &BuildContext<'_>) -> FieldRule {
        let (into, explode, subject) = (self.into, self.explode.clone(), context.subject());
        let needed = LIST_FIELDS.into_iter().find(|field| explode.as_deref() == Some(field));
        let rule =
            FieldRule::exact(move |input| flattened(input, into, explode.as_deref(), subject));
        match needed {
            Some(field) => rule.requires(field, "there is nothing to explode"),
            None => rule,
        }
    }

    fn explained_options() -> &'static [&'static str] {
        &["empty_jobs"]
    }
}

impl FlattenHierarchy {
    /// The error in `explode`.
    fn problem(&self) -> Option<Problem> {
        let (field, path) = (self.explode.as_deref()?, KeyPath::of("explode"));
        if self.into == Into::Tasks {
            let problem = Problem::at(path, "unused-option", "`explode` needs `into = \"rows\"`")
                .part(Part::Key)
                .label("only rows can be exploded")
                .related(KeyPath::of("into"), Part::Value, "produces lists of tasks")
                .help("write `into = \"rows\"`, or remove `explode`");
            return Some(problem);
        }
        if field.is_empty() {
            let help = "name a list field of tasks, for example `explode = \"linked_skills\"`";
            return Some(Problem::at(path, "empty-value", "`explode` is empty").help(help));
        }
        let (message, help) = if NON_LIST_FIELDS.contains(&field) {
            let lists = LIST_FIELDS.map(|name| format!("\"{name}\"")).join(", ");
            let message = format!("`{field}` is not a list, so it can't be exploded");
            (message, format!("the lists of tasks are {lists}"))
        } else {
            // Other names are valid, since the API and other transforms can add fields.
            let meant = nearest(field, LIST_FIELDS).filter(|near| *near != field)?;
            (format!("tasks have no field `{field}`"), format!("did you mean \"{meant}\"?"))
        };
        Some(Problem::at(path, "unknown-choice", message).help(help))
    }
}
