//! `POST /job_architecture/export/jobs/task_profiles` and `POST /export/employees/task_profiles`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::body::{LARGEST_BODY, json_body};
use super::error::ApiError;
use super::request::ExportRequest;
use super::service::Service;
use crate::access::Scope;
use crate::fault::DeletedCursor;
use crate::quote::shortened;
use crate::record::{Subject, write_page};
use crate::settings::UnknownCursor;
use crate::store::{PageQuery, StoredPage, View};

pub(super) async fn jobs(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    export(&service, Subject::Job, request).await
}

pub(super) async fn employees(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    export(&service, Subject::Employee, request).await
}

async fn export(
    service: &Service,
    subject: Subject,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, bearer) = authorize(service, request.headers(), Scope::Read)?;
    let (parts, body) = json_body(request, LARGEST_BODY).await?;
    let deleted = parts.extensions.get::<DeletedCursor>().is_some();
    let request = ExportRequest::parse(service, &bearer.tenant, subject, &parts.uri, &body)?;
    let body = blocking(move || Ok(write_page(&page(&view, &request, deleted)?, &request.shape)?));
    body.await.map(json)
}

/// Reads the page, and decides what a cursor that names nothing means. `deleted` is the cursor that a fault took away.
fn page(view: &View, request: &ExportRequest, deleted: bool) -> Result<StoredPage, ApiError> {
    let (query, shape) = (&request.query, &request.shape);
    let thing = match shape.subject {
        Subject::Job => "job",
        Subject::Employee => "employee",
    };
    if !deleted && let Some(page) = view.page(shape.subject, query)? {
        return Ok(page);
    }
    let cursor = shortened(query.starting_after.as_deref().unwrap_or_default());
    let description =
        format!("`starting_after`: there is no {thing} with the external_id `{cursor}`");
    match shape.settings.unknown_cursor {
        UnknownCursor::NotFound => Err(ApiError::not_found(description)),
        UnknownCursor::BadRequest => Err(ApiError::new(StatusCode::BAD_REQUEST, description)),
        UnknownCursor::Start => {
            let conditions = query.conditions.clone();
            let start = PageQuery { limit: query.limit, starting_after: None, conditions };
            view.page(shape.subject, &start)?.ok_or_else(|| ApiError::not_found(description))
        }
    }
}
