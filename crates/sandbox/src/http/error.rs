//! Errors as TechWolf sends them: `[{"title": "400 Bad Request", "description": "…"}]`.

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::ErrorCode;
use serde::Serialize;

/// A refusal with one or more reasons.
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

    pub(crate) fn bad_request(descriptions: Vec<String>) -> Self {
        Self::with_descriptions(StatusCode::BAD_REQUEST, descriptions)
    }

    /// The answer to a body that could not be read, for reasons told elsewhere.
    pub(super) fn unreadable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the body could not be read")
    }

    pub(super) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, description)
    }

    /// Says when to try again.
    pub(super) fn retry_after(mut self, value: HeaderValue) -> Self {
        self.headers.insert(header::RETRY_AFTER, value);
        self
    }

    /// The database can't do now what was asked for.
    fn unavailable(why: &str) -> Self {
        let description = format!("the sandbox's database can't be used now: {why}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, description)
    }

    /// A defect of the sandbox; the details go to the log.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request could not be served");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox failed; its log says why")
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::unavailable("it is busy").retry_after(HeaderValue::from_static("1"))
            }
            Some(ErrorCode::ReadOnly) => Self::unavailable("it can't be written"),
            Some(ErrorCode::DiskFull) => Self::unavailable("the disk is full"),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                tracing::error!(%error, "the database can't be used");
                Self::unavailable("its file can't be used")
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(&error)
    }
}

#[derive(Serialize)]
struct Entry {
    title: String,
    description: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let title = self.status.to_string();
        let entries: Vec<_> = self
            .descriptions
            .into_iter()
            .map(|description| Entry { title: title.clone(), description })
            .collect();
        (self.status, self.headers, axum::Json(entries)).into_response()
    }
}

/// A date for `Retry-After`. It has whole seconds: this one is more than one second ahead, and at most two.
pub(crate) fn retry_date() -> Option<HeaderValue> {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    HeaderValue::try_from(date).ok()
}
