//! Reads profiles page by page. An employee has the tasks of a job, and is hidden if that job is hidden.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::view::{Conditions, PageQuery, StoredPage, StoredProfile, VISIBLE, View};
use crate::record::Subject;

/// The parts of the queries for the profiles of a subject.
struct Queries {
    table: &'static str,
    /// The index with the tenant, the position and the columns of `condition`.
    in_order: &'static str,
    /// The index with the same columns after the job family.
    by_family: &'static str,
    /// The filters, with parameters 3 and 4.
    condition: &'static str,
    /// Selects the profile whose position is parameter 1.
    profile: &'static str,
}

const JOBS: Queries = Queries {
    table: "jobs",
    in_order: "jobs_in_order",
    by_family: "jobs_by_family",
    condition: "last_updated >= ?3 AND last_updated < ?4",
    profile: "SELECT external_id, more, tasks FROM jobs WHERE position = ?1",
};

const EMPLOYEES: Queries = Queries {
    table: "employees",
    in_order: "employees_in_order",
    by_family: "employees_by_family",
    condition: "((is_active AND ?3) OR (NOT is_active AND ?4))",
    profile:
        "SELECT employees.external_id, NULL, tasks FROM employees JOIN jobs ON jobs.position = job
              WHERE employees.position = ?1",
};

impl Queries {
    fn of(subject: Subject) -> &'static Self {
        match subject {
            Subject::Job => &JOBS,
            Subject::Employee => &EMPLOYEES,
        }
    }
}

impl Conditions {
    /// Parameters 3 and 4.
    fn parameters(&self, subject: Subject) -> [Value; 2] {
        match subject {
            Subject::Job => [self.updated_from.into(), self.updated_until.into()],
            Subject::Employee => [self.active.into(), self.inactive.into()],
        }
    }
}

impl View {
    /// The page that `query` requests; `None` if `starting_after` does not exist.
    pub(crate) fn page(
        &self,
        subject: Subject,
        query: &PageQuery,
    ) -> rusqlite::Result<Option<StoredPage>> {
        let queries = Queries::of(subject);
        self.pool.read(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => match self.position(connection, queries, external_id)? {
                    None => return Ok(None),
                    Some(position) => position,
                },
            };
            // One position more than requested shows whether there is a next page.
            let mut positions = self.positions(connection, subject, query, after)?;
            let has_next = positions.len() > query.limit;
            positions.truncate(query.limit);
            let mut statement = connection.prepare_cached(queries.profile)?;
            let profiles = positions
                .into_iter()
                .map(|position| statement.query_row([position], profile))
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredPage { profiles, has_next }))
        })
    }

    /// The profile of a visible job.
    pub(crate) fn job(&self, external_id: &str) -> rusqlite::Result<Option<StoredProfile>> {
        self.pool.read(|connection| {
            let Some(position) = self.position_of_job(connection, external_id)? else {
                return Ok(None);
            };
            connection.prepare_cached(JOBS.profile)?.query_row([position], profile).map(Some)
        })
    }

    /// The position of a visible job in the order of creation.
    pub(super) fn position_of_job(
        &self,
        connection: &Connection,
        external_id: &str,
    ) -> rusqlite::Result<Option<i64>> {
        self.position(connection, &JOBS, external_id)
    }

    fn position(
        &self,
        connection: &Connection,
        Queries { table, .. }: &Queries,
        external_id: &str,
    ) -> rusqlite::Result<Option<i64>> {
        let sql = format!(
            "SELECT position FROM {table} WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![self.tenant, self.families_parameter(), external_id], |row| {
                row.get(0)
            })
            .optional()
    }

    /// The positions of the profiles of a page and of the next profile. They are read from an index, for each requested
    /// family in turn and no further than needed, so that the cost of a page does not depend on the number of profiles.
    fn positions(
        &self,
        connection: &Connection,
        subject: Subject,
        query: &PageQuery,
        after: i64,
    ) -> rusqlite::Result<Vec<i64>> {
        let Queries { table, in_order, by_family, condition, .. } = Queries::of(subject);
        let wanted = query.limit + 1;
        let most = i64::try_from(wanted).unwrap_or(i64::MAX);
        let [third, fourth] = query.conditions.parameters(subject);
        let select = |index: &str, family: &str| {
            format!(
                "SELECT position FROM {table} INDEXED BY {index}
                 WHERE tenant = ?1 AND position > ?2 AND {condition} {family} ORDER BY position LIMIT ?5"
            )
        };
        let Some(families) =
            intersection(self.families.as_ref(), query.conditions.families.as_ref())
        else {
            let mut statement = connection.prepare_cached(&select(in_order, ""))?;
            let parameters = params![self.tenant, after, third, fourth, most];
            return statement.query_map(parameters, |row| row.get(0))?.collect();
        };
        let mut statement =
            connection.prepare_cached(&select(by_family, "AND job_family_id = ?6"))?;
        let mut positions = Vec::new();
        for family in families {
            let parameters = params![self.tenant, after, third, fourth, most, family];
            for position in statement.query_map(parameters, |row| row.get(0))? {
                positions.push(position?);
            }
        }
        positions.sort_unstable();
        positions.truncate(wanted);
        Ok(positions)
    }
}

fn profile(row: &Row<'_>) -> rusqlite::Result<StoredProfile> {
    Ok(StoredProfile { external_id: row.get(0)?, unknown_fields: row.get(1)?, tasks: row.get(2)? })
}

/// The families in both sets. `None` is the set of all families.
fn intersection(
    visible: Option<&BTreeSet<String>>,
    requested: Option<&BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    match (visible, requested) {
        (Some(visible), Some(requested)) => Some(visible & requested),
        (families, None) | (None, families) => families.cloned(),
    }
}
