//! Warns about job families in the options that the tenant does not list.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{Cursor, ErrorKind, StageError, nearest};

use crate::client::Client;
use crate::export::Export;
use crate::fields::{field, parse_object};
use crate::request::Listing;

/// The path of the list of job families (inferred). The paging is inferred from the list of employees (seen).
pub(crate) const PATH: &str = "/job_architecture/job_families";
/// The maximum page size of the list of employees (seen).
const PAGE_SIZE: usize = 200;
/// The maximum number of pages to request, so that a long list does not delay the run.
const MAX_PAGES: usize = 20;
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A job family with all fields that may be its id. Requests that create families call it `external_id` (seen).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Family {
    pub(crate) external_id: String,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    job_family_id: Value,
    #[serde(default)]
    job_family_name: Value,
}

impl Family {
    fn has_id(&self, id: &str) -> bool {
        self.external_id == id || [&self.id, &self.job_family_id].into_iter().any(|own| own == id)
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.job_family_name.as_str()
    }
}

/// Returns a warning for each family in `listing` and `partition` that the tenant does not list.
///
/// A tenant may not list its families, so a failed request is only logged, and not retried.
pub(crate) async fn warnings(
    client: &Client,
    export: &Export,
    listing: &Listing,
    partition: Option<&[String]>,
) -> Result<Vec<String>, StageError> {
    if named(listing, partition).is_empty() {
        return Ok(Vec::new());
    }
    export.tokens.bearer().await?;
    Ok(match list(client, export).await {
        Ok(families) => unknown(listing, partition, &families),
        Err(error) => {
            let reason = error.full_message();
            tracing::debug!("can't check the job families: {reason}");
            Vec::new()
        }
    })
}

fn named<'a>(listing: &'a Listing, partition: Option<&'a [String]>) -> BTreeSet<&'a str> {
    let of_filters = listing.filters.iter().filter_map(|filter| filter.job_family_ids.as_deref());
    of_filters.chain(partition).flatten().map(String::as_str).collect()
}

/// A warning for each family in the options that is not among `families`.
pub(crate) fn unknown(
    listing: &Listing,
    partition: Option<&[String]>,
    families: &[Family],
) -> Vec<String> {
    let named = named(listing, partition);
    named.into_iter().filter_map(|id| warning(id, families)).collect()
}

pub(crate) async fn list(client: &Client, export: &Export) -> Result<Vec<Family>, StageError> {
    let (mut families, mut ids) = (Vec::new(), HashSet::new());
    for _ in 0..MAX_PAGES {
        let body = export.get_once(client, families.len(), PAGE_SIZE, TIME_LIMIT).await?;
        let (count, page) = parse(&body).map_err(|error| {
            StageError::new(
                ErrorKind::Malformed,
                format!("the response is not a list of job families: {error}"),
            )
        })?;
        let (before, received) = (families.len(), page.len());
        families.extend(page.into_iter().filter(|family| ids.insert(family.external_id.clone())));
        let is_all = match count {
            Some(count) => families.len() >= count,
            None => received < PAGE_SIZE || families.len() == before,
        };
        if is_all {
            return Ok(families);
        }
        if families.len() == before {
            return Err(incomplete(&format!(
                "{before} of {} were sent",
                count.unwrap_or_default()
            )));
        }
    }
    Err(incomplete(&format!("it has more than {MAX_PAGES} pages")))
}

fn incomplete(reason: &str) -> StageError {
    let message = format!("the list of job families is incomplete: {reason}");
    StageError::new(ErrorKind::Malformed, message)
}

/// Parses a page of the list, `{"count": 2, "results": […]}`. Returns the number of all families, and the families of the page.
fn parse(body: &Bytes) -> Result<(Option<usize>, Vec<Family>), String> {
    let json = parse_object(body)?;
    Ok((field(json.root(), "count").ok(), field(json.root(), "results")?))
}

/// The warning about a family in the options, if the tenant does not list it.
fn warning(named: &str, families: &[Family]) -> Option<String> {
    if families.iter().any(|family| family.has_id(named)) {
        return None;
    }
    let shown = Cursor::new(named);
    let ids = families.iter().map(|family| family.external_id.as_str());
    let near = nearest(named, ids).or_else(|| {
        let name = nearest(named, families.iter().filter_map(Family::name))?;
        let family = families.iter().find(|family| family.name() == Some(name))?;
        Some(family.external_id.as_str())
    });
    let is_name = families.iter().find(|family| {
        family.name().is_some_and(|name| name.to_lowercase() == named.trim().to_lowercase())
    });
    Some(match (is_name, near) {
        (Some(family), _) => {
            let id = Cursor::new(family.external_id.as_str());
            format!("`{shown}` is the name of a job family, not its id: write `{id}`")
        }
        (None, Some(near)) => {
            let near = Cursor::new(near);
            format!("the tenant has no job family `{shown}`; did you mean `{near}`?")
        }
        (None, None) => format!(
            "the tenant has no job family `{shown}`: check the id and the permissions of the credentials"
        ),
    })
}
