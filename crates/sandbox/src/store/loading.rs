//! Filling a database, in one transaction: either all that was named is loaded, or nothing has changed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::pool::Pool;
use super::schema::Place;
use super::view::{Store, now};
use crate::SandboxError;
use crate::random::Random;

/// A database that may be filled.
pub(crate) struct Loading {
    connection: Connection,
    /// Those that work beside it later, if they had to be opened before its file lost its path.
    others: Vec<Connection>,
    place: Place,
    changing: bool,
    /// The tenant that is being loaded.
    tenant: i64,
    /// The last position of all tenants loaded before.
    base: i64,
    /// How many employees the tenant has.
    employees: u64,
    started: i64,
}

/// A job on its way into the database.
pub(crate) struct NewJob<'a> {
    /// Its place in the order of creation, from 1; grows from job to job.
    pub(crate) position: u64,
    pub(crate) external_id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) family_id: Option<&'a str>,
    pub(crate) family_name: Option<&'a str>,
    /// In microseconds since 1970. None: when it was loaded.
    pub(crate) last_updated: Option<i64>,
    /// Fields that nobody knows, as a JSON object.
    pub(crate) more: Option<&'a str>,
    /// A JSON array.
    pub(crate) tasks: &'a str,
}

/// What became of a job.
pub(crate) enum Inserted {
    New,
    /// Another job has the same external id: the one at this position.
    Duplicate {
        of: u64,
    },
    /// Another job gives its family another name: the one at this position.
    OtherName {
        name: String,
        of: u64,
    },
}

/// What keeps a job out: the position of the one that it contradicts, and the name that that one gives its family.
struct Clash {
    position: i64,
    family_name: Option<String>,
}

impl Loading {
    /// Opens the database in `file`, or a private one.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, SandboxError> {
        let place = Place::new(file)?;
        let connection = place.open()?;
        // However the process ends from here on, a private file is gone by then.
        let (place, others) = place.hidden()?;
        let (started, changing) = (now(), false);
        Ok(Self { connection, others, place, changing, tenant: 0, base: 0, employees: 0, started })
    }

    /// The names of all tenants that have been loaded, the oldest first.
    pub(crate) fn tenants(&self) -> Result<Vec<String>, SandboxError> {
        let names = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare("SELECT name FROM tenants ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        names().map_err(|error| self.place.told(error))
    }

    /// Starts to load a tenant, who has nothing then.
    pub(crate) fn begin_tenant(&mut self, name: &str) -> Result<(), SandboxError> {
        if !self.changing {
            self.place.before_loading(&self.connection)?;
            if self.connection.is_autocommit() {
                self.sql(|connection| connection.execute_batch("BEGIN"))?;
            }
            self.changing = true;
        }
        let (tenant, base) = self.sql(|connection| {
            connection.execute("INSERT OR IGNORE INTO tenants (name) VALUES (?1)", [name])?;
            let tenant: i64 =
                connection.query_row("SELECT id FROM tenants WHERE name = ?1", [name], |row| {
                    row.get(0)
                })?;
            for table in ["employees", "jobs", "job_families"] {
                connection.execute(&format!("DELETE FROM {table} WHERE tenant = ?1"), [tenant])?;
            }
            let last = "SELECT coalesce(max(position), 0) FROM jobs";
            Ok((tenant, connection.query_row(last, [], |row| row.get(0))?))
        })?;
        (self.tenant, self.base, self.employees) = (tenant, base, 0);
        Ok(())
    }

    pub(crate) fn insert(&mut self, job: &NewJob<'_>) -> Result<Inserted, SandboxError> {
        let position = self.base.saturating_add(i64::try_from(job.position).unwrap_or(i64::MAX));
        let updated = job.last_updated.unwrap_or(self.started);
        let (tenant, base) = (self.tenant, self.base);
        let clash = self.sql(|connection| {
            let before = connection
                .prepare_cached("SELECT position FROM jobs WHERE tenant = ?1 AND external_id = ?2")?
                .query_row(params![tenant, job.external_id], |row| row.get(0))
                .optional()?;
            if let Some(position) = before {
                return Ok(Some(Clash { position, family_name: None }));
            }
            let clash = insert_family(connection, tenant, position, updated, job)?;
            if clash.is_some() {
                return Ok(clash);
            }
            connection
                .prepare_cached(
                    "INSERT INTO jobs (position, tenant, external_id, last_updated, job_name, job_family_id, more, tasks)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    position,
                    tenant,
                    job.external_id,
                    updated,
                    job.name,
                    job.family_id,
                    job.more,
                    job.tasks
                ])?;
            Ok(None)
        })?;
        if let Some(Clash { position, family_name }) = clash {
            let of = u64::try_from(position - base).unwrap_or_default();
            return Ok(match family_name {
                None => Inserted::Duplicate { of },
                Some(name) => Inserted::OtherName { name, of },
            });
        }
        self.insert_employees(job, position)?;
        Ok(Inserted::New)
    }

    /// Makes up the people who do a job: up to three, one in ten of whom has left.
    fn insert_employees(&mut self, job: &NewJob<'_>, position: i64) -> Result<(), SandboxError> {
        let mut random = Random::new(EMPLOYEES, job.position);
        let (tenant, first) = (self.tenant, self.employees);
        let count = random.below(4) as u64;
        self.sql(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO employees (tenant, external_id, is_active, job, job_family_id)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for number in first + 1..=first + count {
                let id = format!("employee-{number:06}");
                statement.execute(params![
                    tenant,
                    id,
                    !random.percent(10),
                    position,
                    job.family_id
                ])?;
            }
            Ok(())
        })?;
        self.employees += count;
        Ok(())
    }

    /// Keeps what was loaded, and counts the jobs of all tenants.
    pub(crate) fn finish(self) -> Result<(Store, u64), SandboxError> {
        if self.changing {
            self.sql(|connection| connection.execute_batch("COMMIT"))?;
        }
        let tenants: HashMap<String, i64> = self.sql(|connection| {
            let mut statement = connection.prepare("SELECT name, id FROM tenants")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let jobs: i64 = self.sql(|connection| {
            connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))
        })?;
        let connections = self.place.connections(self.connection, self.others)?;
        let pool = Arc::new(Pool::new(connections, self.place));
        Ok((Store { pool, tenants: Arc::new(tenants) }, u64::try_from(jobs).unwrap_or_default()))
    }

    fn sql<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SandboxError> {
        work(&self.connection).map_err(|error| self.place.told(error))
    }
}

/// Which employees there are; says nothing but that they differ from other things that are made up.
const EMPLOYEES: u64 = 0xE3;

/// A family has the name that its jobs tell, all the same or none, and was updated when its last job was.
fn insert_family(
    connection: &Connection,
    tenant: i64,
    position: i64,
    updated: i64,
    job: &NewJob<'_>,
) -> rusqlite::Result<Option<Clash>> {
    let Some(family) = job.family_id else { return Ok(None) };
    let known: Option<(Option<String>, i64)> = connection
        .prepare_cached(
            "SELECT name, named_by FROM job_families WHERE tenant = ?1 AND external_id = ?2 AND name IS NOT NULL",
        )?
        .query_row(params![tenant, family], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let (Some((Some(known), position)), Some(name)) = (known, job.family_name)
        && known != name
    {
        return Ok(Some(Clash { position, family_name: Some(known) }));
    }
    connection
        .prepare_cached(
            "INSERT INTO job_families (tenant, external_id, name, named_by, last_updated) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, external_id) DO UPDATE SET
                 named_by = iif(name IS NULL, excluded.named_by, named_by),
                 name = coalesce(name, excluded.name), last_updated = max(last_updated, excluded.last_updated)",
        )?
        .execute(params![tenant, family, job.family_name, position, updated])?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn replacing_a_tenant_does_not_read_through_the_others() {
        let mut loading = Loading::open(None).unwrap();
        for tenant in ["a", "b"] {
            loading.begin_tenant(tenant).unwrap();
            for position in 1..=100 {
                let external_id = &position.to_string();
                let job = NewJob {
                    position,
                    external_id,
                    name: None,
                    family_id: None,
                    family_name: None,
                    last_updated: None,
                    more: None,
                    tasks: "[]",
                };
                assert!(matches!(loading.insert(&job), Ok(Inserted::New)));
            }
        }
        for table in ["employees", "jobs", "job_families"] {
            let sql = format!("DELETE FROM {table} WHERE tenant = 1");
            let mut statement = loading.connection.prepare(&sql).unwrap();
            statement.execute([]).unwrap();
            assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0, "{table}");
        }
    }
}
