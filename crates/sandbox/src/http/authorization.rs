//! Who sends a request, and what they may see.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, StatusCode, header};

use super::Service;
use super::error::ApiError;
use crate::access::{Bearer, Denied, Scope};

/// Whose data a request is about, and how much of it there is for the one who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) tenant: String,
    /// The only job families that exist for this caller; none if all do.
    pub(super) families: Option<BTreeSet<String>>,
}

/// Lets those in who bring a token with this scope.
///
/// # Errors
/// 401 without a token that is good now, 403 for one that is for something else, 429 beyond the rate limit.
pub(super) fn authorize(
    service: &Service,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<Caller, ApiError> {
    let (bearer, caller) = identify(service, headers)?;
    if bearer.scopes.contains(&scope) {
        return Ok(caller);
    }
    let description = format!("the access token does not have the scope `{}`", scope.as_str());
    Err(ApiError::new(StatusCode::FORBIDDEN, description))
}

/// Who brings this token, whatever it is for.
pub(super) fn identify(
    service: &Service,
    headers: &HeaderMap,
) -> Result<(Bearer, Caller), ApiError> {
    let unauthorized = |description: &str| ApiError::new(StatusCode::UNAUTHORIZED, description);
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        unauthorized("there is no Authorization header: send `Bearer` and an access token")
    })?;
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            unauthorized("the Authorization header must be `Bearer` and an access token")
        })?;
    let bearer = service.tokens.check(token).map_err(|denied| match denied {
        Denied::Unknown => {
            unauthorized("the access token is not valid: ask the token endpoint for one")
        }
        Denied::Expired => {
            unauthorized("the access token has expired: ask the token endpoint for a new one")
        }
    })?;
    let families =
        service.clients.find(&bearer.client_id).and_then(|client| client.families.clone());
    let caller = Caller { tenant: bearer.tenant.clone(), families };
    Ok((bearer, caller))
}
