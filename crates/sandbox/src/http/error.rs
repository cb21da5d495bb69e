//! Errors in TechWolf's format: `[{"title": "400 Bad Request", "description": "…"}]`.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::quote::shortened;

/// An error response with one or more descriptions.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    descriptions: Vec<String>,
    headers: HeaderMap,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, description: impl Into<String>) -> Self {
        Self::with_descriptions(status, vec![description.into()])
    }

    pub(super) fn with_descriptions(status: StatusCode, descriptions: Vec<String>) -> Self {
        let mut headers = HeaderMap::new();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Self { status, descriptions, headers }
    }

    pub(super) fn bad_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, description)
    }

    /// 404. Also used for existing objects that the client may not see.
    pub(super) fn not_found(thing: &str, id: &str) -> Self {
        let id = shortened(id);
        let description = format!("there is no {thing} with the external_id `{id}`");
        Self::new(StatusCode::NOT_FOUND, description)
    }

    /// Adds the header `Retry-After`.
    pub(super) fn retry_after(mut self, value: HeaderValue) -> Self {
        self.headers.insert(header::RETRY_AFTER, value);
        self
    }

    fn unavailable(reason: &str) -> Self {
        let description = format!("the sandbox's database is not available: {reason}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, description)
    }

    /// A defect of the sandbox. The details are logged.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "the sandbox failed to serve a request");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox failed; see its log")
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::unavailable("it is busy").retry_after(HeaderValue::from_static("1"))
            }
            Some(ErrorCode::ReadOnly) => Self::unavailable("its file can't be written"),
            Some(ErrorCode::DiskFull) => Self::unavailable("the disk is full"),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                tracing::error!(%error, "the database can't be used");
                Self::unavailable("its file can't be used")
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<taskferry_sdk::json::Error> for ApiError {
    fn from(error: taskferry_sdk::json::Error) -> Self {
        Self::internal(&error)
    }
}

/// The errors of a response.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Errors(#[schemars(length(min = 1))] Vec<Entry>);

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Entry {
    /// The status.
    #[schemars(extend("examples" = ["400 Bad Request"]))]
    title: String,
    /// What is wrong, with the name of the field that it concerns.
    description: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let title = self.status.to_string();
        let entry = |description| Entry { title: title.clone(), description };
        let errors = Errors(self.descriptions.into_iter().map(entry).collect());
        (self.status, self.headers, Json(errors)).into_response()
    }
}

/// A date for `Retry-After`, between one and two seconds ahead.
pub(crate) fn retry_date() -> Option<HeaderValue> {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    HeaderValue::try_from(date).ok()
}
