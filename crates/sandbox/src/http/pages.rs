//! `GET /version`, by which a client checks its token, and the description of the sandbox: `GET /openapi.json` and
//! `GET /`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{Html, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::json;
use super::authorization::identify;
use super::error::ApiError;
use super::requests::EmptyQuery;
use super::service::Service;

/// The version of the API.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Version {
    /// The version of the sandbox.
    version: &'static str,
}

/// Accepts any token, whatever its scopes.
pub(super) async fn version(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<Version>, ApiError> {
    identify(&service, request.headers())?;
    service.read_query::<EmptyQuery>(request.uri())?;
    Ok(Json(Version { version: env!("CARGO_PKG_VERSION") }))
}

pub(super) async fn openapi(State(service): State<Arc<Service>>) -> Response {
    json(service.description.openapi.clone())
}

pub(super) async fn html(State(service): State<Arc<Service>>) -> Html<String> {
    Html(service.description.page.clone())
}
