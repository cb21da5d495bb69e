//! Where faults are put between a client and the endpoints.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use super::memory::{Meant, Memory};
use super::specification::{Kind, RetryAfter, Target, When};
use super::{Fault, Faults, body, page};
use crate::dice::Dice;
use crate::http::ApiError;
use crate::http::paths::TOKEN_PATH;

/// The header by which a request asks for a fault of its own.
const HEADER: &str = "x-sandbox-fault";
/// Requests for pages are far smaller. A larger one passes without what needs its body.
const LARGEST_REQUEST: usize = 64 * 1024;

/// What the layer knows.
#[derive(Debug)]
pub(crate) struct FaultLayer {
    faults: Faults,
    /// Whether requests may ask for faults of their own.
    header: bool,
    exports: AtomicU64,
    tokens: AtomicU64,
    all: AtomicU64,
    memory: Mutex<Memory>,
}

impl FaultLayer {
    pub(crate) fn new(faults: Faults, header: bool) -> Self {
        Self {
            faults,
            header,
            exports: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
            all: AtomicU64::new(0),
            memory: Mutex::default(),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the request, and tells what goes wrong with it.
    fn due(&self, target: Target) -> Vec<Kind> {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed) + 1;
        let all = count(&self.all);
        let number = match target {
            Target::Export => count(&self.exports),
            Target::Token => count(&self.tokens),
            Target::Any => 0,
        };
        let due = self.faults.faults.iter().enumerate().filter(|(index, fault)| {
            let number = match fault.on {
                Target::Any => all,
                on if on == target => number,
                _ => return false,
            };
            match fault.when {
                When::Always => true,
                When::Requests(first, last) => {
                    first <= number && last.is_none_or(|last| number <= last)
                }
                When::Percent(percent) => {
                    let seed = self.faults.seed.wrapping_add((*index as u64) << 32);
                    Dice::new(seed, number).chance(percent.into())
                }
            }
        });
        due.map(|(_, fault)| fault.kind.clone()).collect()
    }

    /// What the request asks for itself.
    fn asked_for(&self, headers: &HeaderMap) -> Result<Vec<Kind>, ApiError> {
        let mut asked = Vec::new();
        for value in headers.get_all(HEADER).iter().filter(|_| self.header) {
            let faults = Fault::of_request(value.to_str().unwrap_or("?")).map_err(|problem| {
                ApiError::new(StatusCode::BAD_REQUEST, format!("`X-Sandbox-Fault`: {problem}"))
            })?;
            asked.extend(faults.into_iter().map(|fault| fault.kind));
        }
        Ok(asked)
    }
}

/// The cursor of a request is a job that a fault has deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeletedCursor;

/// Passes the request on, unless something is to go wrong with it.
pub(crate) async fn inject(
    State(layer): State<Arc<FaultLayer>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let target = if request.method() != Method::POST {
        Target::Any
    } else if path == TOKEN_PATH {
        Target::Token
    } else if path.ends_with("/task_profiles") {
        Target::Export
    } else {
        Target::Any
    };
    let mut kinds = layer.due(target);
    match layer.asked_for(request.headers()) {
        Ok(asked) => kinds.extend(asked),
        Err(refusal) => return refusal.into_response(),
    }
    let wait: Duration = kinds
        .iter()
        .filter_map(|kind| if let Kind::Latency(time) = kind { Some(*time) } else { None })
        .sum();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let response = match instead(&layer, target, request.headers(), &kinds) {
        Some(response) => response,
        None if target == Target::Export => page_request(&layer, request, &kinds, next).await,
        None => next.run(request).await,
    };
    disturb_body(response, &kinds).await
}

/// The answer that takes the place of the endpoint's.
fn instead(
    layer: &FaultLayer,
    target: Target,
    headers: &HeaderMap,
    kinds: &[Kind],
) -> Option<Response> {
    if target != Target::Token
        && let Some(token) =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
    {
        let mut memory = layer.memory();
        if kinds.contains(&Kind::ExpiredToken) {
            memory.expire(token);
        }
        if memory.is_expired(token) {
            let description = "the access token has expired: ask the token endpoint for a new one";
            return Some(ApiError::new(StatusCode::UNAUTHORIZED, description).into_response());
        }
    }
    kinds.iter().find_map(|kind| match kind {
        Kind::Status { code, html, retry_after } => {
            Some(failure(*code, *html, *retry_after, target))
        }
        _ => None,
    })
}

fn failure(code: u16, html: bool, retry_after: Option<RetryAfter>, target: Target) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let description = "a fault that was asked for";
    let mut response = if html {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        (status, Html(page)).into_response()
    } else if target == Target::Token {
        let error = if code == 429 { "too_many_requests" } else { "server_error" };
        (status, Json(json!({"error": error, "error_description": description}))).into_response()
    } else {
        ApiError::new(status, description).into_response()
    };
    let value = match retry_after {
        None => None,
        Some(RetryAfter::Seconds(seconds)) => Some(HeaderValue::from(seconds)),
        Some(RetryAfter::Date) => {
            // A date has whole seconds: this one is more than one second ahead, and less than two.
            let date = SystemTime::now() + Duration::from_secs(2);
            HeaderValue::try_from(httpdate::fmt_http_date(date)).ok()
        }
    };
    if let Some(value) = value {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Serves a page, with what is wrong about it.
async fn page_request(
    layer: &FaultLayer,
    mut request: Request,
    kinds: &[Kind],
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.unwrap_or_default().to_owned();
    let mut body = match peek(body).await {
        Ok(body) => body,
        Err(body) => return next.run(Request::from_parts(parts, body)).await,
    };
    if kinds.contains(&Kind::RepeatedPage)
        && let Some(last) = layer.memory().listing(&token).last_request
    {
        body = last;
    }
    let listing = layer.memory().listing(&token);
    let mut cursor = cursor_of(&body);
    let meant = cursor.as_deref().map(|cursor| layer.memory().meant_by(cursor));
    if let Some(Meant::Start) = meant {
        cursor = None;
        body = with_cursor(&body, None);
    } else if let Some(Meant::After(job)) = meant {
        body = with_cursor(&body, Some(&job));
        cursor = Some(job);
    }
    let mut deleted = false;
    if let Some(cursor) = &cursor {
        let mut memory = layer.memory();
        if kinds.contains(&Kind::DeletedCursor) {
            memory.delete(cursor);
        }
        deleted = memory.is_deleted(cursor);
    }
    request = Request::from_parts(parts, Body::from(body.clone()));
    if deleted {
        request.extensions_mut().insert(DeletedCursor);
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    layer.memory().note(&token, body, cursor.as_deref());
    let back = kinds.contains(&Kind::LoopingCursor).then_some(listing.first_cursor).flatten();
    change_page(layer, kinds, response, cursor, back).await
}

async fn change_page(
    layer: &FaultLayer,
    kinds: &[Kind],
    response: Response,
    cursor: Option<String>,
    back: Option<String>,
) -> Response {
    let changes = [Kind::EmptyPage, Kind::ExtraFields, Kind::UnknownLevels];
    let is_changed = changes.iter().any(|kind| kinds.contains(kind)) || back.is_some();
    if !is_changed && !layer.memory().any_deleted() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let Ok(mut page) = serde_json::from_slice::<Map<String, Value>>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    {
        let mut memory = layer.memory();
        page::without_deleted(&mut page, &memory);
        if kinds.contains(&Kind::EmptyPage) {
            page::empty(&mut page, memory.stand_in_for(cursor));
        }
    }
    if let Some(back) = back {
        page::lead_back(&mut page, back);
    }
    if kinds.contains(&Kind::UnknownLevels) {
        page::replace_levels(&mut page);
    }
    if kinds.contains(&Kind::ExtraFields) {
        page::add_fields(&mut page);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(page).to_string()))
}

/// Cuts or slows what was to be sent.
async fn disturb_body(response: Response, kinds: &[Kind]) -> Response {
    let cut = kinds.contains(&Kind::Cut);
    let slow = kinds.iter().find_map(|kind| match kind {
        Kind::Slow(time) => Some(*time),
        _ => None,
    });
    if !cut && slow.is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let response = Response::from_parts(parts, Body::empty());
    match slow {
        _ if cut => body::cut(response, &bytes),
        Some(time) => body::slow(response, bytes, time),
        None => response,
    }
}

/// The whole body if it is small, else a body that is as it was.
async fn peek(body: Body) -> Result<Bytes, Body> {
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => read.extend_from_slice(&chunk),
            Err(error) => {
                let before = stream::iter([Ok(Bytes::from(read)), Err(error)]);
                return Err(Body::from_stream(before));
            }
        }
        if read.len() > LARGEST_REQUEST {
            let before = stream::iter([Ok(Bytes::from(read))]);
            return Err(Body::from_stream(before.chain(chunks)));
        }
    }
    Ok(read.into())
}

const CURSOR: &str = "starting_after";

fn cursor_of(body: &[u8]) -> Option<String> {
    let body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    body.get(CURSOR)?.as_str().map(str::to_owned)
}

fn with_cursor(body: &Bytes, cursor: Option<&str>) -> Bytes {
    let Ok(mut changed) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return body.clone();
    };
    match cursor {
        Some(cursor) => {
            changed.insert(CURSOR.to_owned(), cursor.into());
        }
        None => {
            changed.shift_remove(CURSOR);
        }
    }
    Value::Object(changed).to_string().into()
}
