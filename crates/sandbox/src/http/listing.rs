//! `GET /job_architecture/jobs`, `GET /job_architecture/job_families` and their entries, to join names to exported ids.
//!
//! TechWolf documents only the listing of employees. The listings of jobs and families have the same structure, with the keys of
//! the requests that create jobs and families.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::blocking;
use super::authorization::authorize;
use super::error::ApiError;
use super::requests::{EmptyQuery, ListingQuery};
use super::service::Service;
use crate::access::Scope;
use crate::settings::ListingOrder;
use crate::store::{Listing, View};

/// The id in a path. An id that can't be decoded names nothing.
pub(super) type ExternalId = Result<Path<String>, PathRejection>;

pub(super) fn external_id(id: ExternalId, thing: &str) -> Result<String, ApiError> {
    id.map(|Path(id)| id).map_err(|_| ApiError::not_found(thing, "?"))
}

type ReadPage<T> = fn(&View, u64, u64, ListingOrder) -> rusqlite::Result<Listing<T>>;
type ReadEntry<T> = fn(&View, &str) -> rusqlite::Result<Option<T>>;

pub(super) async fn list<T: Serialize + 'static>(
    State(service): State<Arc<Service>>,
    request: Request,
    read: ReadPage<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(&service, request.headers(), Scope::Read)?;
    let query: ListingQuery = service.read_query(request.uri())?;
    let order = service.settings.listing_order;
    blocking(move || Ok(Json(read(&view, query.limit, query.offset, order)?).into_response())).await
}

pub(super) async fn entry<T: Serialize + 'static>(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
    thing: &'static str,
    read: ReadEntry<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(&service, request.headers(), Scope::Read)?;
    service.read_query::<EmptyQuery>(request.uri())?;
    let response = blocking(move || {
        let id = external_id(id, thing)?;
        let found = read(&view, &id)?.ok_or_else(|| ApiError::not_found(thing, &id))?;
        Ok(Json(found).into_response())
    });
    response.await
}
