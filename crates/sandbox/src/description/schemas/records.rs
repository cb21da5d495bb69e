//! The shapes of profiles and of pages.

use serde_json::{Value, json};

use crate::description::parts::{external_id, reference};
use crate::http::bounds::{LARGEST_LIMIT, LONGEST_CURSOR};
use crate::record::Subject;
use crate::record::keys::{HIERARCHY_KEYS, NODE_KEYS};
use crate::settings::{HierarchyLayout, SandboxSettings, UnmappedSkills};

pub(super) fn page(record: &str) -> Value {
    json!({
        "type": "object",
        "required": ["has_next", "records"],
        "properties": {
            "has_next": {"type": "boolean", "description": "True when there is more data after this page."},
            "records": {"type": "array", "maxItems": LARGEST_LIMIT, "items": reference(record)},
            "next_starting_after": {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR,
                "description": "Only present when has_next is true."},
        },
        "if": {"properties": {"has_next": {"const": true}}},
        "then": {"required": ["next_starting_after"]},
        "else": {"not": {"required": ["next_starting_after"]}},
    })
}

pub(super) fn record(task: &str, settings: &SandboxSettings) -> Value {
    let list = json!({
        "title": "response_format=list",
        "type": "object",
        "required": ["external_id", "tasks"],
        "properties": {
            "external_id": external_id(),
            "tasks": {"type": "array", "items": reference(task)},
        },
    });
    let tree = match settings.hierarchy_layout {
        HierarchyLayout::Levels => HIERARCHY_KEYS[0].0,
        HierarchyLayout::Nodes => NODE_KEYS[0],
    };
    let mut hierarchy = json!({
        "title": "response_format=hierarchy",
        "type": "object",
        "required": ["external_id", tree],
        "properties": {
            "external_id": external_id(),
            "tasks": {"type": "array", "minItems": 1, "items": reference(task),
                "description": "Tasks that are not placed in the taxonomy."},
        },
    });
    hierarchy["properties"][tree] = level(0, task, settings.hierarchy_layout);
    json!({"anyOf": [list, hierarchy]})
}

/// An array of what stands at `depth` in the work taxonomy.
fn level(depth: usize, task: &str, layout: HierarchyLayout) -> Value {
    let Some((_, name)) = HIERARCHY_KEYS.get(depth) else {
        return json!({"type": "array", "minItems": 1, "items": reference(task)});
    };
    let below = level(depth + 1, task, layout);
    let mut node = match layout {
        HierarchyLayout::Levels => {
            let list = HIERARCHY_KEYS.get(depth + 1).map_or("tasks", |keys| keys.0);
            let mut node = json!({"required": [name, list], "properties": {}});
            node["properties"][*name] = json!({"type": "string"});
            node["properties"][list] = below;
            node
        }
        HierarchyLayout::Nodes => {
            let [_, name_key, level_key, children] = NODE_KEYS;
            let mut node = json!({"required": [name_key, level_key, children], "properties": {}});
            node["properties"][name_key] = json!({"type": "string"});
            node["properties"][level_key] = json!({"const": name});
            node["properties"][children] = below;
            node
        }
    };
    node["type"] = "object".into();
    json!({"type": "array", "items": node})
}

pub(super) fn task(subject: Subject, settings: &SandboxSettings) -> Value {
    let skill_name = match settings.unmapped_skills {
        UnmappedSkills::Null => json!({"type": ["string", "null"]}),
        UnmappedSkills::Drop | UnmappedSkills::Keep => json!({"type": "string"}),
    };
    let text = || json!({"type": "string"});
    let sources = match subject {
        Subject::Job => json!({"type": "array", "items": {
            "type": "object", "required": ["external_id"], "properties": {"external_id": text()},
        }}),
        Subject::Employee => json!({"type": "array", "items": {
            "type": "object", "required": ["external_id", "event_type"],
            "properties": {"external_id": text(), "event_type": text()},
        }}),
    };
    let optional = [
        ("weekly_hours", json!({"type": "number", "description": "Estimated."})),
        (
            "ai_impact",
            json!({
                "type": "object",
                "required": ["level"],
                "properties": {
                    "level": {"type": "string", "examples": ["H1", "H2", "H3"], "description": "An open enumeration."},
                    "rationale": {"type": ["string", "null"]},
                },
            }),
        ),
        (
            "linked_skills",
            json!({"type": "array", "items": {
                "type": "object",
                "required": ["skill_id", "skill"],
                "properties": {"skill_id": text(), "skill": skill_name},
            }}),
        ),
        (if subject == Subject::Job { "source_data" } else { "source_events" }, sources),
    ];
    let mut task = json!({
        "type": "object",
        "description": "What was not asked for by `include` is absent; so may be what was.",
        "required": ["task_id", "task", "validation_state"],
        "properties": {
            "task_id": {"type": "string", "minLength": 1, "maxLength": 100},
            "task": text(),
            "validation_state": {"type": "string", "examples": ["validated", "suggested", "rejected"],
                "description": "An open enumeration."},
        },
    });
    for (name, schema) in optional {
        // Null may stand in a dataset file, and is what the setting `missing_member` can ask for.
        task["properties"][name] = json!({"anyOf": [schema, {"type": "null"}]});
    }
    task
}

pub(super) fn listing(entry: &str) -> Value {
    json!({
        "type": "object",
        "required": ["count", "results"],
        "properties": {
            "count": {"type": "integer", "minimum": 0, "description": "How many there are in all."},
            "results": {"type": "array", "items": reference(entry)},
        },
    })
}
