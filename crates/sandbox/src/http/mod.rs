//! The endpoints.

mod answer;
mod authorization;
mod body;
pub(crate) mod bounds;
mod description;
mod error;
mod export;
mod filters;
mod limiter;
mod listing;
mod mistakes;
pub(crate) mod paths;
mod profile;
mod query;
mod request;
mod service;
mod token;
mod version;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};

pub(crate) use self::authorization::bearer_token;
pub(crate) use self::body::{BODY_PATIENCE, LARGEST_BODY};
pub(crate) use self::error::{ApiError, retry_date};
pub(crate) use self::limiter::Limiter;
use self::paths::{
    EMPLOYEES_PATH, EXPORT_PATH, FAMILIES_PATH, FAMILY_PATH, JOB_PATH, JOBS_PATH, OPENAPI_PATH,
    PAGE_PATH, PROFILE_PATH, TOKEN_PATH, VERSION_PATH, WEBHOOK_PATH,
};
pub(crate) use self::service::Service;
use crate::quote::shortened;

pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route(TOKEN_PATH, post(token::issue))
        .route(EXPORT_PATH, post(export::jobs))
        .route(EMPLOYEES_PATH, post(export::employees))
        .route(PROFILE_PATH, get(profile::read).patch(profile::decide))
        .route(JOBS_PATH, get(listing::jobs))
        .route(JOB_PATH, get(listing::job))
        .route(FAMILIES_PATH, get(listing::families))
        .route(FAMILY_PATH, get(listing::family))
        .route(VERSION_PATH, get(version::version))
        .route(WEBHOOK_PATH, post(webhook::take))
        .route(OPENAPI_PATH, get(description::openapi))
        .route(PAGE_PATH, get(description::page))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(service))
}

/// What is where, for those who ask for something else.
const ROUTES: [(&str, &str); 12] = [
    (TOKEN_PATH, "POST"),
    (EXPORT_PATH, "POST"),
    (EMPLOYEES_PATH, "POST"),
    (PROFILE_PATH, "GET or PATCH"),
    (JOBS_PATH, "GET"),
    (JOB_PATH, "GET"),
    (FAMILIES_PATH, "GET"),
    (FAMILY_PATH, "GET"),
    (VERSION_PATH, "GET"),
    (WEBHOOK_PATH, "POST"),
    (OPENAPI_PATH, "GET"),
    (PAGE_PATH, "GET"),
];

async fn not_found(uri: Uri) -> ApiError {
    let routes: Vec<_> = ROUTES.iter().map(|(path, methods)| format!("{methods} {path}")).collect();
    let (path, routes) = (shortened(uri.path()), routes.join(", "));
    ApiError::not_found(format!("there is nothing at `{path}`: the sandbox has {routes}"))
}

async fn method_not_allowed(method: Method, matched: Option<MatchedPath>, uri: Uri) -> ApiError {
    let matched = matched.as_ref().map(MatchedPath::as_str);
    let route = ROUTES.iter().find(|(path, _)| Some(*path) == matched);
    let methods = route.map_or("another method", |(_, methods)| methods);
    let (method, path) = (shortened(method.as_str()), shortened(uri.path()));
    let description = format!("`{method}` is not allowed at `{path}`: use {methods}");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, description)
}
