//! The JSON Schemas of queries, bodies and responses: made from their types, and adapted to the settings. Records have no
//! types, because they are written from stored JSON; their schemas are in `data/openapi.json`.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::http::{
    EmptyQuery, Errors, ExportBody, ExportQuery, Feedback, Grant, ListingQuery, ProfileQuery,
    TokenError, TokenRequest, Version,
};
use crate::record::keys::{HIERARCHY_KEYS, NODE_KEYS};
use crate::record::{Expansion, Subject};
use crate::settings::{
    HierarchyLayout, MissingLimit, SandboxSettings, Switch, UnknownField, UnmappedSkills, Vendor,
};
use crate::store::{ListedFamily, ListedJob, Listing};

/// The parts of the document that depend neither on the settings nor on types. `Document::complete` replaces the references to
/// responses and parameters by their content, so that the page shows each operation as a whole.
pub(super) fn template() -> Value {
    // The document is always valid: a test reads it.
    serde_json::from_str(include_str!("../../data/openapi.json")).unwrap_or_default()
}

/// The schemas of all queries, bodies and responses, adapted to the settings.
pub(crate) fn schemas(settings: &SandboxSettings) -> Value {
    let (mut requests, mut responses) = (generator(false), generator(true));
    define::<ExportQuery>(&mut requests);
    define::<ProfileQuery>(&mut requests);
    define::<ListingQuery>(&mut requests);
    define::<EmptyQuery>(&mut requests);
    define::<ExportBody>(&mut requests);
    define::<Feedback>(&mut requests);
    let mut schemas = requests.take_definitions(true);
    let export = schemas.shift_remove("ExportBody").unwrap_or_default();
    schemas.insert("JobExport".to_owned(), export_of(Subject::Job, &export, settings));
    schemas.insert("EmployeeExport".to_owned(), export_of(Subject::Employee, &export, settings));
    adapt_queries(&mut schemas, settings);
    if settings.unknown_field != UnknownField::Ignore {
        schemas.values_mut().for_each(forbid_additional_properties);
    }

    define::<TokenRequest>(&mut requests);
    schemas.append(&mut requests.take_definitions(true));
    // In the document, `Subject` stands for `Job` and for `Employee`.
    let records = template()["components"]["schemas"].to_string();
    for (subject, foreign) in [("Job", "source_events"), ("Employee", "source_data")] {
        let records = serde_json::from_str(&records.replace("Subject", subject));
        schemas.append(&mut records.unwrap_or_default());
        adapt_record(&mut schemas, subject, foreign, settings);
    }

    define::<Listing<ListedJob>>(&mut responses);
    define::<Listing<ListedFamily>>(&mut responses);
    define::<Version>(&mut responses);
    define::<Grant>(&mut responses);
    define::<TokenError>(&mut responses);
    define::<Errors>(&mut responses);
    schemas.append(&mut responses.take_definitions(true));
    schemas.into()
}

fn generator(is_response: bool) -> SchemaGenerator {
    // OpenAPI has no formats for unsigned integers, and a default of null says nothing.
    let tidy = RecursiveTransform(|schema: &mut schemars::Schema| {
        let format = schema.get("format").and_then(Value::as_str);
        if format.is_some_and(|format| format.starts_with("uint")) {
            schema.remove("format");
        }
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
    });
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .with_transform(tidy);
    if is_response { settings.for_serialize() } else { settings }.into_generator()
}

fn define<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// The body of an export, with the attributes and the filters that the subject has.
fn export_of(subject: Subject, body: &Value, settings: &SandboxSettings) -> Value {
    let mut body = body.clone();
    if settings.missing_limit == MissingLimit::Ten {
        body["properties"]["limit"]["default"] = 10.into();
        body.as_object_mut().map(|body| body.shift_remove("required"));
    }
    body["properties"]["include"]["items"]["enum"] = names(subject).into();
    if let Some(filters) = body["properties"]["filters"]["items"]["oneOf"].as_array_mut() {
        filters.retain(|filter| match filter["properties"]["filter"]["const"].as_str() {
            Some("is_active") => subject == Subject::Employee,
            Some("last_updated") => {
                subject == Subject::Job && settings.last_updated_filter == Switch::On
            }
            _ => subject == Subject::Job,
        });
    }
    body
}

fn names(subject: Subject) -> Vec<&'static str> {
    Expansion::of(subject).into_iter().map(Expansion::as_str).collect()
}

fn adapt_queries(schemas: &mut Map<String, Value>, settings: &SandboxSettings) {
    let vendors: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
    for query in ["ExportQuery", "ProfileQuery"] {
        schemas[query]["properties"]["external_vendor"]["enum"] = json!(vendors);
    }
    let profile = &mut schemas["ProfileQuery"]["properties"];
    let mut include = names(Subject::Job);
    if settings.single_job_extensions == Switch::Off {
        include.retain(|name| *name != Expansion::LinkedSkills.as_str());
        profile.as_object_mut().map(|profile| profile.shift_remove("external_vendor"));
    }
    profile["include"]["items"]["enum"] = include.into();
}

/// Forbids additional properties in an object and in all objects below it.
fn forbid_additional_properties(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(forbid_additional_properties);
            if members.get("type").is_some_and(|kind| kind == "object") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_additional_properties),
        _ => {}
    }
}

/// Adapts the record and the task of a subject. `foreign` is the attribute that its tasks do not have.
fn adapt_record(
    schemas: &mut Map<String, Value>,
    subject: &str,
    foreign: &str,
    settings: &SandboxSettings,
) {
    let layout = settings.hierarchy_layout;
    let tree = match layout {
        HierarchyLayout::Levels => HIERARCHY_KEYS[0].0,
        HierarchyLayout::Nodes => NODE_KEYS[0],
    };
    let hierarchy = &mut schemas[&format!("{subject}Record")]["anyOf"][1];
    let task = json!({"$ref": format!("#/components/schemas/{subject}Task")});
    hierarchy["properties"][tree] = level(0, &task, layout);
    hierarchy["required"] = json!(["external_id", tree]);
    let attributes = &mut schemas[&format!("{subject}Task")]["properties"];
    attributes.as_object_mut().map(|attributes| attributes.shift_remove(foreign));
    if settings.unmapped_skills == UnmappedSkills::Null {
        let skill = &mut attributes["linked_skills"]["items"]["properties"]["skill"];
        skill["type"] = json!(["string", "null"]);
    }
}

/// An array of the nodes at `depth` of the work taxonomy.
fn level(depth: usize, task: &Value, layout: HierarchyLayout) -> Value {
    let Some((_, level_name)) = HIERARCHY_KEYS.get(depth) else {
        return json!({"type": "array", "minItems": 1, "items": task});
    };
    let text = json!({"type": "string"});
    let mut node = Map::new();
    let children = match layout {
        HierarchyLayout::Levels => {
            node.insert((*level_name).to_owned(), text);
            HIERARCHY_KEYS.get(depth + 1).map_or("tasks", |keys| keys.0)
        }
        HierarchyLayout::Nodes => {
            let [_, name, level, children] = NODE_KEYS;
            node.insert(name.to_owned(), text);
            node.insert(level.to_owned(), json!({"const": level_name}));
            children
        }
    };
    node.insert(children.to_owned(), level(depth + 1, task, layout));
    let required: Vec<_> = node.keys().cloned().collect();
    json!({"type": "array", "items": {"type": "object", "required": required, "properties": node}})
}
