//! The endpoints: what each takes and how it answers.

use serde_json::{Map, Value, json};

use super::parts::{external_id, names, reference};
use crate::Credentials;
use crate::http::bounds::{DEFAULT_LISTING_LIMIT, LARGEST_LISTING_LIMIT};
use crate::http::paths::{
    EMPLOYEES_PATH, EXPORT_PATH, FAMILIES_PATH, FAMILY_PATH, JOB_PATH, JOBS_PATH, OPENAPI_PATH,
    PROFILE_PATH, TOKEN_PATH, VERSION_PATH, WEBHOOK_PATH,
};
use crate::record::{ResponseFormat, Subject};
use crate::settings::{
    FeedbackAnswer, MissingLimit, Refusal, SandboxSettings, Switch, UnknownField, UnknownTask,
    Vendors,
};

pub(super) fn paths(
    settings: &SandboxSettings,
    active: &Vendors,
    credentials: &Credentials,
) -> Value {
    let mut paths = Map::new();
    let mut add = |path: &str, operations: Value| {
        paths.insert(path.to_owned(), operations);
    };
    add(TOKEN_PATH, json!({"post": token(credentials)}));
    add(EXPORT_PATH, json!({"post": export(Subject::Job, settings, active)}));
    add(EMPLOYEES_PATH, json!({"post": export(Subject::Employee, settings, active)}));
    add(PROFILE_PATH, json!({"get": profile(settings, active), "patch": feedback(settings)}));
    add(JOBS_PATH, json!({"get": listing(settings, "Jobs", "List jobs", "listJobs")}));
    add(JOB_PATH, json!({"get": one(settings, "Job", "Get a job", "getJob")}));
    add(
        FAMILIES_PATH,
        json!({"get": listing(settings, "JobFamilies", "List job families", "listJobFamilies")}),
    );
    add(
        FAMILY_PATH,
        json!({"get": one(settings, "JobFamily", "Get a job family", "getJobFamily")}),
    );
    add(VERSION_PATH, json!({"get": version(settings)}));
    add(WEBHOOK_PATH, json!({"post": webhook()}));
    add(
        OPENAPI_PATH,
        json!({"get": {
            "tags": ["Sandbox"],
            "operationId": "getDescription",
            "summary": "Get this description",
            "security": [],
            "responses": {"200": {"description": "An OpenAPI document.", "content": {"application/json": {"schema": {"type": "object"}}}}},
        }}),
    );
    Value::Object(paths)
}

/// What every operation takes. None names it: tools that make up requests would make up faults.
pub(super) fn parameters(settings: &SandboxSettings) -> Value {
    if settings.fault_header == Switch::Off {
        return json!({});
    }
    json!({"Fault": {
        "name": "X-Sandbox-Fault",
        "in": "header",
        "description": "No part of TechWolf's API: what is to go wrong with a request, such as `cut` or `503-html`. \
                        Every operation takes it, and its answer can be anything then.",
        "schema": {"type": "string", "maxLength": 1000},
    }})
}

fn body(schema: &str) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": reference(schema)}}})
}

fn answer(description: &str, schema: &str) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": reference(schema)}}})
}

/// The statuses of refusals, and 422 where the settings answer mistakes with it.
fn refusals(settings: &SandboxSettings, statuses: &[u16]) -> Vec<u16> {
    let mut statuses = statuses.to_vec();
    if settings.bad_value == Refusal::Unprocessable
        || settings.unknown_field == UnknownField::Unprocessable
        || settings.missing_limit == MissingLimit::Unprocessable
    {
        statuses.push(422);
    }
    statuses
}

/// The answers to a request: this one if all is well, and refusals.
fn responses(status: &str, good: Value, refusals: &[u16]) -> Value {
    let mut responses = Map::new();
    responses.insert(status.to_owned(), good);
    for status in refusals {
        let about = match status {
            400 => "The request is not as it should be; each description names a field.",
            401 => "There is no access token, or none that is good now.",
            403 => "The access token is for something else.",
            404 => "There is no such thing, or not for this client.",
            408 => "The body did not come in time.",
            413 => "The body is too large.",
            415 => "The body is not said to be JSON, or is compressed.",
            422 => "The request is understood, but can't be followed.",
            503 => "The database can't be used now.",
            _ => "Too many requests: the limit is shared by all clients of a tenant.",
        };
        let mut refusal = answer(about, "Errors");
        match status {
            401 => {
                refusal["headers"] =
                    json!({"WWW-Authenticate": {"required": true, "schema": {"type": "string"}}});
            }
            429 | 503 => {
                refusal["headers"] = json!({"Retry-After": {
                    "schema": {"type": "string"},
                    "description": "Seconds or a date; may be missing.",
                }});
            }
            _ => {}
        }
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

fn token(credentials: &Credentials) -> Value {
    let Credentials { client_id, client_secret, audience, tenant, .. } = credentials;
    let mut request = body("TokenRequest");
    request["content"]["application/json"]["example"] = json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
        "audience": audience, "tenant": tenant,
    });
    let refusal = |about: &str| answer(about, "TokenError");
    json!({
        "tags": ["Access"],
        "operationId": "getToken",
        "summary": "Get an access token",
        "description": "The client credentials grant, with a secret or with a JWT that the client signs (RFC 7523). \
                        A token can be used until it expires: keep it.",
        "security": [],
        "requestBody": request,
        "responses": {
            "200": answer("A token.", "Token"),
            "400": refusal("The request is not as it should be."),
            "401": refusal("The client is not known, or can't prove that it is who it says."),
            "403": refusal("The client has no access to this audience, tenant or scope."),
            "408": refusal("The body did not come in time."),
            "413": refusal("The body is too large."),
        },
    })
}

fn query(name: &str, schema: &Value, about: &str) -> Value {
    json!({"name": name, "in": "query", "description": about, "schema": schema})
}

fn format_and_vendor(active: &Vendors) -> [Value; 2] {
    let formats = ResponseFormat::ALL.map(ResponseFormat::as_str);
    let vendors: Vec<_> = active.0.iter().map(|vendor| vendor.as_str()).collect();
    [
        query(
            "response_format",
            &json!({"enum": formats, "default": "list"}),
            "The format of the profile.",
        ),
        query(
            "external_vendor",
            &json!({"enum": vendors, "default": "techwolf"}),
            "In whose vocabulary skills are shown. It works for vendors that are activated on the tenant; named here \
             are those of the tenant in the example for a token.",
        ),
    ]
}

fn path_id() -> Value {
    json!({"name": "external_id", "in": "path", "required": true, "schema": external_id()})
}

fn export(subject: Subject, settings: &SandboxSettings, active: &Vendors) -> Value {
    let (whose, id, request, page) = match subject {
        Subject::Job => ("jobs", "exportJobTaskProfiles", "JobExport", "JobPage"),
        Subject::Employee => {
            ("employees", "exportEmployeeTaskProfiles", "EmployeeExport", "EmployeePage")
        }
    };
    json!({
        "tags": ["Exports"],
        "operationId": id,
        "summary": format!("Export the task profiles of all {whose}"),
        "description": "In the order of creation, oldest first. Those without tasks have an empty array. Needs the scope `read`.",
        "parameters": format_and_vendor(active),
        "requestBody": body(request),
        "responses": responses("200", answer("A page.", page), &refusals(settings, &[400, 401, 403, 404, 408, 413, 415, 429, 503])),
    })
}

fn profile(settings: &SandboxSettings, active: &Vendors) -> Value {
    let extended = settings.single_job_extensions == Switch::On;
    let include: Vec<_> = names(Subject::Job)
        .into_iter()
        .filter(|name| extended || *name != "linked_skills")
        .collect();
    let mut parameters = vec![path_id()];
    let mut query = query(
        "include",
        &json!({"type": "array", "items": {"enum": include}}),
        "Once for each thing to add.",
    );
    query["style"] = "form".into();
    query["explode"] = true.into();
    parameters.push(query);
    parameters.extend(format_and_vendor(active).into_iter().take(if extended { 2 } else { 1 }));
    json!({
        "tags": ["Jobs"],
        "operationId": "getJobTaskProfile",
        "summary": "Get the task profile of a job",
        "description": "Needs the scope `read`.",
        "parameters": parameters,
        "responses": responses("200", answer("The profile.", "JobRecord"), &refusals(settings, &[400, 401, 403, 404, 429, 503])),
    })
}

fn feedback(settings: &SandboxSettings) -> Value {
    let (status, good) = match settings.feedback_answer {
        FeedbackAnswer::NoContent => ("204", json!({"description": "Taken."})),
        FeedbackAnswer::Profile => ("200", answer("The profile as it is now.", "JobRecord")),
    };
    let mut refusals = refusals(settings, &[400, 401, 403, 404, 408, 413, 415, 429, 503]);
    // A task that is named twice.
    if !refusals.contains(&422) {
        refusals.push(422);
    }
    let unknown = match settings.unknown_task {
        UnknownTask::Unprocessable => 422,
        UnknownTask::NotFound => 404,
        UnknownTask::BadRequest => 400,
    };
    json!({
        "tags": ["Jobs"],
        "operationId": "giveFeedback",
        "summary": "Validate or reject tasks of a job",
        "description": format!("All or none. A task that the job does not have is answered with {unknown}, one that is named twice with 422. Needs the scope \
                                `write`. That there is feedback by PATCH is public, its shape is not."),
        "parameters": [path_id()],
        "requestBody": body("Feedback"),
        "responses": responses(status, good, &refusals),
    })
}

fn listing(settings: &SandboxSettings, schema: &str, summary: &str, id: &str) -> Value {
    json!({
        "tags": ["Jobs"],
        "operationId": id,
        "summary": summary,
        "description": "Needs the scope `read`. The shape is that of other listings; no public page shows this one.",
        "parameters": [
            query("limit", &json!({"type": "integer", "minimum": 1, "maximum": LARGEST_LISTING_LIMIT,
                "default": DEFAULT_LISTING_LIMIT}), "Entries in a page."),
            query("offset", &json!({"type": "integer", "minimum": 0, "maximum": i64::MAX, "default": 0}),
                "Entries before the page."),
        ],
        "responses": responses("200", answer("A page.", schema), &refusals(settings, &[400, 401, 403, 429, 503])),
    })
}

fn one(settings: &SandboxSettings, schema: &str, summary: &str, id: &str) -> Value {
    json!({
        "tags": ["Jobs"],
        "operationId": id,
        "summary": summary,
        "description": "Needs the scope `read`. No public page shows this one.",
        "parameters": [path_id()],
        "responses": responses("200", answer("It.", schema), &refusals(settings, &[400, 401, 403, 404, 429, 503])),
    })
}

fn version(settings: &SandboxSettings) -> Value {
    json!({
        "tags": ["Access"],
        "operationId": "getVersion",
        "summary": "Check a token",
        "description": "Any access token will do. What the answer looks like is not public.",
        "responses": responses("200", answer("The version.", "Version"), &refusals(settings, &[400, 401, 429])),
    })
}

fn webhook() -> Value {
    json!({
        "tags": ["Sandbox"],
        "operationId": "takeWebhook",
        "summary": "Take what a pipeline delivers",
        "description": "Any JSON will do, also compressed with gzip. Signatures are not checked.",
        "security": [],
        "requestBody": {"required": true, "content": {
            "application/json": {"schema": {}},
            "application/cloudevents+json": {"schema": {}},
            "application/cloudevents-batch+json": {"schema": {}},
        }},
        "responses": responses("204", json!({"description": "Taken."}), &[400, 408, 413, 415]),
    })
}
