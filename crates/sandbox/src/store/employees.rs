//! Reading employees. They have the tasks of the job they are assigned to; one whose job is hidden is hidden too.

use rusqlite::{OptionalExtension, params};

use super::{PageQuery, StoredPage, StoredProfile, VISIBLE, View, in_sql};

impl View {
    /// The employees that `query` asks for; none if it starts after one who does not exist.
    pub(crate) fn employees(&self, query: &PageQuery) -> rusqlite::Result<Option<StoredPage>> {
        let hidden = self.families_in_sql();
        self.read(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => {
                    let sql = format!(
                        "SELECT employees.position FROM employees JOIN jobs ON jobs.position = job
                         WHERE employees.tenant = ?1 AND {VISIBLE} AND employees.external_id = ?3"
                    );
                    let found = connection
                        .prepare_cached(&sql)?
                        .query_row(params![self.tenant, hidden, external_id], |row| row.get(0))
                        .optional()?;
                    match found {
                        None => return Ok(None),
                        Some(position) => position,
                    }
                }
            };
            let sql = format!(
                "SELECT employees.external_id, tasks
                 FROM employees INDEXED BY employees_in_order JOIN jobs ON jobs.position = job
                 WHERE employees.tenant = ?1 AND {VISIBLE} AND employees.position > ?3
                   AND ((is_active AND ?4) OR (NOT is_active AND ?5))
                 ORDER BY employees.position LIMIT ?6"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let conditions = &query.conditions;
            let parameters = params![
                self.tenant,
                hidden,
                after,
                conditions.active,
                conditions.inactive,
                // One more than asked for tells whether there are more.
                in_sql(query.limit + 1)
            ];
            let mut profiles: Vec<StoredProfile> = statement
                .query_map(parameters, |row| {
                    Ok(StoredProfile { external_id: row.get(0)?, tasks: row.get(1)? })
                })?
                .collect::<rusqlite::Result<_>>()?;
            let has_next = profiles.len() > query.limit;
            profiles.truncate(query.limit);
            Ok(Some(StoredPage { profiles, has_next }))
        })
    }
}
