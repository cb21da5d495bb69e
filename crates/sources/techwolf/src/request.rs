//! Requests for pages of the export.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Serialize;
use taskferry_sdk::Cursor;
use url::Url;

use crate::config::{
    ExportSubject, ExternalVendor, FilterKind, FilterOptions, Include, ResponseFormat,
};

/// The path of the export of jobs below the tenant's address (seen).
pub(crate) const JOBS_PATH: &str = "/job_architecture/export/jobs/task_profiles";
/// The path of the export of employees (EXPORT-EMP, seen).
pub(crate) const EMPLOYEES_PATH: &str = "/export/employees/task_profiles";

/// Appends a path to the tenant's address.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// The parts of a request that are the same for all pages.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) subject: ExportSubject,
    pub(crate) response_format: ResponseFormat,
    pub(crate) external_vendor: ExternalVendor,
    pub(crate) include: BTreeSet<Include>,
    pub(crate) filters: Vec<FilterOptions>,
}

/// `limit` is always sent: the export of employees requires it (seen), and the export of jobs probably requires it (inferred).
/// Empty fields are left out.
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
    /// The jobs of this listing that belong to one job family.
    pub(crate) fn of_family(&self, family: &str) -> Self {
        let mut listing = self.clone();
        listing.filters.push(FilterOptions {
            filter: FilterKind::JobFamilyIdIsInList,
            job_family_ids: Some(vec![family.to_owned()]),
            value: None,
            operator: None,
            is_active: None,
        });
        listing
    }

    /// The address of the export below `base`, with the query.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let path = match self.subject {
            ExportSubject::Jobs => JOBS_PATH,
            ExportSubject::Employees => EMPLOYEES_PATH,
        };
        let mut url = below(base, path);
        url.query_pairs_mut()
            .append_pair("external_vendor", &name_of(self.external_vendor))
            .append_pair("response_format", &name_of(self.response_format));
        url
    }

    /// The body of the request for the `limit` records after `cursor`.
    pub(crate) fn body(&self, limit: u32, cursor: Option<&Cursor>) -> Bytes {
        let body = Body {
            limit,
            starting_after: cursor.map(Cursor::as_str),
            include: &self.include,
            filters: &self.filters,
        };
        // Serializing strings, numbers, booleans and lists of them can't fail.
        serde_json::to_vec(&body).unwrap_or_default().into()
    }
}

/// The name of an option's value, in pipeline files and in requests.
pub(crate) fn name_of(value: impl Serialize) -> String {
    // Serializing a name can't fail.
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
