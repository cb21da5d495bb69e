//! `GET` and `PATCH /job_architecture/jobs/{external_id}/task_profile`: one profile, and what people decide about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::body::{LARGEST_BODY, json_body};
use super::bounds::MOST_DECISIONS;
use super::error::ApiError;
use super::mistakes::Mistakes;
use super::query::Parameters;
use super::request::{read_object, refuse_unknown_keys};
use super::service::Service;
use crate::access::Scope;
use crate::quote::{shortened, show};
use crate::record::{Expansion, ResponseFormat, Shape, Subject, write_record};
use crate::settings::{FeedbackAnswer, Switch, UnknownTask, Vendor};
use crate::store::{Decision, FeedbackError};

/// The id in a path. One that can't be decoded names nothing.
pub(super) type ExternalId = Result<Path<String>, PathRejection>;

pub(super) async fn read(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, bearer) = authorize(&service, request.headers(), Scope::Read)?;
    let mut mistakes = Mistakes::new(&service.settings);
    let mut parameters = Parameters::of(request.uri(), &mut mistakes);
    let extended = service.settings.single_job_extensions == Switch::On;
    let allowed: Vec<_> = Expansion::of(Subject::Job)
        .into_iter()
        .filter(|expansion| extended || *expansion != Expansion::LinkedSkills)
        .collect();
    let include = parameters.include(&allowed, &mut mistakes);
    let format = parameters.response_format(&mut mistakes);
    let vendor = if extended {
        parameters.external_vendor(service.vendors_of(&bearer.tenant), &mut mistakes)
    } else {
        Vendor::TechWolf
    };
    parameters.finish(&mut mistakes);
    let shape = mistakes.or(Shape { format, include, vendor, ..plain(&service) })?;
    let body = blocking(move || {
        let id = external_id(id, "job")?;
        let profile = view.job(&id)?.ok_or_else(|| unknown("job", &id))?;
        Ok(write_record(&profile, &shape)?)
    });
    body.await.map(json)
}

/// Takes `{"tasks": [{"task_id": "…", "validation_state": "validated"}]}`. The page that describes the body is not public:
/// that there is feedback by PATCH which rejects tasks is seen, its shape is inferred from the names in profiles.
pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(&service, request.headers(), Scope::Write)?;
    let (parts, body) = json_body(request, LARGEST_BODY).await?;
    let mut mistakes = Mistakes::new(&service.settings);
    Parameters::of(&parts.uri, &mut mistakes).finish(&mut mistakes);
    let decisions =
        read_object(&body, &mut mistakes).map(|body| read_decisions(&body, &mut mistakes));
    let decisions = mistakes.or(decisions)?.ok_or_else(ApiError::unreadable)?;
    let shape = plain(&service);
    let answer = blocking(move || {
        let id = external_id(id, "job")?;
        let profile = view
            .decide(&id, &decisions, shape.settings.last_updated)
            .map_err(|error| told(error, &id, shape.settings.unknown_task))?;
        Ok(match shape.settings.feedback_answer {
            FeedbackAnswer::NoContent => StatusCode::NO_CONTENT.into_response(),
            FeedbackAnswer::Profile => json(write_record(&profile, &shape)?),
        })
    });
    answer.await
}

/// A list record with nothing added.
fn plain(service: &Service) -> Shape {
    Shape {
        subject: Subject::Job,
        format: ResponseFormat::List,
        include: Vec::new(),
        vendor: Vendor::TechWolf,
        vocabulary: Arc::clone(&service.vocabulary),
        settings: Arc::clone(&service.settings),
    }
}

fn read_decisions(
    body: &Map<String, Value>,
    mistakes: &mut Mistakes<'_>,
) -> BTreeMap<String, Decision> {
    refuse_unknown_keys(body, &["tasks"], mistakes);
    let mut decisions = BTreeMap::new();
    let tasks = body.get("tasks").and_then(Value::as_array);
    let Some(tasks) = tasks.filter(|tasks| (1..=MOST_DECISIONS).contains(&tasks.len())) else {
        let rule = format!("an array of 1 to {MOST_DECISIONS} tasks");
        mistakes.bad_value(match body.get("tasks") {
            None => format!("`tasks` is required: {rule}"),
            Some(Value::Array(tasks)) => format!("`tasks` must be {rule}; it has {}", tasks.len()),
            Some(other) => format!("`tasks` must be {rule}; it is {}", show(other)),
        });
        return decisions;
    };
    for (index, task) in tasks.iter().enumerate() {
        match read_decision(task, index, mistakes) {
            Err(mistake) => mistakes.bad_value(format!("`tasks[{index}]{mistake}")),
            Ok((id, decision)) => {
                if decisions.insert(id.to_owned(), decision).is_some() {
                    let id = shortened(id);
                    // The structure is right; what it asks for can't be done.
                    mistakes.add(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        format!("`tasks[{index}].task_id`: `{id}` was there before"),
                    );
                }
            }
        }
    }
    decisions
}

/// One decision, or a mistake that goes on behind the task's name.
fn read_decision<'a>(
    task: &'a Value,
    index: usize,
    mistakes: &mut Mistakes<'_>,
) -> Result<(&'a str, Decision), String> {
    let task = task.as_object().ok_or("` must be an object")?;
    if let Some(other) =
        task.keys().find(|key| !["task_id", "validation_state"].contains(&key.as_str()))
    {
        let other = shortened(other);
        mistakes.unknown_field(format!("`tasks[{index}].{other}`: there is no such field"));
    }
    let id = task
        .get("task_id")
        .and_then(Value::as_str)
        .filter(|id| (1..=100).contains(&id.chars().count()))
        .ok_or(".task_id` is required: a text of 1 to 100 characters")?;
    let state = task.get("validation_state").unwrap_or(&Value::Null);
    let decision = Decision::ALL
        .into_iter()
        .find(|decision| state.as_str() == Some(decision.as_str()))
        .ok_or_else(|| {
            format!(".validation_state` must be `validated` or `rejected`; it is {}", show(state))
        })?;
    Ok((id, decision))
}

fn told(error: FeedbackError, id: &str, unknown_task: UnknownTask) -> ApiError {
    match error {
        FeedbackError::UnknownJob => unknown("job", id),
        FeedbackError::Database(error) => error.into(),
        FeedbackError::Json(error) => ApiError::internal(&error),
        FeedbackError::UnknownTasks(tasks) => {
            let status = match unknown_task {
                UnknownTask::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
                UnknownTask::NotFound => StatusCode::NOT_FOUND,
                UnknownTask::BadRequest => StatusCode::BAD_REQUEST,
            };
            let description =
                |task: &String| format!("`tasks`: the job has no task `{}`", shortened(task));
            ApiError::with_descriptions(status, tasks.iter().take(5).map(description).collect())
        }
    }
}

/// The id in the path.
pub(super) fn external_id(id: ExternalId, thing: &str) -> Result<String, ApiError> {
    id.map(|Path(id)| id).map_err(|_| unknown(thing, "?"))
}

/// The answer about something that does not exist, or not for this client.
pub(super) fn unknown(thing: &str, id: &str) -> ApiError {
    let id = shortened(id);
    ApiError::not_found(format!("there is no {thing} with the external_id `{id}`"))
}
