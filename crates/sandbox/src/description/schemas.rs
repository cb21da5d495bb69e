//! The shapes of bodies.

use serde_json::{Map, Value, json};

use crate::access::{AUDIENCE, Scope};
use crate::http::bounds::{
    ACTIVE, FAMILIES, LARGEST_LIMIT, LONGEST_CURSOR, MOST_DECISIONS, MOST_FAMILIES, MOST_FILTERS,
    OPERATORS, UPDATED,
};
use crate::record::{Expansion, HIERARCHY_KEYS, NODE_KEYS, Subject};
use crate::store::Decision;
use crate::{HierarchyLayout, MissingLimit, SandboxSettings, Switch, UnknownField, UnmappedSkills};

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn names(subject: Subject) -> Vec<&'static str> {
    Expansion::of(subject).into_iter().map(Expansion::as_str).collect()
}

/// The id of a job, a job family or an employee.
pub(super) fn external_id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[a-zA-Z0-9_-]+$"})
}

pub(super) fn schemas(settings: &SandboxSettings) -> Value {
    json!({
        "Errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["title", "description"],
                "properties": {
                    "title": {"type": "string", "examples": ["400 Bad Request"]},
                    "description": {"type": "string"},
                },
            },
        },
        "TokenRequest": token_request(),
        "Token": {
            "type": "object",
            "required": ["access_token", "expires_in", "scope", "token_type"],
            "properties": {
                "access_token": {"type": "string"},
                "expires_in": {"type": "integer", "minimum": 0, "description": "In seconds."},
                "scope": {"type": "string", "examples": ["read write"]},
                "token_type": {"const": "Bearer"},
            },
        },
        "TokenError": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {
                "error": {"type": "string"},
                "error_description": {"type": "string"},
            },
        },
        "JobExport": export(Subject::Job, settings),
        "EmployeeExport": export(Subject::Employee, settings),
        "JobFilter": job_filter(settings),
        "EmployeeFilter": closed(settings, json!({
            "type": "object",
            "required": ["filter", ACTIVE],
            "properties": {"filter": {"const": ACTIVE}, ACTIVE: {"type": "boolean"}},
        })),
        "JobPage": page("JobRecord"),
        "EmployeePage": page("EmployeeRecord"),
        "JobRecord": record("JobTask", settings),
        "EmployeeRecord": record("EmployeeTask", settings),
        "JobTask": task(Subject::Job, settings),
        "EmployeeTask": task(Subject::Employee, settings),
        "Feedback": feedback(settings),
        "Job": {
            "type": "object",
            "required": ["external_id", "job_name", "job_family_id", "last_updated"],
            "properties": {
                "external_id": external_id(),
                "job_name": {"type": ["string", "null"]},
                "job_family_id": {"type": ["string", "null"]},
                "last_updated": {"type": "string", "format": "date-time"},
            },
        },
        "JobFamily": {
            "type": "object",
            "required": ["external_id", "job_family_name", "last_updated"],
            "properties": {
                "external_id": external_id(),
                "job_family_name": {"type": "string"},
                "last_updated": {"type": "string", "format": "date-time"},
            },
        },
        "Jobs": listing("Job"),
        "JobFamilies": listing("JobFamily"),
        "Version": {
            "type": "object",
            "required": ["version"],
            "properties": {"version": {"type": "string"}},
        },
    })
}

/// An object of a request, to which nothing may be added unless the setting says so.
fn closed(settings: &SandboxSettings, mut schema: Value) -> Value {
    if settings.unknown_field != UnknownField::Ignore {
        schema["additionalProperties"] = false.into();
    }
    schema
}

fn token_request() -> Value {
    let text = || json!({"type": "string", "minLength": 1});
    let common = |more: &[(&str, Value)]| {
        let mut properties = Map::new();
        properties.insert("grant_type".to_owned(), json!({"const": "client_credentials"}));
        properties.extend(more.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
        properties.insert(
            "audience".to_owned(),
            json!({"type": "string", "minLength": 1, "examples": [AUDIENCE]}),
        );
        properties.insert("tenant".to_owned(), text());
        let required: Vec<_> =
            properties.keys().filter(|name| *name != "client_id").cloned().collect();
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        properties.insert(
            "scopes".to_owned(),
            json!({"type": "array", "items": {"enum": scopes}, "description": "All of them, if none is named."}),
        );
        json!({"type": "object", "required": required, "properties": properties})
    };
    let mut secret = common(&[
        ("client_id", text()),
        ("client_secret", text()),
        ("client_assertion", json!(false)),
    ]);
    secret["title"] = "Client secret".into();
    secret["required"] = json!(["grant_type", "client_id", "client_secret", "audience", "tenant"]);
    let mut key = common(&[
        (
            "client_assertion_type",
            json!({"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}),
        ),
        (
            "client_assertion",
            json!({"type": "string", "minLength": 1, "description": "A JWT, signed with the client's private key."}),
        ),
        ("client_id", text()),
        ("client_secret", json!(false)),
    ]);
    key["title"] = "Private key JWT".into();
    key["required"] =
        json!(["grant_type", "client_assertion_type", "client_assertion", "audience", "tenant"]);
    json!({"oneOf": [secret, key]})
}

fn export(subject: Subject, settings: &SandboxSettings) -> Value {
    let (filter, example) = match subject {
        Subject::Job => ("JobFilter", "job-id-9"),
        Subject::Employee => ("EmployeeFilter", "id_9"),
    };
    let mut schema = json!({
        "type": "object",
        "properties": {
            "limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "examples": [10],
                "description": "Profiles in a page."},
            "starting_after": {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR, "examples": [example],
                "description": "The external_id of the last one seen. Left out on the first request."},
            "include": {"type": "array", "items": {"enum": names(subject)},
                "description": "What is added to each task; `rejected_tasks` adds tasks."},
            "filters": {"type": "array", "maxItems": MOST_FILTERS, "items": reference(filter),
                "description": "All of them have to be passed."},
        },
    });
    if settings.missing_limit != MissingLimit::Ten {
        schema["required"] = json!(["limit"]);
    }
    closed(settings, schema)
}

fn job_filter(settings: &SandboxSettings) -> Value {
    let families = closed(
        settings,
        json!({
            "type": "object",
            "required": ["filter", "job_family_ids"],
            "properties": {
                "filter": {"const": FAMILIES},
                "job_family_ids": {"type": "array", "maxItems": MOST_FAMILIES, "items": {"type": "string"}},
            },
        }),
    );
    let updated = closed(
        settings,
        json!({
            "type": "object",
            "required": ["filter", "value", "operator"],
            "properties": {
                "filter": {"const": UPDATED},
                "value": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}],
                    "examples": ["2022-01-01", "2021-01-21T17:32:28Z"]},
                "operator": {"enum": OPERATORS},
            },
        }),
    );
    let mut filters = vec![families];
    if settings.last_updated_filter == Switch::On {
        filters.push(updated);
    }
    json!({"oneOf": filters})
}

fn page(record: &str) -> Value {
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

fn record(task: &str, settings: &SandboxSettings) -> Value {
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

fn task(subject: Subject, settings: &SandboxSettings) -> Value {
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

fn feedback(settings: &SandboxSettings) -> Value {
    let decisions: Vec<_> = Decision::ALL.iter().map(|decision| decision.as_str()).collect();
    closed(
        settings,
        json!({
            "type": "object",
            "required": ["tasks"],
            "properties": {"tasks": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_DECISIONS,
                "items": closed(settings, json!({
                    "type": "object",
                    "required": ["task_id", "validation_state"],
                    "properties": {
                        "task_id": {"type": "string", "minLength": 1, "maxLength": 100},
                        "validation_state": {"enum": decisions},
                    },
                })),
            }},
        }),
    )
}

fn listing(entry: &str) -> Value {
    json!({
        "type": "object",
        "required": ["count", "results"],
        "properties": {
            "count": {"type": "integer", "minimum": 0, "description": "How many there are in all."},
            "results": {"type": "array", "items": reference(entry)},
        },
    })
}
