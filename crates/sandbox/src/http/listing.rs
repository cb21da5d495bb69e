//! `GET /job_architecture/jobs`, `GET /job_architecture/job_families` and their entries, to join names to exported ids.
//!
//! Only the listing of employees is public. These follow it, and their keys are those of the requests that create jobs
//! and families.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::Serialize;

use super::answer::{blocking, json};
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

pub(super) async fn jobs(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    list(&service, request, View::list_jobs).await
}

pub(super) async fn families(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    list(&service, request, View::list_families).await
}

pub(super) async fn job(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    entry(&service, request, id, "job", View::listed_job).await
}

pub(super) async fn family(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    entry(&service, request, id, "job family", View::listed_family).await
}

type ReadPage<T> = fn(&View, u64, u64, ListingOrder) -> rusqlite::Result<Listing<T>>;
type ReadEntry<T> = fn(&View, &str) -> rusqlite::Result<Option<T>>;

async fn list<T: Serialize + 'static>(
    service: &Service,
    request: Request,
    read: ReadPage<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(service, request.headers(), Scope::Read)?;
    let query: ListingQuery = service.read_query("ListingQuery", request.uri())?;
    let order = service.settings.listing_order;
    let body =
        blocking(move || Ok(serde_json::to_vec(&read(&view, query.limit, query.offset, order)?)?));
    body.await.map(json)
}

async fn entry<T: Serialize + 'static>(
    service: &Service,
    request: Request,
    id: ExternalId,
    thing: &'static str,
    read: ReadEntry<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(service, request.headers(), Scope::Read)?;
    service.read_query::<EmptyQuery>("EmptyQuery", request.uri())?;
    let body = blocking(move || {
        let id = external_id(id, thing)?;
        let found = read(&view, &id)?.ok_or_else(|| ApiError::not_found(thing, &id))?;
        Ok(serde_json::to_vec(&found)?)
    });
    body.await.map(json)
}
