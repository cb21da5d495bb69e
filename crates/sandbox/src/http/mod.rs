//! The endpoints.

mod answer;
mod authorization;
mod body;
mod endpoints;
mod error;
mod export;
mod limiter;
mod listing;
mod pages;
mod profile;
mod request_errors;
mod requests;
mod schemas;
mod service;
mod token;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode, Uri};

pub(crate) use self::authorization::{EXPIRED, bearer_token};
use self::endpoints::methods_of;
pub(crate) use self::endpoints::{
    Access, Content, EMPLOYEES_EXPORT_PATH, ENDPOINTS, Endpoint, JOBS_EXPORT_PATH, TOKEN_PATH,
    WEBHOOK_PATH,
};
pub(crate) use self::error::{ApiError, Errors, retry_date};
pub(crate) use self::limiter::Limiter;
pub(crate) use self::pages::Version;
pub(crate) use self::requests::{
    EmptyQuery, ExportBody, ExportQuery, Feedback, ListingQuery, ProfileQuery,
};
pub(crate) use self::schemas::Schemas;
pub(crate) use self::service::{Description, Service};
pub(crate) use self::token::{Grant, TokenError, TokenRequest};
use crate::quote::shortened;

pub(crate) fn router(service: Service) -> Router {
    let add =
        |router: Router<_>, endpoint: &Endpoint| router.route(endpoint.path, (endpoint.handler)());
    ENDPOINTS
        .iter()
        .fold(Router::new(), add)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(service))
}

async fn not_found(uri: Uri) -> ApiError {
    let endpoints: Vec<_> =
        ENDPOINTS.iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)).collect();
    let (path, endpoints) = (shortened(uri.path()), endpoints.join(", "));
    let description = format!("there is no endpoint `{path}`: the sandbox has {endpoints}");
    ApiError::new(StatusCode::NOT_FOUND, description)
}

async fn method_not_allowed(method: Method, matched: Option<MatchedPath>, uri: Uri) -> ApiError {
    let methods = methods_of(matched.as_ref().map_or("", MatchedPath::as_str));
    let (method, path) = (shortened(method.as_str()), shortened(uri.path()));
    let description = format!("`{method}` is not allowed at `{path}`: use {methods}");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, description)
}
