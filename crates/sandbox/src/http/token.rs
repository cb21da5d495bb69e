//! `POST /oauth/token`: the client credentials grant as TechWolf documents it, with Auth0's errors.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::body::{MAX_BODY, is_json, read_body};
use super::service::Service;
use crate::access::{Bearer, Scope};
use crate::clients::KnownClient;
use crate::credentials::AUDIENCE;
use crate::quote::shortened;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A request for an access token, with a client secret or with a signed assertion.
#[derive(Default, Deserialize, JsonSchema)]
#[schemars(extend(
    "required" = ["grant_type", "audience", "tenant"],
    "oneOf" = [
        {"title": "Client secret", "required": ["client_id", "client_secret"]},
        {"title": "Private key JWT", "required": ["client_assertion_type", "client_assertion"]},
    ],
))]
#[serde(default)]
pub(crate) struct TokenRequest {
    /// The grant type.
    #[schemars(extend("const" = "client_credentials"))]
    grant_type: Text,
    /// The client's id. The claim `sub` names it in an assertion.
    client_id: Text,
    /// The client's secret.
    client_secret: Text,
    /// The type of the assertion.
    #[schemars(extend("const" = ASSERTION_TYPE))]
    client_assertion_type: Text,
    /// A JWT, signed with the client's private key.
    client_assertion: Text,
    /// The API that the token is for.
    #[schemars(extend("examples" = [AUDIENCE]))]
    audience: Text,
    /// The tenant that the token is for.
    tenant: Text,
    /// The scopes of the token. By default it has all of them.
    #[schemars(with = "Vec<Scope>")]
    scopes: Option<Value>,
}

/// A text. A value of another type is read as an empty text.
#[derive(Default, JsonSchema)]
#[schemars(inline)]
struct Text(#[schemars(with = "String", length(min = 1))] Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| match value {
            Value::String(text) => Self(Some(text)),
            _ => Self(Some(String::new())),
        })
    }
}

impl Text {
    fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// An access token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token")]
pub(crate) struct Grant {
    /// The token, to be sent in the header `Authorization`.
    access_token: String,
    /// The lifetime of the token in seconds.
    expires_in: u64,
    /// The scopes of the token, separated by spaces.
    #[schemars(extend("examples" = ["read write"]))]
    scope: String,
    /// The type of the token.
    #[schemars(extend("const" = "Bearer"))]
    token_type: &'static str,
}

/// An error of the token endpoint.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenError {
    #[serde(skip)]
    status: StatusCode,
    /// The error code.
    error: &'static str,
    /// What is wrong.
    error_description: String,
}

impl TokenError {
    pub(crate) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self { status, error, error_description: description.into() }
    }

    fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn denied(status: StatusCode, description: impl Into<String>) -> Self {
        Self::new(status, "access_denied", description)
    }

    fn invalid_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

pub(super) async fn issue(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, TokenError> {
    if !is_json(request.headers()) {
        let description = "the body must be JSON: send Content-Type: application/json";
        return Err(TokenError::invalid_request(description));
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.map(str::to_owned);
    let body = read_body(request.into_body(), MAX_BODY)
        .await
        .map_err(|(status, description)| TokenError::new(status, "invalid_request", description))?;
    let invalid =
        |error| TokenError::invalid_request(format!("the body is not a JSON object: {error}"));
    // Serde also reads a struct from an array.
    serde_json::from_slice::<serde_json::Map<String, Value>>(&body).map_err(invalid)?;
    let request: TokenRequest = serde_json::from_slice(&body).map_err(invalid)?;
    let client = authenticate(&service, &request, host.as_deref())?;
    let bearer = Bearer {
        client_id: client.client_id.clone(),
        tenant: client.tenant.clone(),
        scopes: scopes(request.scopes)?,
    };
    let access_token = service.tokens.issue(&bearer).ok_or_else(|| {
        let description = "the token could not be signed";
        TokenError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
    })?;
    let scope = bearer.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let expires_in = service.tokens.lifetime().as_secs();
    let grant = Grant { access_token, expires_in, scope, token_type: "Bearer" };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(grant)).into_response())
}

/// The client that sends the request, if it may have a token for the tenant and the audience.
fn authenticate<'a>(
    service: &'a Service,
    request: &TokenRequest,
    host: Option<&str>,
) -> Result<&'a KnownClient, TokenError> {
    let TokenRequest { client_id, client_secret, client_assertion, client_assertion_type, .. } =
        request;
    // A client that sends the type intends to send an assertion.
    let has_assertion = client_assertion.0.is_some() || client_assertion_type.0.is_some();
    if client_secret.0.is_some() && has_assertion {
        let description = "send `client_secret` or `client_assertion`, not both";
        return Err(TokenError::invalid_request(description));
    }
    let proof = if has_assertion {
        [("client_assertion_type", client_assertion_type), ("client_assertion", client_assertion)]
    } else {
        [("client_id", client_id), ("client_secret", client_secret)]
    };
    let missing: Vec<_> = [("grant_type", &request.grant_type)]
        .into_iter()
        .chain(proof)
        .chain([("audience", &request.audience), ("tenant", &request.tenant)])
        .filter_map(|(name, text)| text.as_str().is_empty().then_some(name))
        .collect();
    if !missing.is_empty() {
        let description = format!("missing or not a text: {}", missing.join(", "));
        return Err(TokenError::invalid_request(description));
    }
    if request.grant_type.as_str() != "client_credentials" {
        let grant_type = shortened(request.grant_type.as_str());
        let description =
            format!("unsupported grant type `{grant_type}`: use `client_credentials`");
        return Err(TokenError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description,
        ));
    }
    let client = if has_assertion {
        by_assertion(service, request, host)?
    } else {
        let client = service.clients.find(client_id.as_str());
        client.filter(|client| client.has_secret(client_secret.as_str())).ok_or_else(|| {
            let description = "Unauthorized: wrong client_id or client_secret";
            TokenError::denied(StatusCode::UNAUTHORIZED, description)
        })?
    };
    if request.audience.as_str() != AUDIENCE {
        let description = format!("Service not found: the audience is `{AUDIENCE}`");
        return Err(TokenError::denied(StatusCode::FORBIDDEN, description));
    }
    if request.tenant.as_str() != client.tenant {
        let description = format!(
            "the client is not authorized for this tenant: it belongs to `{}`",
            client.tenant
        );
        return Err(TokenError::denied(StatusCode::FORBIDDEN, description));
    }
    Ok(client)
}

/// Private key JWT. The shape of the exchange is inferred from RFC 7523 and Auth0's pages.
fn by_assertion<'a>(
    service: &'a Service,
    request: &TokenRequest,
    host: Option<&str>,
) -> Result<&'a KnownClient, TokenError> {
    if request.client_assertion_type.as_str() != ASSERTION_TYPE {
        let description = format!("`client_assertion_type` must be {ASSERTION_TYPE}");
        return Err(TokenError::invalid_request(description));
    }
    let client_id = service
        .assertions
        .check(request.client_assertion.as_str(), host)
        .map_err(TokenError::invalid_client)?;
    if request.client_id.0.as_ref().is_some_and(|named| *named != client_id) {
        let description = "`client_id` is not the `sub` of the assertion";
        return Err(TokenError::invalid_client(description));
    }
    let client = service.clients.find(&client_id);
    client.ok_or_else(|| TokenError::invalid_client("the client is not known"))
}

/// The requested scopes; all scopes by default.
fn scopes(requested: Option<Value>) -> Result<Vec<Scope>, TokenError> {
    let Some(requested) = requested else { return Ok(Scope::ALL.to_vec()) };
    let names: Vec<String> = serde_json::from_value(requested)
        .map_err(|_| TokenError::invalid_request("`scopes` must be an array of texts"))?;
    let known = |name: &String| Scope::ALL.iter().any(|scope| scope.as_str() == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let description = format!(
            "the client has not been granted the scope `{}`: use read, write and read_reports",
            shortened(unknown)
        );
        return Err(TokenError::denied(StatusCode::FORBIDDEN, description));
    }
    let is_requested =
        |scope: &Scope| names.is_empty() || names.iter().any(|name| name == scope.as_str());
    Ok(Scope::ALL.into_iter().filter(is_requested).collect())
}
