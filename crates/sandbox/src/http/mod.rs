//! The endpoints.

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
use crate::Credentials;
use crate::access::Tokens;
use crate::store::Store;

const TOKEN_PATH: &str = "/oauth/token";
const EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";

/// Where webhooks are taken.
pub(crate) const WEBHOOK_PATH: &str = "/webhook";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    store: Store,
    tokens: Tokens,
    credentials: Credentials,
}

impl Service {
    pub(crate) fn new(store: Store, tokens: Tokens, credentials: Credentials) -> Self {
        Self { store, tokens, credentials }
    }
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
