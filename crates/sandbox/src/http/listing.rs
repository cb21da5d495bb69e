//! `GET /job_architecture/jobs`, `GET /job_architecture/job_families`, and each of them alone, to join names to
//! exported ids.
//!
//! Only the listing of employees is public; that these look like it is inferred, and the keys follow the bodies by which
//! jobs and families are created.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;

use super::answer::{blocking, json};
use super::authorization::authorize;
use super::bounds::{DEFAULT_LISTING_LIMIT, LARGEST_LISTING_LIMIT};
use super::error::ApiError;
use super::mistakes::Mistakes;
use super::profile::{ExternalId, external_id, unknown};
use super::query::Parameters;
use super::service::Service;
use crate::access::Scope;
use crate::settings::ListingOrder;
use crate::store::{ListedFamily, ListedJob, Listing, View};
use crate::timestamp;

#[derive(Serialize)]
struct Page<T> {
    count: u64,
    results: Vec<T>,
}

#[derive(Serialize)]
struct JobEntry {
    external_id: String,
    job_name: Option<String>,
    job_family_id: Option<String>,
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

#[derive(Serialize)]
struct FamilyEntry {
    external_id: String,
    /// The id of a family whose name is not known.
    job_family_name: String,
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
    one::<_, JobEntry>(&service, request, id, "job", View::listed_job).await
}

pub(super) async fn family(
    State(service): State<Arc<Service>>,
    id: ExternalId,
    request: Request,
) -> Result<Response, ApiError> {
    one::<_, FamilyEntry>(&service, request, id, "job family", View::listed_family).await
}

type ReadPage<T> = fn(&View, u64, u64, ListingOrder) -> rusqlite::Result<Listing<T>>;
type ReadOne<T> = fn(&View, &str) -> rusqlite::Result<Option<T>>;

async fn list<T: 'static, U: Serialize + From<T>>(
    service: &Service,
    request: Request,
    read: ReadPage<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(service, request.headers(), Scope::Read)?;
    let (limit, offset) = read_page(service, request.uri())?;
    let order = service.settings.listing_order;
    blocking(move || written::<_, U>(read(&view, limit, offset, order)?)).await.map(json)
}

async fn one<T: 'static, U: Serialize + From<T>>(
    service: &Service,
    request: Request,
    id: ExternalId,
    thing: &'static str,
    read: ReadOne<T>,
) -> Result<Response, ApiError> {
    let (view, _) = authorize(service, request.headers(), Scope::Read)?;
    read_nothing(service, request.uri())?;
    let body = blocking(move || {
        let id = external_id(id, thing)?;
        let found = read(&view, &id)?.ok_or_else(|| unknown(thing, &id))?;
        Ok(serde_json::to_vec(&U::from(found))?)
    });
    body.await.map(json)
}

fn written<T, U: Serialize + From<T>>(listing: Listing<T>) -> Result<Vec<u8>, ApiError> {
    let results = listing.results.into_iter().map(U::from).collect();
    Ok(serde_json::to_vec(&Page { count: listing.count, results })?)
}

/// Limit and offset.
fn read_page(service: &Service, uri: &Uri) -> Result<(u64, u64), ApiError> {
    let mut mistakes = Mistakes::new(&service.settings);
    let mut parameters = Parameters::of(uri, &mut mistakes);
    let limit = parameters.number(
        "limit",
        (1, LARGEST_LISTING_LIMIT),
        DEFAULT_LISTING_LIMIT,
        &mut mistakes,
    );
    let most = i64::MAX.unsigned_abs();
    let offset = parameters.number("offset", (0, most), 0, &mut mistakes);
    parameters.finish(&mut mistakes);
    mistakes.or((limit, offset))
}

/// Refuses any parameter.
pub(super) fn read_nothing(service: &Service, uri: &Uri) -> Result<(), ApiError> {
    let mut mistakes = Mistakes::new(&service.settings);
    Parameters::of(uri, &mut mistakes).finish(&mut mistakes);
    mistakes.or(())
}
