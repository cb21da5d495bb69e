//! `GET /job_architecture/jobs`, `GET /job_architecture/job_families` and their entries, to join names to exported ids.
//!
//! Only the listing of employees is public. These follow it, and their keys are those of the requests that create jobs
//! and families.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::error::ApiError;
use super::requests::{EmptyQuery, ListingQuery};
use super::service::Service;
use crate::access::Scope;
use crate::record::ID_PATTERN;
use crate::settings::ListingOrder;
use crate::store::{self, ListedFamily, ListedJob, View};
use crate::timestamp;

/// A page of a listing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Listing")]
pub(crate) struct Listing<T> {
    /// The number of entries on all pages.
    count: u64,
    /// The entries of this page.
    results: Vec<T>,
}

/// A job.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(crate) struct JobEntry {
    /// The job's id.
    #[schemars(extend("pattern" = ID_PATTERN), length(min = 1, max = 100))]
    external_id: String,
    /// The job's name.
    job_name: Option<String>,
    /// The id of the job's family.
    job_family_id: Option<String>,
    /// When the job was last updated.
    #[schemars(extend("format" = "date-time"))]
    last_updated: String,
}

impl From<ListedJob> for JobEntry {
    fn from(job: ListedJob) -> Self {
        Self {
            external_id: job.external_id,
            job_name: job.name,
            job_family_id: job.family_id,
            last_updated: timestamp::display(job.last_updated),
        }
    }
}

/// A job family.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JobFamily")]
pub(crate) struct FamilyEntry {
    /// The family's id.
    #[schemars(extend("pattern" = ID_PATTERN), length(min = 1, max = 100))]
    external_id: String,
    /// The family's name, or its id if it has no name.
    job_family_name: String,
    /// When a job of the family was last updated.
    #[schemars(extend("format" = "date-time"))]
    last_updated: String,
}

impl From<ListedFamily> for FamilyEntry {
    fn from(family: ListedFamily) -> Self {
        Self {
            job_family_name: family.name.unwrap_or_else(|| family.external_id.clone()),
            external_id: family.external_id,
            last_updated: timestamp::display(family.last_updated),
        }
    }
}

/// The id in a path. An id that can't be decoded names nothing.
pub(super) type ExternalId = Result<Path<String>, PathRejection>;

pub(super) fn external_id(id: ExternalId, thing: &str) -> Result<String, ApiError> {
    id.map(|Path(id)| id).map_err(|_| ApiError::not_found(thing, "?"))
}

pub(super) async fn jobs(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    list::<_, JobEntry>(&service, request, View::list_jobs).await
}

pub(super) async fn families(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    list::<_, FamilyEntry>(&service, request, View::list_families).await
}

pub(super) async fn job(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    entry::<_, JobEntry>(&service, request, id, "job", View::listed_job).await
}

pub(super) async fn family(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    entry::<_, FamilyEntry>(&service, request, id, "job family", View::listed_family).await
}

type ReadPage<T> = fn(&View, u64, u64, ListingOrder) -> rusqlite::Result<store::Listing<T>>;
type ReadEntry<T> = fn(&View, &str) -> rusqlite::Result<Option<T>>;

async fn list<T: 'static, U: Serialize + From<T>>(
    service: &Service,
    request: Request,
    read: ReadPage<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(service, request.headers(), Scope::Read)?;
    let query: ListingQuery = service.read_query("ListingQuery", request.uri())?;
    let order = service.settings.listing_order;
    let body = blocking(move || {
        let page = read(&view, query.limit, query.offset, order)?;
        let results = page.results.into_iter().map(U::from).collect();
        Ok(serde_json::to_vec(&Listing { count: page.count, results })?)
    });
    body.await.map(json)
}

async fn entry<T: 'static, U: Serialize + From<T>>(
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
        Ok(serde_json::to_vec(&U::from(found))?)
    });
    body.await.map(json)
}
