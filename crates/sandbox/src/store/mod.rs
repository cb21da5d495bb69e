//! Where the data is kept: a SQLite database, in a file that was named or in a private one that vanishes with the
//! sandbox. Either way it lives on disk, so that memory does not grow with the number of jobs.
//!
//! Whoever asks gets a [`View`]: the data of one tenant, less what the asking client must not see. Every question is a
//! method of the view, so that none can forget either.

mod feedback;
mod listing;
mod loading;
mod pages;
mod pool;
mod schema;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::Connection;

pub(crate) use self::feedback::{Decision, FeedbackError};
pub(crate) use self::listing::{ListedFamily, ListedJob, Listing};
pub(crate) use self::loading::{Inserted, Loading, NewJob};
use self::pool::Pool;

/// All data, ready to be read and changed. Clones share it. What works on it blocks: call it off the reactor.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pool: Arc<Pool>,
    /// The ids of the tenants by their names.
    tenants: Arc<HashMap<String, i64>>,
}

/// What one client sees.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pool: Arc<Pool>,
    tenant: i64,
    /// The only job families that exist.
    families: Option<BTreeSet<String>>,
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
    fn families_in_sql(&self) -> Option<String> {
        self.families.as_ref().map(|families| serde_json::json!(families).to_string())
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.pool.read(work)
    }
}

/// The condition that hides jobs of other families than those in parameter 2, if that is not null.
const VISIBLE: &str = "(?2 IS NULL OR job_family_id IN (SELECT value FROM json_each(?2)))";

/// How many rows are wanted, as SQL takes it.
fn in_sql(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Now, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
