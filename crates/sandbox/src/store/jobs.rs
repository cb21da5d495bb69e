//! Reading the profiles of jobs.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Conditions, PageQuery, StoredPage, StoredProfile, VISIBLE, View, in_sql};

impl View {
    /// The jobs that `query` asks for; none if it starts after a job that does not exist.
    pub(crate) fn jobs(&self, query: &PageQuery) -> rusqlite::Result<Option<StoredPage>> {
        let families = narrowed(self.families.as_ref(), query.conditions.families.as_ref());
        self.read(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => match self.position_of(connection, external_id)? {
                    None => return Ok(None),
                    Some(position) => position,
                },
            };
            // One more than asked for tells whether there are more.
            let wanted = query.limit + 1;
            let mut positions = match &families {
                None => self.in_order(connection, after, &query.conditions, wanted)?,
                Some(families) => {
                    self.of_families(connection, families, after, &query.conditions, wanted)?
                }
            };
            let has_next = positions.len() > query.limit;
            positions.truncate(query.limit);
            let mut statement = connection
                .prepare_cached("SELECT external_id, more, tasks FROM jobs WHERE position = ?1")?;
            let profiles = positions
                .into_iter()
                .map(|position| statement.query_row([position], profile))
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredPage { profiles, has_next }))
        })
    }

    /// The job with this id.
    pub(crate) fn job(&self, external_id: &str) -> rusqlite::Result<Option<StoredProfile>> {
        let sql = format!(
            "SELECT external_id, more, tasks FROM jobs WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3"
        );
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_row(params![self.tenant, self.families_in_sql(), external_id], profile)
                .optional()
        })
    }

    /// Where a job stands in the order of creation. A hidden job stands nowhere.
    pub(super) fn position_of(
        &self,
        connection: &Connection,
        external_id: &str,
    ) -> rusqlite::Result<Option<i64>> {
        let sql = format!(
            "SELECT position FROM jobs WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![self.tenant, self.families_in_sql(), external_id], |row| row.get(0))
            .optional()
    }

    /// The first `count` positions after `after`, read from the index alone.
    fn in_order(
        &self,
        connection: &Connection,
        after: i64,
        conditions: &Conditions,
        count: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let mut statement = connection.prepare_cached(
            "SELECT position FROM jobs INDEXED BY jobs_in_order
             WHERE tenant = ?1 AND position > ?2 AND last_updated >= ?3 AND last_updated < ?4
             ORDER BY position LIMIT ?5",
        )?;
        let Conditions { updated_from, updated_until, .. } = conditions;
        let parameters = params![self.tenant, after, updated_from, updated_until, in_sql(count)];
        statement.query_map(parameters, |row| row.get(0))?.collect()
    }

    /// The same for jobs of some families. Each is read by its index and no further than needed, so that a page costs
    /// the page however many jobs there are.
    fn of_families(
        &self,
        connection: &Connection,
        families: &BTreeSet<String>,
        after: i64,
        conditions: &Conditions,
        count: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let mut statement = connection.prepare_cached(
            "SELECT position FROM jobs INDEXED BY jobs_by_family
             WHERE tenant = ?1 AND job_family_id = ?2 AND position > ?3 AND last_updated >= ?4 AND last_updated < ?5
             ORDER BY position LIMIT ?6",
        )?;
        let Conditions { updated_from, updated_until, .. } = conditions;
        let count_in_sql = in_sql(count);
        let mut positions = Vec::new();
        for family in families {
            let parameters =
                params![self.tenant, family, after, updated_from, updated_until, count_in_sql];
            for position in statement.query_map(parameters, |row| row.get(0))? {
                positions.push(position?);
            }
        }
        positions.sort_unstable();
        positions.truncate(count);
        Ok(positions)
    }
}

fn profile(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredProfile> {
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
