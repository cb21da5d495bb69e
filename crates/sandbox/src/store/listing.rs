//! Lists jobs and job families.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::{VISIBLE, View};
use crate::record::keys::ID_PATTERN;
use crate::settings::ListingOrder;
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
pub(crate) struct ListedJob {
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

/// A job family.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JobFamily")]
pub(crate) struct ListedFamily {
    /// The family's id.
    #[schemars(extend("pattern" = ID_PATTERN), length(min = 1, max = 100))]
    external_id: String,
    /// The family's name, or its id if it has no name.
    job_family_name: String,
    /// When a job of the family was last updated.
    #[schemars(extend("format" = "date-time"))]
    last_updated: String,
}

const JOB: &str = "SELECT external_id, job_name, job_family_id, last_updated FROM jobs";
const FAMILY: &str =
    "SELECT external_id, coalesce(name, external_id), last_updated FROM job_families";
/// The condition [`VISIBLE`] for job families.
const VISIBLE_FAMILY: &str = "(?2 IS NULL OR external_id IN (SELECT value FROM json_each(?2)))";

impl View {
    pub(crate) fn list_jobs(
        &self,
        limit: u64,
        offset: u64,
        order: ListingOrder,
    ) -> rusqlite::Result<Listing<ListedJob>> {
        let (index, columns) = match order {
            ListingOrder::LastUpdated => ("jobs_by_update", "last_updated, external_id"),
            ListingOrder::Created => ("jobs_in_order", "position"),
        };
        let from = format!("{JOB} INDEXED BY {index} WHERE tenant = ?1 AND {VISIBLE}");
        let count = format!(
            "SELECT count(*) FROM jobs INDEXED BY jobs_in_order WHERE tenant = ?1 AND {VISIBLE}"
        );
        self.list(&count, &format!("{from} ORDER BY {columns}"), limit, offset, listed_job)
    }

    pub(crate) fn list_families(
        &self,
        limit: u64,
        offset: u64,
        order: ListingOrder,
    ) -> rusqlite::Result<Listing<ListedFamily>> {
        let columns = match order {
            ListingOrder::LastUpdated => "last_updated, external_id",
            ListingOrder::Created => "position",
        };
        let count =
            format!("SELECT count(*) FROM job_families WHERE tenant = ?1 AND {VISIBLE_FAMILY}");
        let page = format!("{FAMILY} WHERE tenant = ?1 AND {VISIBLE_FAMILY} ORDER BY {columns}");
        self.list(&count, &page, limit, offset, listed_family)
    }

    pub(crate) fn listed_job(&self, external_id: &str) -> rusqlite::Result<Option<ListedJob>> {
        let sql = format!("{JOB} WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3");
        self.one(&sql, external_id, listed_job)
    }

    pub(crate) fn listed_family(
        &self,
        external_id: &str,
    ) -> rusqlite::Result<Option<ListedFamily>> {
        let sql = format!("{FAMILY} WHERE tenant = ?1 AND {VISIBLE_FAMILY} AND external_id = ?3");
        self.one(&sql, external_id, listed_family)
    }

    fn list<T>(
        &self,
        count: &str,
        page: &str,
        limit: u64,
        offset: u64,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Listing<T>> {
        let families = self.families_parameter();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.pool.read(|connection| {
            let count: i64 = connection
                .prepare_cached(count)?
                .query_row(params![self.tenant, families], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(&format!("{page} LIMIT ?3 OFFSET ?4"))?;
            let parameters = params![self.tenant, families, number(limit), number(offset)];
            let results =
                statement.query_map(parameters, read)?.collect::<rusqlite::Result<_>>()?;
            Ok(Listing { count: u64::try_from(count).unwrap_or_default(), results })
        })
    }

    fn one<T>(
        &self,
        sql: &str,
        external_id: &str,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        self.pool.read(|connection| {
            connection
                .prepare_cached(sql)?
                .query_row(params![self.tenant, self.families_parameter(), external_id], read)
                .optional()
        })
    }
}

fn listed_job(row: &Row<'_>) -> rusqlite::Result<ListedJob> {
    Ok(ListedJob {
        external_id: row.get(0)?,
        job_name: row.get(1)?,
        job_family_id: row.get(2)?,
        last_updated: timestamp::display(row.get(3)?),
    })
}

fn listed_family(row: &Row<'_>) -> rusqlite::Result<ListedFamily> {
    Ok(ListedFamily {
        external_id: row.get(0)?,
        job_family_name: row.get(1)?,
        last_updated: timestamp::display(row.get(2)?),
    })
}
