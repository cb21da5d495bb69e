//! Reading profiles, a page at a time: those of jobs, and those of employees, who have the tasks of the job they are
//! assigned to. An employee whose job is hidden is hidden too.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::view::{Conditions, PageQuery, StoredPage, StoredProfile, VISIBLE, View, in_sql};
use crate::record::Subject;

/// Where the profiles of a subject stand.
struct Source {
    table: &'static str,
    /// Holds the tenant, the position, and what the conditions ask for.
    in_order: &'static str,
    /// The same for each job family.
    by_family: &'static str,
    /// What the conditions ask for, as parameters 3 and 4.
    passes: &'static str,
    /// The profile at position 1.
    profile: &'static str,
}

const JOBS: Source = Source {
    table: "jobs",
    in_order: "jobs_in_order",
    by_family: "jobs_by_family",
    passes: "last_updated >= ?3 AND last_updated < ?4",
    profile: "SELECT external_id, more, tasks FROM jobs WHERE position = ?1",
};

const EMPLOYEES: Source = Source {
    table: "employees",
    in_order: "employees_in_order",
    by_family: "employees_by_family",
    passes: "((is_active AND ?3) OR (NOT is_active AND ?4))",
    profile:
        "SELECT employees.external_id, NULL, tasks FROM employees JOIN jobs ON jobs.position = job
              WHERE employees.position = ?1",
};

impl Source {
    fn of(subject: Subject) -> &'static Self {
        match subject {
            Subject::Job => &JOBS,
            Subject::Employee => &EMPLOYEES,
        }
    }
}

impl Conditions {
    /// Parameters 3 and 4.
    fn in_sql(&self, subject: Subject) -> [Value; 2] {
        match subject {
            Subject::Job => [self.updated_from.into(), self.updated_until.into()],
            Subject::Employee => [self.active.into(), self.inactive.into()],
        }
    }
}

impl View {
    /// The profiles that `query` asks for; none if it starts after one that does not exist.
    pub(crate) fn page(
        &self,
        subject: Subject,
        query: &PageQuery,
    ) -> rusqlite::Result<Option<StoredPage>> {
        let source = Source::of(subject);
        self.read(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => match self.position(connection, source, external_id)? {
                    None => return Ok(None),
                    Some(position) => position,
                },
            };
            // One more than asked for tells whether there are more.
            let mut positions = self.positions(connection, subject, query, after)?;
            let has_next = positions.len() > query.limit;
            positions.truncate(query.limit);
            let mut statement = connection.prepare_cached(source.profile)?;
            let profiles = positions
                .into_iter()
                .map(|position| statement.query_row([position], profile))
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredPage { profiles, has_next }))
        })
    }

    /// The job with this id.
    pub(crate) fn job(&self, external_id: &str) -> rusqlite::Result<Option<StoredProfile>> {
        self.read(|connection| {
            let Some(position) = self.position_of_job(connection, external_id)? else {
                return Ok(None);
            };
            connection.prepare_cached(JOBS.profile)?.query_row([position], profile).map(Some)
        })
    }

    /// Where a job stands in the order of creation. A hidden job stands nowhere.
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
        Source { table, .. }: &Source,
        external_id: &str,
    ) -> rusqlite::Result<Option<i64>> {
        let sql = format!(
            "SELECT position FROM {table} WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![self.tenant, self.families_in_sql(), external_id], |row| row.get(0))
            .optional()
    }

    /// The positions of a page's profiles and of the next one, read from an index alone: of some families, from that of
    /// each and no further than needed, so that a page costs the page however many profiles there are.
    fn positions(
        &self,
        connection: &Connection,
        subject: Subject,
        query: &PageQuery,
        after: i64,
    ) -> rusqlite::Result<Vec<i64>> {
        let Source { table, in_order, by_family, passes, .. } = Source::of(subject);
        let wanted = query.limit + 1;
        let [first, second] = query.conditions.in_sql(subject);
        let select = |index: &str, family: &str| {
            format!(
                "SELECT position FROM {table} INDEXED BY {index}
                 WHERE tenant = ?1 AND position > ?2 AND {passes} {family} ORDER BY position LIMIT ?5"
            )
        };
        let families = narrowed(self.families.as_ref(), query.conditions.families.as_ref());
        let Some(families) = families else {
            let mut statement = connection.prepare_cached(&select(in_order, ""))?;
            let parameters = params![self.tenant, after, first, second, in_sql(wanted)];
            return statement.query_map(parameters, |row| row.get(0))?.collect();
        };
        let mut statement =
            connection.prepare_cached(&select(by_family, "AND job_family_id = ?6"))?;
        let mut positions = Vec::new();
        for family in families {
            let parameters = params![self.tenant, after, first, second, in_sql(wanted), family];
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
    Ok(StoredProfile { external_id: row.get(0)?, more: row.get(1)?, tasks: row.get(2)? })
}

/// The families that exist for the client and pass the filter.
fn narrowed(
    existing: Option<&BTreeSet<String>>,
    asked: Option<&BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    match (existing, asked) {
        (Some(existing), Some(asked)) => Some(existing.intersection(asked).cloned().collect()),
        (families, None) | (None, families) => families.cloned(),
    }
}
