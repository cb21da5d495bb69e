//! The description of the sandbox: an OpenAPI document, and an HTML page for a browser.
//!
//! Both are made from the settings, the table of endpoints and the types of requests and responses.

mod page;
mod records;
mod schemas;

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use self::schemas::reference;
pub(crate) use self::schemas::schemas;
use crate::Credentials;
use crate::clients::default_secret;
use crate::http::{Access, Content, Description, ENDPOINTS, Endpoint, Schemas, TOKEN_PATH};
use crate::record::keys::ID_PATTERN;
use crate::settings::{
    FeedbackAnswer, MissingLimit, Refusal, SandboxSettings, Switch, UnknownField, Vendors,
};

/// Describes a running sandbox.
pub(crate) fn describe(
    url: &str,
    settings: &SandboxSettings,
    schemas: &Schemas,
    vendors: &HashMap<String, Vendors>,
    credentials: &Credentials,
) -> Description {
    let mut credentials = credentials.clone();
    // Everybody can open the page. It shows the default secret, but no secret that a user has set.
    if credentials.client_secret != default_secret(&credentials.tenant) {
        "CLIENT_SECRET".clone_into(&mut credentials.client_secret);
    }
    let vendors = vendors.get(&credentials.tenant).unwrap_or(&settings.vendors);
    let document = Document { settings, schemas, vendors, credentials: &credentials };
    let openapi = document.write(url);
    let page = page::write(&openapi, url, &credentials);
    Description { openapi: openapi.to_string().into(), page }
}

impl Credentials {
    /// The shell commands that request a token and a first page from the sandbox at `url`.
    pub fn first_page(&self, url: &str) -> String {
        page::first_page(url, self)
    }
}

struct Document<'a> {
    settings: &'a SandboxSettings,
    schemas: &'a Schemas,
    /// The vendors that the tenant of the shown credentials has activated.
    vendors: &'a Vendors,
    credentials: &'a Credentials,
}

impl Document<'_> {
    fn write(&self, url: &str) -> Value {
        let mut paths = json!({});
        for endpoint in &ENDPOINTS {
            paths[endpoint.path][endpoint.method.to_lowercase()] = self.operation(endpoint);
        }
        // No operation refers to the header: tools that generate requests would generate faults.
        let parameters = match self.settings.fault_header {
            Switch::Off => json!({}),
            Switch::On => json!({"Fault": {
                "name": "X-Sandbox-Fault",
                "in": "header",
                "description": "Not part of TechWolf's API: the faults of a request, such as `cut` or `503-html`. \
                                Every operation accepts it. Its response can be anything then.",
                "schema": {"type": "string", "maxLength": 1000},
            }}),
        };
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "TechWolf Skill Engine API: the task profile endpoints, as the taskferry sandbox serves them",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "This is not TechWolf's own description. It follows TechWolf's public pages, and the \
                                settings of the sandbox where they do not define the behavior. Responses can get new \
                                fields: clients must ignore unknown fields.",
            },
            "servers": [{"url": url}],
            "security": [{"token": []}],
            "tags": [
                {"name": "Access", "description": "Tokens."},
                {"name": "Exports", "description": "Task profiles, page by page."},
                {"name": "Jobs", "description": "Single profiles, feedback, and names."},
                {"name": "Sandbox", "description": "Not part of TechWolf's API."},
            ],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token from `POST /oauth/token`.",
                }},
                "parameters": parameters,
                "schemas": self.schemas.bodies(),
            },
        })
    }

    fn operation(&self, endpoint: &Endpoint) -> Value {
        let mut operation = json!({
            "tags": [endpoint.tag],
            "operationId": endpoint.id,
            "summary": endpoint.summary,
            "description": endpoint.description,
        });
        if endpoint.access == Access::Public {
            operation["security"] = json!([]);
        }
        let parameters = self.parameters(endpoint);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if endpoint.body != Content::None {
            operation["requestBody"] = json!({"required": true, "content": content(endpoint.body)});
        }
        if endpoint.path == TOKEN_PATH {
            let Credentials { client_id, client_secret, audience, tenant, .. } = self.credentials;
            operation["requestBody"]["content"]["application/json"]["example"] = json!({
                "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
                "audience": audience, "tenant": tenant,
            });
        }
        let mut responses = json!({});
        let is_feedback = endpoint.method == "PATCH";
        if endpoint.response == Content::None
            || (is_feedback && self.settings.feedback_answer == FeedbackAnswer::NoContent)
        {
            responses["204"] = json!({"description": "Success, without a body."});
        } else {
            responses["200"] =
                json!({"description": "Success.", "content": content(endpoint.response)});
        }
        for status in self.errors(endpoint) {
            responses[status.to_string()] = error(status, endpoint.path == TOKEN_PATH);
        }
        operation["responses"] = responses;
        operation
    }

    /// The id in the path, and the parameters of the query.
    fn parameters(&self, endpoint: &Endpoint) -> Vec<Value> {
        let mut parameters = Vec::new();
        if endpoint.path.contains("{external_id}") {
            let schema =
                json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": ID_PATTERN});
            parameters.push(
                json!({"name": "external_id", "in": "path", "required": true, "schema": schema}),
            );
        }
        let query = &self.schemas.get(endpoint.query.unwrap_or_default())["properties"];
        for (name, schema) in query.as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            let description =
                schema.as_object_mut().and_then(|all| all.shift_remove("description"));
            if name == "external_vendor" {
                let vendors = self.vendors.0.iter().map(|vendor| vendor.as_str());
                schema["enum"] = vendors.collect::<Vec<_>>().into();
            }
            // An array is repeated (`style: form`, `explode: true`), which is OpenAPI's default.
            parameters.push(
                json!({"name": name, "in": "query", "description": description, "schema": schema}),
            );
        }
        parameters
    }

    /// The statuses of errors.
    fn errors(&self, endpoint: &Endpoint) -> Vec<u16> {
        if endpoint.path == TOKEN_PATH {
            return vec![400, 401, 403, 408, 413];
        }
        let settings = self.settings;
        let can_be_unprocessable = settings.bad_value == Refusal::Unprocessable
            || settings.unknown_field == UnknownField::Unprocessable
            || settings.missing_limit == MissingLimit::Unprocessable;
        let (has_body, is_public) =
            (endpoint.body != Content::None, endpoint.access == Access::Public);
        let reads_data = matches!(endpoint.access, Access::Token(_));
        let statuses = [
            (400, has_body || !is_public),
            (401, !is_public),
            (403, reads_data),
            (404, endpoint.not_found),
            (408, has_body),
            (413, has_body),
            (415, has_body),
            // Feedback that names a task twice.
            (422, endpoint.method == "PATCH" || (!is_public && can_be_unprocessable)),
            (429, !is_public),
            (503, reads_data),
        ];
        statuses.into_iter().filter_map(|(status, occurs)| occurs.then_some(status)).collect()
    }
}

fn content(content: Content) -> Value {
    match content {
        Content::None => json!({}),
        Content::Html => json!({"text/html": {"schema": {"type": "string"}}}),
        Content::AnyJson => json!({
            "application/json": {"schema": {}},
            "application/cloudevents+json": {"schema": {}},
            "application/cloudevents-batch+json": {"schema": {}},
        }),
        Content::Json(schema) => json!({"application/json": {"schema": reference(schema)}}),
    }
}

fn error(status: u16, is_of_token: bool) -> Value {
    let description = match status {
        400 => "The request is not valid. Each description names a field.",
        401 if is_of_token => "The client is unknown, or its secret or signature is wrong.",
        401 => "The access token is missing, expired or not valid.",
        403 if is_of_token => "The client has no access to the audience, the tenant or a scope.",
        403 => "The access token does not have the scope, or the vendor is not activated.",
        404 => "It does not exist, or the client must not see it.",
        408 => "The body did not arrive in time.",
        413 => "The body is too large.",
        415 => "The body is not JSON, or has an unsupported content coding.",
        422 => "The request is valid, but can't be processed.",
        429 => "Too many requests. All clients of a tenant share the limit.",
        _ => "The database is not available.",
    };
    let schema = if is_of_token { "TokenError" } else { "Errors" };
    let mut error = json!({"description": description, "content": content(Content::Json(schema))});
    let text = json!({"schema": {"type": "string"}});
    let mut headers = Map::new();
    match status {
        401 if !is_of_token => {
            let required = json!({"required": true, "schema": {"type": "string"}});
            headers.insert("WWW-Authenticate".to_owned(), required)
        }
        429 | 503 => headers.insert("Retry-After".to_owned(), text),
        _ => None,
    };
    if !headers.is_empty() {
        error["headers"] = headers.into();
    }
    error
}
