//! `POST /job_architecture/export/jobs/task_profiles`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::body::{LARGEST_BODY, json_body};
use super::error::{ApiError, shortened};
use super::request::ExportRequest;
use crate::access::{Denied, Scope};
use crate::record::write_page;
use crate::store::Store;

pub(super) async fn export(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    authorize(&service, request.headers())?;
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

fn authorize(service: &Service, headers: &HeaderMap) -> Result<(), ApiError> {
    let unauthorized = |description: &str| ApiError::new(StatusCode::UNAUTHORIZED, description);
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        unauthorized("there is no Authorization header: send `Bearer` and an access token")
    })?;
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            unauthorized("the Authorization header must be `Bearer` and an access token")
        })?;
    service.tokens.check(token, Scope::Read).map_err(|denied| match denied {
        Denied::Unknown => {
            unauthorized("the access token is not valid: ask the token endpoint for one")
        }
        Denied::Expired => {
            unauthorized("the access token has expired: ask the token endpoint for a new one")
        }
        Denied::Scope => {
            ApiError::new(StatusCode::FORBIDDEN, "the access token does not have the scope `read`")
        }
    })
}

/// A defect of the sandbox; the details go to the log.
fn internal(error: &dyn std::error::Error) -> ApiError {
    tracing::error!(%error, "a page could not be served");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox failed; its log says why")
}
