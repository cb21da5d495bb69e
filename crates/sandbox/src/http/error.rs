//! Errors as TechWolf sends them: `[{"title": "400 Bad Request", "description": "…"}]`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal with one or more reasons.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    descriptions: Vec<String>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, description: impl Into<String>) -> Self {
        Self { status, descriptions: vec![description.into()] }
    }

    pub(super) fn bad_request(descriptions: Vec<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, descriptions }
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
        let mut response = (self.status, axum::Json(entries)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What the client sent, short enough to be shown in a description.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
