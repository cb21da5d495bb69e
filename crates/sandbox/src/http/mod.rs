//! The endpoints.

mod authorization;
mod body;
mod error;
mod export;
mod request;
mod token;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::post;

use self::error::{ApiError, shortened};
use crate::SandboxSettings;
use crate::access::Tokens;
use crate::clients::Clients;
use crate::store::Store;

const TOKEN_PATH: &str = "/oauth/token";
const EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";

/// Where webhooks are taken.
pub(crate) const WEBHOOK_PATH: &str = "/webhook";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) tokens: Tokens,
    pub(crate) clients: Clients,
    pub(crate) settings: SandboxSettings,
}

pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route(TOKEN_PATH, post(token::issue))
        .route(EXPORT_PATH, post(export::export))
        .route(WEBHOOK_PATH, post(webhook::take))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(service))
}

async fn not_found(uri: Uri) -> ApiError {
    let description = format!(
        "there is nothing at `{}`: the sandbox has POST {TOKEN_PATH}, POST {EXPORT_PATH} and POST {WEBHOOK_PATH}",
        shortened(uri.path())
    );
    ApiError::new(StatusCode::NOT_FOUND, description)
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let description =
        format!("`{}` is not allowed at `{}`: use POST", shortened(method.as_str()), uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, description)
}
