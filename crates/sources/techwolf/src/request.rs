//! What a page is asked for with.

use std::collections::BTreeSet;

use serde::Serialize;
use taskferry_sdk::Cursor;
use url::Url;

use crate::config::{ExternalVendor, FilterKind, FilterOptions, Include, ResponseFormat};

/// Where the export stands below the tenant's address (seen).
pub(crate) const EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";

/// What stands at `path` below the tenant's address.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// What stays the same from page to page.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) response_format: ResponseFormat,
    pub(crate) external_vendor: ExternalVendor,
    pub(crate) include: BTreeSet<Include>,
    pub(crate) filters: Vec<FilterOptions>,
}

/// `limit` is always sent, since sibling exports require it (inferred); what is empty is left out.
#[derive(Serialize)]
struct Body<'a> {
    limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_after: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    include: &'a BTreeSet<Include>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    filters: &'a [FilterOptions],
}

impl Listing {
    /// The same, of the jobs of one job family alone.
    pub(crate) fn of_family(&self, family: &str) -> Self {
        let mut listing = self.clone();
        listing.filters.push(FilterOptions {
            filter: FilterKind::JobFamilyIdIsInList,
            job_family_ids: Some(vec![family.to_owned()]),
            value: None,
            operator: None,
        });
        listing
    }

    /// The address of the export below `base`, with the query that says in which form records come.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = below(base, EXPORT_PATH);
        url.query_pairs_mut()
            .append_pair("external_vendor", self.external_vendor.as_str())
            .append_pair("response_format", self.response_format.as_str());
        url
    }

    /// The body that asks for so many jobs after `cursor`.
    pub(crate) fn body(&self, limit: u32, cursor: Option<&Cursor>) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Body {
            limit,
            starting_after: cursor.map(Cursor::as_str),
            include: &self.include,
            filters: &self.filters,
        })
    }
}
