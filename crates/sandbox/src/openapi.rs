//! The description of the sandbox: an OpenAPI document, and an HTML page for a browser.
//!
//! Both are made from `data/openapi.json`, the settings, and the types of requests and responses.

mod page;
mod schemas;

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use taskferry_sdk::Secret;

pub(crate) use self::schemas::schemas;
use self::schemas::template;
use crate::Credentials;
use crate::clients::default_secret;
use crate::http::{Description, TOKEN_PATH};
use crate::settings::{
    FeedbackAnswer, MissingLimit, Refusal, SandboxSettings, Switch, UnknownField, Vendors,
};

/// Describes a running sandbox.
pub(crate) fn describe(
    url: &str,
    settings: &SandboxSettings,
    schemas: &Value,
    vendors: &HashMap<String, Vendors>,
    credentials: &Credentials,
) -> Description {
    let mut credentials = credentials.clone();
    // Everybody can open the page. It shows the default secret, but no secret that a user has set.
    if credentials.client_secret.expose() != default_secret(&credentials.tenant) {
        credentials.client_secret = Secret::new("CLIENT_SECRET");
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
    schemas: &'a Value,
    /// The vendors that the tenant of the shown credentials has activated.
    vendors: &'a Vendors,
    credentials: &'a Credentials,
}

impl Document<'_> {
    fn write(&self, url: &str) -> Value {
        let mut document = template();
        let components = document["components"].take();
        document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
        document["servers"] = json!([{"url": url}]);
        for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                self.complete(operation, method == "patch", &components);
                if path == TOKEN_PATH {
                    operation["requestBody"]["content"]["application/json"]["example"] =
                        self.token_request();
                }
            }
        }
        // No operation refers to the header: tools that generate requests would generate faults.
        let parameters = match self.settings.fault_header {
            Switch::Off => json!({}),
            Switch::On => json!({"Fault": components["parameters"]["Fault"]}),
        };
        // The parameters of the operations describe queries.
        let is_body = |(name, _): &(&String, &Value)| !name.ends_with("Query");
        let schemas = self.schemas.as_object().into_iter().flatten().filter(is_body);
        let schemas: Map<_, _> =
            schemas.map(|(name, schema)| (name.clone(), schema.clone())).collect();
        document["components"] = json!({
            "securitySchemes": components["securitySchemes"],
            "parameters": parameters,
            "schemas": schemas,
        });
        document
    }

    fn token_request(&self) -> Value {
        let Credentials { client_id, client_secret, audience, tenant, .. } = self.credentials;
        json!({
            "grant_type": "client_credentials", "client_id": client_id,
            "client_secret": client_secret.expose(), "audience": audience, "tenant": tenant,
        })
    }

    /// Inserts parameters and responses, and removes the responses that the settings exclude.
    fn complete(&self, operation: &mut Value, is_feedback: bool, components: &Value) {
        if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
            let names = parameters.iter().filter_map(referenced);
            *parameters = names.flat_map(|name| self.parameters(name, components)).collect();
        }
        let settings = self.settings;
        let can_be_unprocessable = settings.bad_value == Refusal::Unprocessable
            || settings.unknown_field == UnknownField::Unprocessable
            || settings.missing_limit == MissingLimit::Unprocessable;
        let excluded = match settings.feedback_answer {
            FeedbackAnswer::NoContent if is_feedback => Some("200"),
            FeedbackAnswer::Profile if is_feedback => Some("204"),
            // Feedback keeps 422 with any settings, because it can name a task twice.
            _ => (!can_be_unprocessable).then_some("422"),
        };
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        if let Some(status) = excluded {
            responses.shift_remove(status);
        }
        for response in responses.values_mut() {
            let shared = referenced(response).map(|name| components["responses"][name].clone());
            *response = shared.unwrap_or_else(|| response.take());
        }
    }

    /// A parameter, or the parameters of a query.
    fn parameters(&self, name: &str, components: &Value) -> Vec<Value> {
        let Some(query) = self.schemas[name]["properties"].as_object() else {
            return components["parameters"].get(name).cloned().into_iter().collect();
        };
        let parameter = |(name, schema): (&String, &Value)| {
            let mut schema = schema.clone();
            let description =
                schema.as_object_mut().and_then(|all| all.shift_remove("description"));
            if name == "external_vendor" {
                let vendors = self.vendors.0.iter().map(|vendor| vendor.as_str());
                schema["enum"] = vendors.collect::<Vec<_>>().into();
            }
            // An array is repeated (`style: form`, `explode: true`), which is OpenAPI's default.
            json!({"name": name, "in": "query", "description": description, "schema": schema})
        };
        query.iter().map(parameter).collect()
    }
}

/// The name of the component that `value` refers to.
fn referenced(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.rsplit('/').next()
}
