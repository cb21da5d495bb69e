//! Reading employees. They have the tasks of the job they are assigned to; one whose job is hidden is hidden too.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Conditions, PageQuery, StoredPage, StoredProfile, VISIBLE, View, in_sql};

impl View {
    /// The employees that `query` asks for; none if it starts after one who does not exist.
    pub(crate) fn employees(&self, query: &PageQuery) -> rusqlite::Result<Option<StoredPage>> {
        self.read(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => match self.position_of_employee(connection, external_id)? {
                    None => return Ok(None),
                    Some(position) => position,
                },
            };
            // One more than asked for tells whether there are more.
            let mut positions =
                self.employees_after(connection, after, &query.conditions, query.limit + 1)?;
            let has_next = positions.len() > query.limit;
            positions.truncate(query.limit);
            let mut statement = connection.prepare_cached(
                "SELECT employees.external_id, tasks FROM employees JOIN jobs ON jobs.position = job
                 WHERE employees.position = ?1",
            )?;
            let profiles = positions
                .into_iter()
                .map(|position| {
                    statement.query_row([position], |row| {
                        Ok(StoredProfile {
                            external_id: row.get(0)?,
                            more: None,
                            tasks: row.get(1)?,
                        })
                    })
                })
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredPage { profiles, has_next }))
        })
    }

    fn position_of_employee(
        &self,
        connection: &Connection,
        external_id: &str,
    ) -> rusqlite::Result<Option<i64>> {
        let sql = format!(
            "SELECT position FROM employees WHERE tenant = ?1 AND {VISIBLE} AND external_id = ?3"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![self.tenant, self.families_in_sql(), external_id], |row| row.get(0))
            .optional()
    }

    /// The first `count` positions after `after`, read from an index alone: for a client who sees some families only,
    /// from that of each family and no further than needed.
    fn employees_after(
        &self,
        connection: &Connection,
        after: i64,
        conditions: &Conditions,
        count: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        const REST: &str = "position > ?2 AND ((is_active AND ?3) OR (NOT is_active AND ?4))
             ORDER BY position LIMIT ?5";
        let Conditions { active, inactive, .. } = conditions;
        let count_in_sql = in_sql(count);
        let Some(families) = &self.families else {
            let sql = format!(
                "SELECT position FROM employees INDEXED BY employees_in_order WHERE tenant = ?1 AND {REST}"
            );
            let parameters = params![self.tenant, after, active, inactive, count_in_sql];
            let mut statement = connection.prepare_cached(&sql)?;
            return statement.query_map(parameters, |row| row.get(0))?.collect();
        };
        let sql = format!(
            "SELECT position FROM employees INDEXED BY employees_by_family
             WHERE tenant = ?1 AND job_family_id = ?6 AND {REST}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut positions = Vec::new();
        for family in families {
            let parameters = params![self.tenant, after, active, inactive, count_in_sql, family];
            for position in statement.query_map(parameters, |row| row.get(0))? {
                positions.push(position?);
            }
        }
        positions.sort_unstable();
        positions.truncate(count);
        Ok(positions)
    }
}
