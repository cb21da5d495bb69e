//! `GET /openapi.json` and `GET /`: what the sandbox says about itself. Nobody needs a token to read it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::service::Service;

pub(super) async fn openapi(State(service): State<Arc<Service>>) -> Response {
    let body = service.description.openapi.clone();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

pub(super) async fn page(State(service): State<Arc<Service>>) -> Html<Bytes> {
    Html(service.description.page.clone())
}
