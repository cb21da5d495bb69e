//! The shapes of what clients send.

use serde_json::{Map, Value, json};

use crate::access::Scope;
use crate::credentials::AUDIENCE;
use crate::description::parts::{names, reference};
use crate::http::bounds::{
    ACTIVE, FAMILIES, LARGEST_LIMIT, LONGEST_CURSOR, MOST_DECISIONS, MOST_FAMILIES, MOST_FILTERS,
    OPERATORS, UPDATED,
};
use crate::record::Subject;
use crate::settings::{MissingLimit, SandboxSettings, Switch, UnknownField};
use crate::store::Decision;

/// An object of a request, to which nothing may be added unless the setting says so.
fn closed(settings: &SandboxSettings, mut schema: Value) -> Value {
    if settings.unknown_field != UnknownField::Ignore {
        schema["additionalProperties"] = false.into();
    }
    schema
}

pub(super) fn token_request() -> Value {
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

pub(super) fn export(subject: Subject, settings: &SandboxSettings) -> Value {
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

pub(super) fn job_filter(settings: &SandboxSettings) -> Value {
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

pub(super) fn feedback(settings: &SandboxSettings) -> Value {
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

pub(super) fn employee_filter(settings: &SandboxSettings) -> Value {
    closed(
        settings,
        json!({
            "type": "object",
            "required": ["filter", ACTIVE],
            "properties": {"filter": {"const": ACTIVE}, ACTIVE: {"type": "boolean"}},
        }),
    )
}
