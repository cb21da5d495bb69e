//! What a client sees of the data, and what it can ask for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::Connection;

use super::pool::Pool;

/// All data, ready to be read and changed. Clones share it. What works on it blocks: call it off the reactor.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) pool: Arc<Pool>,
    /// The ids of the tenants by their names.
    pub(super) tenants: Arc<HashMap<String, i64>>,
}

/// What one client sees.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(super) pool: Arc<Pool>,
    pub(super) tenant: i64,
    /// The only job families that exist.
    pub(super) families: Option<BTreeSet<String>>,
}

/// Which jobs or employees are asked for.
#[derive(Debug)]
pub(crate) struct PageQuery {
    pub(crate) limit: usize,
    /// The external id of the one before the first one wanted.
    pub(crate) starting_after: Option<String>,
    pub(crate) conditions: Conditions,
}

/// What all filters of a request come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// Only jobs of these families.
    pub(crate) families: Option<BTreeSet<String>>,
    /// Only jobs last updated at this time or later, in microseconds since 1970.
    pub(crate) updated_from: i64,
    /// Only jobs last updated before this time.
    pub(crate) updated_until: i64,
    /// Whether active employees pass.
    pub(crate) active: bool,
    /// Whether those who left pass.
    pub(crate) inactive: bool,
}

impl Default for Conditions {
    /// Everything passes.
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

/// Profiles in the order of their creation.
#[derive(Debug)]
pub(crate) struct StoredPage {
    pub(crate) profiles: Vec<StoredProfile>,
    pub(crate) has_next: bool,
}

/// A job or an employee, with tasks as they were loaded.
#[derive(Debug)]
pub(crate) struct StoredProfile {
    pub(crate) external_id: String,
    /// Fields that nobody knows, as a JSON object.
    pub(crate) more: Option<String>,
    /// A JSON array.
    pub(crate) tasks: String,
}

impl Store {
    /// What a client of `tenant` sees that is to know no other job families than these; nothing for an unknown tenant.
    pub(crate) fn view(&self, tenant: &str, families: Option<BTreeSet<String>>) -> Option<View> {
        let tenant = *self.tenants.get(tenant)?;
        Some(View { pool: Arc::clone(&self.pool), tenant, families })
    }
}

impl View {
    /// The only families that exist, as the JSON array that [`VISIBLE`] takes.
    pub(super) fn families_in_sql(&self) -> Option<String> {
        self.families.as_ref().map(|families| serde_json::json!(families).to_string())
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.pool.read(work)
    }
}

/// The condition that hides jobs of other families than those in parameter 2, if that is not null.
pub(super) const VISIBLE: &str =
    "(?2 IS NULL OR job_family_id IN (SELECT value FROM json_each(?2)))";

/// How many rows are wanted, as SQL takes it.
pub(super) fn in_sql(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Now, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
