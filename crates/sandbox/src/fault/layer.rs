//! The middleware that applies faults to requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::kind::Kind;
use super::memory::{Export, Memory, lock};
use super::pages::{Cursors, PageFaults};
use super::response::{apply_to_body, error_response, refusal};
use super::specification::{Fault, Faults, Target, When};
use crate::access::{EXPIRED, Tokens};
use crate::http::{ApiError, EMPLOYEES_EXPORT_PATH, JOBS_EXPORT_PATH, TOKEN_PATH, bearer_token};
use crate::random::Random;

/// The header with which a request asks for faults.
const HEADER: &str = "x-sandbox-fault";
/// The maximum length of the header, in bytes.
const MAX_HEADER: usize = 1_000;

/// The faults of a sandbox, and the requests so far.
pub(crate) struct FaultLayer {
    faults: Faults,
    reads_header: bool,
    /// Verifies tokens: a fault that affects later requests requires a valid token.
    tokens: Arc<Tokens>,
    /// The numbers of requests so far, by [`Target`]. Every request also counts for [`Target::Any`].
    counts: [AtomicU64; 3],
    memory: Arc<Mutex<Memory>>,
}

impl FaultLayer {
    pub(crate) fn new(faults: Faults, reads_header: bool, tokens: Arc<Tokens>) -> Self {
        Self { faults, reads_header, tokens, counts: Default::default(), memory: Arc::default() }
    }

    /// Counts the request and selects its faults.
    fn due(&self, target: Target) -> Vec<Fault> {
        let count =
            |target: Target| self.counts[target as usize].fetch_add(1, Ordering::Relaxed) + 1;
        let all = count(Target::Any);
        let number = if target == Target::Any { all } else { count(target) };
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
        due.map(|(_, fault)| *fault).collect()
    }

    fn of_header(&self, headers: &HeaderMap, target: Target) -> Result<Vec<Fault>, String> {
        let refused = |reason: String| format!("`X-Sandbox-Fault`: {reason}");
        let values = || headers.get_all(HEADER).iter().filter(|_| self.reads_header);
        if values().map(HeaderValue::len).sum::<usize>() > MAX_HEADER {
            return Err(refused(format!("it is longer than {MAX_HEADER} bytes")));
        }
        let mut faults = Vec::new();
        for value in values() {
            let text = value.to_str().map_err(|_| refused("it is not ASCII".to_owned()))?;
            let read = Fault::of_request(text, target).map_err(|error| refused(error.to_string()));
            faults.extend(read?);
        }
        Ok(faults)
    }
}

/// Handles a request with its faults.
pub(crate) async fn inject(
    State(layer): State<Arc<FaultLayer>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_post = request.method() == Method::POST;
    let export =
        [JOBS_EXPORT_PATH, EMPLOYEES_EXPORT_PATH].into_iter().find(|export| *export == path);
    let target = match export {
        Some(_) if is_post => Target::Export,
        None if is_post && path == TOKEN_PATH => Target::Token,
        _ => Target::Any,
    };
    let mut faults = layer.due(target);
    match layer.of_header(request.headers(), target) {
        Ok(of_header) => faults.extend(of_header),
        Err(reason) => return refusal(target, StatusCode::BAD_REQUEST, "invalid_request", &reason),
    }
    let latency: Duration = faults
        .iter()
        .filter_map(|fault| if let Kind::Latency(time) = fault.kind { Some(time) } else { None })
        .sum();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let kinds: Vec<_> = faults.iter().map(|fault| fault.kind).collect();
    // A request without a valid token is refused by the endpoint, so it must not affect later requests.
    let token =
        bearer_token(request.headers()).map(str::to_owned).filter(|_| target != Target::Token);
    let bearer = token.as_deref().and_then(|token| layer.tokens.check(token).ok());
    let sender = token.zip(bearer);
    let is_expired = sender.as_ref().is_some_and(|(token, _)| {
        let mut memory = lock(&layer.memory);
        if kinds.contains(&Kind::ExpiredToken) {
            memory.expire(token);
        }
        memory.is_expired(token)
    });
    let response = if is_expired {
        ApiError::new(StatusCode::UNAUTHORIZED, EXPIRED).into_response()
    } else if let Some(response) = faults.iter().find_map(|fault| error_response(fault, target)) {
        response
    } else {
        if let (Some((token, bearer)), Some(path), Target::Export) = (sender, export, target) {
            let export = Export { tenant: bearer.tenant, path };
            let memory = Arc::clone(&layer.memory);
            let cursors = Cursors::default();
            request.extensions_mut().insert(PageFaults { memory, kinds, token, export, cursors });
        }
        next.run(request).await
    };
    apply_to_body(response, &faults).await
}
