//! `GET /version`, by which a client checks its token. What the answer looks like is not public.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;

use super::authorization::identify;
use super::error::ApiError;
use super::listing::read_nothing;
use super::service::Service;

#[derive(Debug, Serialize)]
pub(super) struct Version {
    version: &'static str,
}

/// Any token will do, whatever its scopes.
pub(super) async fn version(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<Version>, ApiError> {
    identify(&service, request.headers())?;
    read_nothing(&service, request.uri())?;
    Ok(Json(Version { version: env!("CARGO_PKG_VERSION") }))
}
