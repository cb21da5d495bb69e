//! Answers that take the place of the endpoint's.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::kind::RetryTime;
use super::specification::Target;
use crate::http::{ApiError, retry_date};

/// The refusal that a fault asks for.
pub(super) fn failure(
    code: u16,
    html: bool,
    retry_after: Option<RetryTime>,
    target: Target,
) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let description = "a fault that was asked for";
    let mut response = if html {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        (status, Html(page)).into_response()
    } else {
        let error = if code == 429 { "too_many_requests" } else { "server_error" };
        refusal(target, status, error, description)
    };
    let value = match retry_after {
        None => None,
        Some(RetryTime::Seconds(seconds)) => Some(HeaderValue::from(seconds)),
        Some(RetryTime::Date) => retry_date(),
    };
    if let Some(value) = value {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// A refusal in the form of the endpoint's own. `error` is what it is called at the token endpoint.
pub(super) fn refusal(
    target: Target,
    status: StatusCode,
    error: &str,
    description: &str,
) -> Response {
    if target == Target::Token {
        return (status, Json(json!({"error": error, "error_description": description})))
            .into_response();
    }
    ApiError::new(status, description).into_response()
}
