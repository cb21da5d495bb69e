//! The types of pages, records and tasks, for their schemas alone: responses are written from stored JSON.

#![expect(dead_code, reason = "only the schemas of these types are used")]

use schemars::JsonSchema;

use crate::record::keys::ID_PATTERN;

/// A page of an export.
#[derive(JsonSchema)]
#[schemars(rename = "{S}Page", extend(
    "if" = {"properties": {"has_next": {"const": true}}},
    "then" = {"required": ["next_starting_after"]},
    "else" = {"not": {"required": ["next_starting_after"]}},
))]
pub(super) struct Page<S> {
    /// Whether there is more data after this page.
    has_next: bool,
    /// The profiles of this page.
    #[schemars(length(max = 100))]
    records: Vec<Record<S>>,
    /// The cursor of the next page. It is present only if `has_next` is true.
    #[schemars(with = "String", length(min = 1, max = 100))]
    #[serde(default)]
    next_starting_after: (),
}

/// The task profile of a job or of an employee.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "{S}Record")]
enum Record<S> {
    /// The shape for `response_format=list`.
    List {
        #[schemars(extend("pattern" = ID_PATTERN), length(min = 1, max = 100))]
        external_id: String,
        tasks: Vec<ExportedTask<S>>,
    },
    /// The shape for `response_format=hierarchy`. Tasks without a place in the taxonomy are in `tasks`.
    Hierarchy {
        #[schemars(extend("pattern" = ID_PATTERN), length(min = 1, max = 100))]
        external_id: String,
        #[schemars(with = "Vec<ExportedTask<S>>", length(min = 1))]
        #[serde(default)]
        tasks: (),
    },
}

/// A task. An attribute is absent if the request does not include it, and can be absent if the request does.
#[derive(JsonSchema)]
#[schemars(rename = "{S}Task")]
struct ExportedTask<S> {
    /// The task's id.
    #[schemars(length(min = 1, max = 100))]
    task_id: String,
    /// The task's name.
    task: String,
    /// Whether people have confirmed the task. More values may be added.
    #[schemars(extend("examples" = ["validated", "suggested", "rejected"]))]
    validation_state: String,
    /// The estimated hours per week.
    weekly_hours: Option<f64>,
    /// How far AI can take over the task.
    ai_impact: Option<AiImpact>,
    /// The skills that the task requires.
    linked_skills: Option<Vec<Skill>>,
    #[serde(flatten)]
    sources: S,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct AiImpact {
    /// The level. More values may be added.
    #[schemars(extend("examples" = ["H1", "H2", "H3"]))]
    level: String,
    /// The reason for the level.
    rationale: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct Skill {
    /// The skill's id in the requested vocabulary.
    skill_id: String,
    /// The skill's name in the requested vocabulary.
    skill: String,
}

#[derive(JsonSchema)]
pub(super) struct Job {
    /// The job profile data from which the task was derived.
    source_data: Option<Vec<SourceEntry>>,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct SourceEntry {
    /// The entry's id.
    external_id: String,
}

#[derive(JsonSchema)]
pub(super) struct Employee {
    /// The events from which the task was derived.
    source_events: Option<Vec<SourceEvent>>,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct SourceEvent {
    /// The event's id.
    external_id: String,
    /// The event's type.
    event_type: String,
}
