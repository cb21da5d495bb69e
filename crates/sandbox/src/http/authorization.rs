//! Authorization of requests: access tokens, scopes and the rate limit.

use axum::http::{HeaderMap, StatusCode, header};

use super::error::ApiError;
use super::service::Service;
use crate::access::{Bearer, Scope};
use crate::store::View;

/// The holder of the request's token, and the data that it may see.
pub(super) fn authorize(
    service: &Service,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<(View, Bearer), ApiError> {
    let bearer = identify(service, headers)?;
    let forbidden = |description| ApiError::new(StatusCode::FORBIDDEN, description);
    if !bearer.scopes.contains(&scope) {
        let scope = scope.as_str();
        return Err(forbidden(format!("the access token does not have the scope `{scope}`")));
    }
    let families = service.clients.find(&bearer.client_id).and_then(|known| known.families.clone());
    let view = service.store.view(&bearer.tenant, families);
    let view =
        view.ok_or_else(|| forbidden("the sandbox has no data of the token's tenant".to_owned()))?;
    Ok((view, bearer))
}

/// The holder of the request's token, whatever its scopes.
pub(super) fn identify(service: &Service, headers: &HeaderMap) -> Result<Bearer, ApiError> {
    let unauthorized = |description| ApiError::new(StatusCode::UNAUTHORIZED, description);
    if !headers.contains_key(header::AUTHORIZATION) {
        let description = "the header Authorization is missing: send `Bearer` and an access token";
        return Err(unauthorized(description));
    }
    let token = bearer_token(headers).ok_or_else(|| {
        unauthorized("the header Authorization must be `Bearer` and an access token")
    })?;
    let bearer = service.tokens.check(token).map_err(unauthorized)?;
    service.limiter.count(&bearer.tenant, &service.settings)?;
    Ok(bearer)
}

/// The access token of a request, valid or not.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
