//! The endpoints. `data/openapi.json` describes them.

mod answer;
mod authorization;
mod body;
mod error;
mod export;
mod limiter;
mod listing;
mod pages;
mod profile;
mod request_errors;
mod requests;
mod service;
mod token;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{MethodRouter, get, patch, post};

pub(crate) use self::authorization::bearer_token;
pub(crate) use self::error::{ApiError, Errors, retry_date};
pub(crate) use self::limiter::Limiter;
pub(crate) use self::pages::Version;
pub(crate) use self::requests::{
    EmptyQuery, ExportBody, ExportQuery, Feedback, ListingQuery, ProfileQuery,
};
pub(crate) use self::service::{Description, Service};
pub(crate) use self::token::{Grant, TokenError, TokenRequest};
use crate::quote::shortened;
use crate::record::Subject;
use crate::store::View;

pub(crate) const TOKEN_PATH: &str = "/oauth/token";
pub(crate) const JOBS_EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";
pub(crate) const EMPLOYEES_EXPORT_PATH: &str = "/export/employees/task_profiles";
pub(crate) const WEBHOOK_PATH: &str = "/webhook";
const PROFILE_PATH: &str = "/job_architecture/jobs/{external_id}/task_profile";

type Handler = fn() -> MethodRouter<Arc<Service>>;

/// The method, the path and the handler of each endpoint.
const ENDPOINTS: [(&str, &str, Handler); 13] = [
    ("POST", TOKEN_PATH, || post(token::issue)),
    ("POST", JOBS_EXPORT_PATH, || {
        post(|state, request| export::export(state, Subject::Job, request))
    }),
    ("POST", EMPLOYEES_EXPORT_PATH, || {
        post(|state, request| export::export(state, Subject::Employee, request))
    }),
    ("GET", PROFILE_PATH, || get(profile::read)),
    ("PATCH", PROFILE_PATH, || patch(profile::decide)),
    ("GET", "/job_architecture/jobs", || {
        get(|state, request| listing::list(state, request, View::list_jobs))
    }),
    ("GET", "/job_architecture/jobs/{external_id}", || {
        get(|state, id, request| listing::entry(state, id, request, "job", View::listed_job))
    }),
    ("GET", "/job_architecture/job_families", || {
        get(|state, request| listing::list(state, request, View::list_families))
    }),
    ("GET", "/job_architecture/job_families/{external_id}", || {
        get(|state, id, request| {
            listing::entry(state, id, request, "job family", View::listed_family)
        })
    }),
    ("GET", "/version", || get(pages::version)),
    ("POST", WEBHOOK_PATH, || post(webhook::receive)),
    ("GET", "/openapi.json", || get(pages::openapi)),
    ("GET", "/", || get(pages::html)),
];

pub(crate) fn router(service: Service) -> Router {
    ENDPOINTS
        .iter()
        .fold(Router::new(), |router, (_, path, handler)| router.route(path, handler()))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(service))
}

async fn not_found(uri: Uri) -> ApiError {
    let endpoints = ENDPOINTS.map(|(method, path, _)| format!("{method} {path}")).join(", ");
    let path = shortened(uri.path());
    let description = format!("there is no endpoint `{path}`: the sandbox has {endpoints}");
    ApiError::new(StatusCode::NOT_FOUND, description)
}

async fn method_not_allowed(method: Method, matched: Option<MatchedPath>, uri: Uri) -> ApiError {
    let matched = matched.as_ref().map_or("", MatchedPath::as_str);
    let endpoints = ENDPOINTS.iter().filter(|(_, path, _)| *path == matched);
    let methods = endpoints.map(|(method, ..)| *method).collect::<Vec<_>>().join(" or ");
    let (method, path) = (shortened(method.as_str()), shortened(uri.path()));
    let description = format!("`{method}` is not allowed at `{path}`: use {methods}");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, description)
}
