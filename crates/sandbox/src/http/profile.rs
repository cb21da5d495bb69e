//! `GET` and `PATCH /job_architecture/jobs/{external_id}/task_profile`: one profile, and feedback on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::body::json_body;
use super::error::ApiError;
use super::listing::{ExternalId, external_id};
use super::requests::{EmptyQuery, Feedback, ProfileQuery};
use super::service::Service;
use crate::access::Scope;
use crate::quote::shortened;
use crate::record::{ResponseFormat, Shape, Subject, write_record};
use crate::settings::{FeedbackAnswer, Switch, UnknownTask, Vendor, status_of};
use crate::store::FeedbackError;

pub(super) async fn read(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, bearer) = authorize(&service, request.headers(), Scope::Read)?;
    let mut errors = service.request_errors();
    let query = errors.read_query::<ProfileQuery>(request.uri());
    let mut vendor = Vendor::TechWolf;
    if let Some(query) = &query
        && service.settings.single_job_extensions == Switch::On
    {
        vendor = service.vendor(&bearer.tenant, query.external_vendor.as_deref(), &mut errors);
    }
    let query = errors.into_result(query)?;
    let shape = Shape {
        format: query.response_format,
        include: query.include,
        vendor,
        ..bare_list(&service)
    };
    let body = blocking(move || {
        let id = external_id(id, "job")?;
        let profile = view.job(&id)?.ok_or_else(|| ApiError::not_found("job", &id))?;
        Ok(write_record(&profile, &shape)?)
    });
    body.await.map(json)
}

/// Applies feedback. TechWolf documents that feedback is sent by PATCH and can reject tasks. The shape of the body is inferred
/// from the keys of profiles.
pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(&service, request.headers(), Scope::Write)?;
    let (parts, body) = json_body(request).await?;
    let mut errors = service.request_errors();
    let query = errors.read_query::<EmptyQuery>(&parts.uri);
    let feedback = errors.read_body::<Feedback>("Feedback", &body);
    let mut decisions = BTreeMap::new();
    for (index, task) in feedback.into_iter().flat_map(|body| body.tasks).enumerate() {
        let description =
            format!("`tasks[{index}].task_id`: `{}` occurs twice", shortened(&task.task_id));
        if decisions.insert(task.task_id, task.validation_state).is_some() {
            // The body is well-formed, but contradicts itself.
            errors.add(StatusCode::UNPROCESSABLE_ENTITY, description);
        }
    }
    errors.into_result(query)?;
    let shape = bare_list(&service);
    let response = blocking(move || {
        let id = external_id(id, "job")?;
        let profile = view
            .decide(&id, &decisions, shape.settings.last_updated)
            .map_err(|error| feedback_error(error, &id, shape.settings.unknown_task))?;
        Ok(match shape.settings.feedback_answer {
            FeedbackAnswer::NoContent => StatusCode::NO_CONTENT.into_response(),
            FeedbackAnswer::Profile => json(write_record(&profile, &shape)?),
        })
    });
    response.await
}

/// The shape of a list record without additional attributes.
fn bare_list(service: &Service) -> Shape {
    Shape {
        subject: Subject::Job,
        format: ResponseFormat::List,
        include: Vec::new(),
        vendor: Vendor::TechWolf,
        vocabulary: Arc::clone(&service.vocabulary),
        settings: Arc::clone(&service.settings),
    }
}

fn feedback_error(error: FeedbackError, id: &str, unknown_task: UnknownTask) -> ApiError {
    match error {
        FeedbackError::UnknownJob => ApiError::not_found("job", id),
        FeedbackError::Database(error) => error.into(),
        FeedbackError::Json(error) => error.into(),
        FeedbackError::UnknownTasks(tasks) => {
            let status = status_of(unknown_task).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let description =
                |task: &String| format!("`tasks`: the job has no task `{}`", shortened(task));
            ApiError::with_descriptions(status, tasks.iter().take(5).map(description).collect())
        }
    }
}
