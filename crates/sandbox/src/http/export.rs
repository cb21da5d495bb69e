//! `POST /job_architecture/export/jobs/task_profiles`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::authorization::authorize;
use super::body::{LARGEST_BODY, json_body};
use super::error::{ApiError, shortened};
use super::request::ExportRequest;
use crate::access::Scope;
use crate::record::write_page;
use crate::store::Store;

pub(super) async fn export(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    authorize(&service, request.headers(), Scope::Read)?;
    let (parts, body) = json_body(request, LARGEST_BODY).await?;
    let request = ExportRequest::parse(&parts.uri, &body).map_err(ApiError::bad_request)?;
    let store = service.store.clone();
    let answer = tokio::task::spawn_blocking(move || answer(&store, &request)).await;
    let body = answer.unwrap_or_else(|error| Err(internal(&error)))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Reads and writes the page; blocks.
fn answer(store: &Store, request: &ExportRequest) -> Result<Vec<u8>, ApiError> {
    let page = store.page(&request.query).map_err(|error| internal(&error))?.ok_or_else(|| {
        let cursor = shortened(request.query.starting_after.as_deref().unwrap_or_default());
        ApiError::new(
            StatusCode::NOT_FOUND,
            format!("`starting_after`: there is no job with the external_id `{cursor}`"),
        )
    })?;
    write_page(&page, &request.shape).map_err(|error| internal(&error))
}

/// A defect of the sandbox; the details go to the log.
fn internal(error: &dyn std::error::Error) -> ApiError {
    tracing::error!(%error, "a page could not be served");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox failed; its log says why")
}
