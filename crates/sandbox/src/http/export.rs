//! `POST /job_architecture/export/jobs/task_profiles` and `POST /export/employees/task_profiles`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::body::json_body;
use super::error::ApiError;
use super::requests::{ExportBody, ExportQuery, Filter};
use super::service::Service;
use crate::access::Scope;
use crate::fault::PageFaults;
use crate::quote::shortened;
use crate::record::{Shape, Subject, write_page};
use crate::settings::status_of;
use crate::store::PageQuery;

pub(super) async fn export(
    State(service): State<Arc<Service>>,
    subject: Subject,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, bearer) = authorize(&service, request.headers(), Scope::Read)?;
    let (schema, thing) = match subject {
        Subject::Job => ("JobExport", "job"),
        Subject::Employee => ("EmployeeExport", "employee"),
    };
    let (mut parts, body) = json_body(request).await?;
    let mut errors = service.request_errors();
    let query = errors.read_query::<ExportQuery>(&parts.uri);
    let vendor = query
        .as_ref()
        .map(|query| service.vendor(&bearer.tenant, query.external_vendor.as_deref(), &mut errors));
    let body = errors.read_body::<ExportBody>(schema, &body);
    let ((query, vendor), body) = errors.into_result(query.zip(vendor).zip(body))?;
    let shape = Shape {
        subject,
        format: query.response_format,
        include: body.include,
        vendor,
        vocabulary: Arc::clone(&service.vocabulary),
        settings: Arc::clone(&service.settings),
    };
    let mut query = PageQuery {
        limit: body.limit,
        starting_after: body.starting_after,
        conditions: Filter::conditions(body.filters, &service.settings),
    };
    let mut faults = parts.extensions.remove::<PageFaults>();
    if let Some(faults) = &mut faults {
        faults.before(&mut query.starting_after);
    }
    let is_deleted = faults.as_ref().is_some_and(PageFaults::is_deleted);
    let body = blocking(move || {
        let mut page = view.page(subject, &query)?.filter(|_| !is_deleted);
        if page.is_none() {
            let cursor = query.starting_after.take();
            if let Some(status) = status_of(shape.settings.unknown_cursor) {
                let cursor = shortened(cursor.as_deref().unwrap_or_default());
                let description = format!(
                    "`starting_after`: there is no {thing} with the external_id `{cursor}`"
                );
                return Err(ApiError::new(status, description));
            }
            page = view.page(subject, &query)?;
        }
        let page = page.ok_or_else(|| ApiError::internal(&"the first page was not found"))?;
        Ok(write_page(&page, &shape)?)
    });
    let body = body.await?;
    Ok(json(match faults {
        Some(faults) => faults.after(body),
        None => body,
    }))
}
