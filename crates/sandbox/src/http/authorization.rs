//! Who sends a request, and what they see.

use axum::http::{HeaderMap, StatusCode, header};

use super::error::ApiError;
use super::service::Service;
use crate::access::{Bearer, Denied, Scope};
use crate::store::View;

/// Who brings a token with this scope, and what they see.
///
/// # Errors
/// 401 without a token that is good now, 403 for one that is for something else, 429 beyond the rate limit.
pub(super) fn authorize(
    service: &Service,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<(View, Bearer), ApiError> {
    let bearer = identify(service, headers)?;
    if !bearer.scopes.contains(&scope) {
        let description = format!("the access token does not have the scope `{}`", scope.as_str());
        return Err(ApiError::new(StatusCode::FORBIDDEN, description));
    }
    let families = service.clients.find(&bearer.client_id).and_then(|known| known.families.clone());
    let view = service.store.view(&bearer.tenant, families).ok_or_else(|| {
        ApiError::new(StatusCode::FORBIDDEN, "the access token is for a tenant that is not here")
    })?;
    Ok((view, bearer))
}

/// Who brings this token, whatever it is for.
pub(super) fn identify(service: &Service, headers: &HeaderMap) -> Result<Bearer, ApiError> {
    let unauthorized = |description: &str| ApiError::new(StatusCode::UNAUTHORIZED, description);
    if !headers.contains_key(header::AUTHORIZATION) {
        return Err(unauthorized(
            "there is no Authorization header: send `Bearer` and an access token",
        ));
    }
    let token = bearer_token(headers).ok_or_else(|| {
        unauthorized("the Authorization header must be `Bearer` and an access token")
    })?;
    let bearer = service.tokens.check(token).map_err(|denied| match denied {
        Denied::Unknown => {
            unauthorized("the access token is not valid: ask the token endpoint for one")
        }
        Denied::Audience => unauthorized("the access token is for another audience"),
        Denied::Expired => {
            unauthorized("the access token has expired: ask the token endpoint for a new one")
        }
    })?;
    service.limiter.count(&bearer.tenant, &service.settings)?;
    Ok(bearer)
}

/// The access token that a request brings, good or not.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
