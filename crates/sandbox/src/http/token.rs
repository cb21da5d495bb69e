//! `POST /oauth/token`: the client credentials grant as TechWolf documents it, with Auth0's errors.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{LARGEST_BODY, is_json, read_body};
use super::service::Service;
use crate::access::{AssertionProblem, Bearer, Scope};
use crate::clients::KnownClient;
use crate::credentials::AUDIENCE;
use crate::quote::shortened;

#[derive(Serialize)]
struct Grant {
    access_token: String,
    expires_in: u64,
    scope: String,
    token_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    error_description: String,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, error_description: description.into() }
    }

    fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn denied(status: StatusCode, description: impl Into<String>) -> Self {
        Self::new(status, "access_denied", description)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

pub(super) async fn issue(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    if !is_json(request.headers()) {
        return Err(Refusal::invalid_request(
            "the body must be JSON: send Content-Type: application/json",
        ));
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.map(str::to_owned);
    let body = read_body(request.into_body(), LARGEST_BODY).await.map_err(|error| {
        let (status, description) = error.told(LARGEST_BODY);
        Refusal::new(status, "invalid_request", description)
    })?;
    let body: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Refusal::invalid_request(format!("the body is no JSON object: {error}"))
    })?;
    let (client_id, tenant) = check_client(&service, &body, host.as_deref())?;
    let scopes = scopes(&body)?;

    let bearer = Bearer { client_id, tenant, scopes };
    let access_token = service.tokens.issue(&bearer).ok_or_else(|| {
        let description = "the token could not be signed";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
    })?;
    let scope = bearer.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let grant = Grant {
        access_token,
        expires_in: service.tokens.lifetime().as_secs(),
        scope,
        token_type: "Bearer",
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(grant)).into_response())
}

const SECRET: &str = "client_secret";
const ASSERTION: &str = "client_assertion";
const ASSERTION_KIND: &str = "client_assertion_type";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client's id and its tenant.
fn check_client(
    service: &Service,
    body: &Map<String, Value>,
    host: Option<&str>,
) -> Result<(String, String), Refusal> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    // Whoever names the type means to send an assertion.
    let signs = body.contains_key(ASSERTION) || body.contains_key(ASSERTION_KIND);
    let proof: &[&str] = match (body.contains_key(SECRET), signs) {
        (true, true) => {
            let description = "send `client_secret` or `client_assertion`, not both";
            return Err(Refusal::invalid_request(description));
        }
        (false, true) => &[ASSERTION_KIND, ASSERTION],
        _ => &["client_id", SECRET],
    };
    let missing: Vec<_> = ["grant_type"]
        .iter()
        .chain(proof)
        .chain(&["audience", "tenant"])
        .copied()
        .filter(|key| text(key).is_empty())
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::invalid_request(format!(
            "missing or not a text: {}",
            missing.join(", ")
        )));
    }
    if text("grant_type") != "client_credentials" {
        let description = format!(
            "unsupported grant type `{}`: use `client_credentials`",
            shortened(text("grant_type"))
        );
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description));
    }
    let client = if proof.contains(&ASSERTION) {
        by_assertion(service, body, host)?
    } else {
        by_secret(service, text("client_id"), text(SECRET))?
    };
    if text("audience") != AUDIENCE {
        let description = format!("Service not found: the audience is `{AUDIENCE}`");
        return Err(Refusal::denied(StatusCode::FORBIDDEN, description));
    }
    let tenant = &client.tenant;
    if text("tenant") != tenant {
        let description =
            format!("the client is not authorized for this tenant: it is for `{tenant}`");
        return Err(Refusal::denied(StatusCode::FORBIDDEN, description));
    }
    Ok((client.client_id.clone(), tenant.clone()))
}

fn by_secret<'a>(service: &'a Service, id: &str, secret: &str) -> Result<&'a KnownClient, Refusal> {
    let known = service.clients.find(id);
    known.filter(|client| client.has_secret(secret)).ok_or_else(|| {
        Refusal::denied(StatusCode::UNAUTHORIZED, "Unauthorized: wrong client_id or client_secret")
    })
}

/// Private key JWT. That the exchange looks like this is inferred from RFC 7523 and Auth0's pages.
fn by_assertion<'a>(
    service: &'a Service,
    body: &Map<String, Value>,
    host: Option<&str>,
) -> Result<&'a KnownClient, Refusal> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    if text(ASSERTION_KIND) != ASSERTION_TYPE {
        let description = format!("`{ASSERTION_KIND}` must be {ASSERTION_TYPE}");
        return Err(Refusal::invalid_request(description));
    }
    let refused =
        |description: String| Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
    let client_id = service
        .assertions
        .check(text(ASSERTION), host)
        .map_err(|AssertionProblem(description)| refused(description))?;
    if body.get("client_id").is_some_and(|named| named.as_str() != Some(&client_id)) {
        return Err(refused("`client_id` is not the `sub` of the assertion".to_owned()));
    }
    let client = service.clients.find(&client_id);
    client.ok_or_else(|| refused("the client is not known".to_owned()))
}

/// The scopes asked for; all of them if none are.
fn scopes(body: &Map<String, Value>) -> Result<Vec<Scope>, Refusal> {
    let Some(value) = body.get("scopes") else {
        return Ok(Scope::ALL.to_vec());
    };
    let asked = value
        .as_array()
        .and_then(|names| names.iter().map(Value::as_str).collect::<Option<Vec<_>>>())
        .ok_or_else(|| Refusal::invalid_request("`scopes` must be an array of texts"))?;
    if asked.is_empty() {
        return Ok(Scope::ALL.to_vec());
    }
    if let Some(unknown) =
        asked.iter().find(|name| Scope::ALL.iter().all(|scope| scope.as_str() != **name))
    {
        let description = format!(
            "the client has not been granted the scope `{}`: there are read, write and read_reports",
            shortened(unknown)
        );
        return Err(Refusal::denied(StatusCode::FORBIDDEN, description));
    }
    Ok(Scope::ALL.into_iter().filter(|scope| asked.contains(&scope.as_str())).collect())
}
