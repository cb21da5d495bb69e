//! The data that a client sees.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::pool::Pool;

/// The data of all tenants. Its operations block, so that they must not run on the reactor.
pub(crate) struct Store {
    pub(super) pool: Arc<Pool>,
    /// The ids of the tenants by name.
    pub(super) tenants: HashMap<String, i64>,
}

/// The data that one client sees.
pub(crate) struct View {
    pub(super) pool: Arc<Pool>,
    pub(super) tenant: i64,
    /// The visible job families; `None` if all are.
    pub(super) families: Option<BTreeSet<String>>,
}

/// A request for a page of jobs or employees.
#[derive(Debug)]
pub(crate) struct PageQuery {
    pub(crate) limit: usize,
    /// The external id of the record before the first one.
    pub(crate) starting_after: Option<String>,
    pub(crate) conditions: Conditions,
}

/// The combined filters of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// Only jobs of these families.
    pub(crate) families: Option<BTreeSet<String>>,
    /// Only jobs last updated at this time or later, in microseconds since 1970.
    pub(crate) updated_from: i64,
    /// Only jobs last updated before this time.
    pub(crate) updated_until: i64,
    /// Whether active employees match.
    pub(crate) active: bool,
    /// Whether employees who have left match.
    pub(crate) inactive: bool,
}

impl Default for Conditions {
    /// Everything matches.
    fn default() -> Self {
        Self {
            families: None,
            updated_from: i64::MIN,
            updated_until: i64::MAX,
            active: true,
            inactive: true,
        }
    }
}

/// Profiles in the order of creation.
#[derive(Debug)]
pub(crate) struct StoredPage {
    pub(crate) profiles: Vec<StoredProfile>,
    pub(crate) has_next: bool,
}

/// The profile of a job or an employee, with tasks as they were loaded.
#[derive(Debug)]
pub(crate) struct StoredProfile {
    pub(crate) external_id: String,
    /// A JSON object.
    pub(crate) unknown_fields: Option<String>,
    /// A JSON array.
    pub(crate) tasks: String,
}

impl Store {
    /// The view of a client of `tenant` that sees only these job families; `None` for an unknown tenant.
    pub(crate) fn view(&self, tenant: &str, families: Option<BTreeSet<String>>) -> Option<View> {
        let tenant = *self.tenants.get(tenant)?;
        Some(View { pool: Arc::clone(&self.pool), tenant, families })
    }
}

impl View {
    /// The visible families as the parameter of [`VISIBLE`].
    pub(super) fn families_parameter(&self) -> Option<String> {
        self.families.as_ref().map(|families| serde_json::json!(families).to_string())
    }
}

/// The condition that a job is visible. Parameter 2 is a JSON array of families, or null if all are visible.
pub(super) const VISIBLE: &str =
    "(?2 IS NULL OR job_family_id IN (SELECT value FROM json_each(?2)))";
