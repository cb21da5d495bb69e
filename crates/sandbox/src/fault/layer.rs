//! Where faults are put between a client and the endpoints.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::{failure, refusal};
use super::body;
use super::kind::Kind;
use super::listing::PageRequest;
use super::memory::{Export, Memory, lock};
use super::specification::{Fault, Faults, Target, When};
use crate::access::{Bearer, Tokens};
use crate::http::paths::{EMPLOYEES_PATH, EXPORT_PATH, TOKEN_PATH};
use crate::http::{ApiError, bearer_token};
use crate::random::Random;

/// The header by which a request asks for a fault of its own, and how it is written in messages.
const HEADER: &str = "x-sandbox-fault";
const SHOWN_HEADER: &str = "X-Sandbox-Fault";
/// How long the header may be, in bytes.
const LONGEST_HEADER: usize = 1_000;

/// What the layer knows.
#[derive(Debug)]
pub(crate) struct FaultLayer {
    faults: Faults,
    /// Whether requests may ask for faults of their own.
    header: bool,
    /// Whose requests are theirs: what is remembered from one to the next is about their tenants alone.
    tokens: Arc<Tokens>,
    exports: AtomicU64,
    token_requests: AtomicU64,
    all: AtomicU64,
    memory: Mutex<Memory>,
}

impl FaultLayer {
    pub(crate) fn new(faults: Faults, header: bool, tokens: Arc<Tokens>) -> Self {
        Self {
            faults,
            header,
            tokens,
            exports: AtomicU64::new(0),
            token_requests: AtomicU64::new(0),
            all: AtomicU64::new(0),
            memory: Mutex::default(),
        }
    }

    /// Counts the request, and tells what goes wrong with it.
    fn due(&self, target: Target) -> Vec<Kind> {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed) + 1;
        let all = count(&self.all);
        let number = match target {
            Target::Export => count(&self.exports),
            Target::Token => count(&self.token_requests),
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
                    Random::new(seed, number).percent(percent.into())
                }
            }
        });
        due.map(|(_, fault)| fault.kind.clone()).collect()
    }

    /// What the request asks for itself.
    fn asked_for(&self, headers: &HeaderMap, target: Target) -> Result<Vec<Kind>, String> {
        let refused = |why: String| format!("`{SHOWN_HEADER}`: {why}");
        let values = || headers.get_all(HEADER).iter().filter(|_| self.header);
        if values().map(axum::http::HeaderValue::len).sum::<usize>() > LONGEST_HEADER {
            return Err(refused(format!("it is longer than {LONGEST_HEADER} bytes")));
        }
        let mut asked = Vec::new();
        for value in values() {
            let text = value.to_str().map_err(|_| refused("it is no ASCII text".to_owned()))?;
            let faults =
                Fault::of_request(text, target).map_err(|told| refused(told.to_string()))?;
            asked.extend(faults.into_iter().map(|fault| fault.kind));
        }
        Ok(asked)
    }

    /// Whose request it is, and the token that says so.
    fn sender(&self, headers: &HeaderMap) -> Option<(String, Bearer)> {
        let token = bearer_token(headers)?;
        let bearer = self.tokens.check(token).ok()?;
        Some((token.to_owned(), bearer))
    }
}

/// Passes the request on, unless something is to go wrong with it.
pub(crate) async fn inject(
    State(layer): State<Arc<FaultLayer>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_post = request.method() == Method::POST;
    let export = [EXPORT_PATH, EMPLOYEES_PATH].into_iter().find(|known| is_post && *known == path);
    let target = match export {
        Some(_) => Target::Export,
        None if is_post && path == TOKEN_PATH => Target::Token,
        None => Target::Any,
    };
    let mut kinds = layer.due(target);
    match layer.asked_for(request.headers(), target) {
        Ok(asked) => kinds.extend(asked),
        Err(why) => return refusal(target, StatusCode::BAD_REQUEST, "invalid_request", &why),
    }
    let wait: Duration = kinds
        .iter()
        .filter_map(|kind| if let Kind::Latency(time) = kind { Some(*time) } else { None })
        .sum();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    // Whoever may not ask is refused by the endpoint, and leaves nothing behind here.
    let sender = layer.sender(request.headers());
    let token = sender.as_ref().map(|(token, _)| token.as_str());
    let response = match (instead(&layer, target, token, &kinds), sender, export) {
        (Some(response), ..) => response,
        (None, Some((token, Bearer { tenant, .. })), Some(path)) => {
            let export = Export { tenant, path };
            let request_for_page =
                PageRequest { memory: &layer.memory, kinds: &kinds, token, export };
            request_for_page.serve(request, next).await
        }
        (None, ..) => next.run(request).await,
    };
    disturb_body(response, &kinds).await
}

/// The answer that takes the place of the endpoint's. `token` is a good one.
fn instead(
    layer: &FaultLayer,
    target: Target,
    token: Option<&str>,
    kinds: &[Kind],
) -> Option<Response> {
    if target != Target::Token
        && let Some(token) = token
    {
        let mut memory = lock(&layer.memory);
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
