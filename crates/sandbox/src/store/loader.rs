//! Loads tenants in one transaction: if loading fails, the database is unchanged.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use taskferry_profile::model::JobProfile;

use super::location::Location;
use super::pool::Pool;
use super::view::Store;
use crate::SandboxError;
use crate::random::Random;
use crate::timestamp::now;

/// A database into which tenants can be loaded.
pub(crate) struct Loader {
    connection: Connection,
    /// The other connections, if they had to be opened before the file was deleted.
    others: Vec<Connection>,
    location: Location,
    in_transaction: bool,
    /// The id of the tenant that is being loaded.
    tenant: i64,
    /// The last position of all tenants that were loaded before.
    base: i64,
    /// The number of employees of the tenant.
    employees: u64,
    started: i64,
}

pub(crate) struct NewJob<'a> {
    /// The position in the order of creation, from 1; each job has a higher one than the job before.
    pub(crate) position: u64,
    pub(crate) profile: &'a JobProfile,
    /// In microseconds since 1970. `None`: the time of loading.
    pub(crate) last_updated: Option<i64>,
    /// A JSON object.
    pub(crate) unknown_fields: Option<&'a str>,
    /// The tasks of the profile as a JSON array.
    pub(crate) tasks: &'a str,
}

/// The result of loading a job. `of` is the position of an earlier job with which the loaded job is in conflict.
pub(crate) enum Inserted {
    New,
    /// Another job has the same external id.
    DuplicateId {
        of: i64,
    },
    /// Another job has another name for the job family.
    OtherFamilyName {
        name: String,
        of: i64,
    },
}

impl Loader {
    /// Opens the database in `file`, or a private one.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, SandboxError> {
        let (location, connection, others) = Location::open(file)?;
        Ok(Self {
            connection,
            others,
            location,
            in_transaction: false,
            tenant: 0,
            base: 0,
            employees: 0,
            started: now(),
        })
    }

    /// The names of all tenants in the database, the oldest first.
    pub(crate) fn tenants(&self) -> Result<Vec<String>, SandboxError> {
        self.sql(|connection| {
            let mut statement = connection.prepare("SELECT name FROM tenants ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Starts to load a tenant and deletes the data that it has.
    pub(crate) fn begin_tenant(&mut self, name: &str) -> Result<(), SandboxError> {
        if !self.in_transaction {
            self.location.before_loading(&self.connection)?;
            if self.connection.is_autocommit() {
                self.sql(|connection| connection.execute_batch("BEGIN"))?;
            }
            self.in_transaction = true;
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

    /// Loads a job of the tenant, and generates its employees.
    pub(crate) fn insert(&mut self, job: &NewJob<'_>) -> Result<Inserted, SandboxError> {
        let position = self.base.saturating_add(i64::try_from(job.position).unwrap_or(i64::MAX));
        let updated = job.last_updated.unwrap_or(self.started);
        let (tenant, base) = (self.tenant, self.base);
        let inserted = self.sql(|connection| {
            let before: Option<i64> = connection
                .prepare_cached("SELECT position FROM jobs WHERE tenant = ?1 AND external_id = ?2")?
                .query_row(params![tenant, job.profile.external_id], |row| row.get(0))
                .optional()?;
            if let Some(before) = before {
                return Ok(Inserted::DuplicateId { of: before - base });
            }
            if let Some((name, named_by)) =
                insert_family(connection, tenant, position, updated, job)?
            {
                return Ok(Inserted::OtherFamilyName { name, of: named_by - base });
            }
            connection
                .prepare_cached(
                    "INSERT INTO jobs (position, tenant, external_id, last_updated, job_name, job_family_id, more, tasks)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    position,
                    tenant,
                    job.profile.external_id,
                    updated,
                    job.profile.job_name,
                    job.profile.job_family_id,
                    job.unknown_fields,
                    job.tasks
                ])?;
            Ok(Inserted::New)
        })?;
        if matches!(inserted, Inserted::New) {
            self.insert_employees(job, position)?;
        }
        Ok(inserted)
    }

    /// Generates the employees of a job: up to three, one in ten of whom has left.
    fn insert_employees(&mut self, job: &NewJob<'_>, position: i64) -> Result<(), SandboxError> {
        /// Separates the random numbers of employees from those of other generated data.
        const EMPLOYEES: u64 = 0xE3;
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
                let is_active = !random.percent(10);
                statement.execute(params![
                    tenant,
                    id,
                    is_active,
                    position,
                    job.profile.job_family_id
                ])?;
            }
            Ok(())
        })?;
        self.employees += count;
        Ok(())
    }

    /// Commits what was loaded. Returns the store and the number of jobs of all tenants.
    pub(crate) fn finish(self) -> Result<(Store, u64), SandboxError> {
        if self.in_transaction {
            self.sql(|connection| connection.execute_batch("COMMIT"))?;
        }
        let tenants: HashMap<String, i64> = self.sql(|connection| {
            let mut statement = connection.prepare("SELECT name, id FROM tenants")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let jobs: i64 = self.sql(|connection| {
            connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))
        })?;
        let connections = self.location.connections(self.connection, self.others)?;
        let pool = Arc::new(Pool::new(connections));
        Ok((Store { pool, tenants }, u64::try_from(jobs).unwrap_or_default()))
    }

    fn sql<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SandboxError> {
        work(&self.connection).map_err(|error| self.location.error(&error))
    }
}

/// Inserts the job family of `job`, or updates its name and `last_updated`. If an earlier job gives the family another name,
/// changes nothing, and returns that name and the position of the earlier job.
fn insert_family(
    connection: &Connection,
    tenant: i64,
    position: i64,
    updated: i64,
    job: &NewJob<'_>,
) -> rusqlite::Result<Option<(String, i64)>> {
    let Some(family) = &job.profile.job_family_id else { return Ok(None) };
    let known: Option<(String, i64)> = connection
        .prepare_cached(
            "SELECT name, named_by FROM job_families WHERE tenant = ?1 AND external_id = ?2 AND name IS NOT NULL",
        )?
        .query_row(params![tenant, family], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let (Some((known, named_by)), Some(name)) = (known, &job.profile.job_family_name)
        && known != *name
    {
        return Ok(Some((known, named_by)));
    }
    connection
        .prepare_cached(
            "INSERT INTO job_families (tenant, external_id, name, named_by, last_updated) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, external_id) DO UPDATE SET
                 named_by = iif(name IS NULL, excluded.named_by, named_by),
                 name = coalesce(name, excluded.name), last_updated = max(last_updated, excluded.last_updated)",
        )?
        .execute(params![tenant, family, job.profile.job_family_name, position, updated])?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn replacing_a_tenant_does_not_scan_the_rows_of_others() {
        let mut loader = Loader::open(None).unwrap();
        for tenant in ["a", "b"] {
            loader.begin_tenant(tenant).unwrap();
            for position in 1..=100 {
                let profile = JobProfile {
                    external_id: position.to_string(),
                    job_name: None,
                    job_family_id: None,
                    job_family_name: None,
                    tasks: Vec::new(),
                };
                let (last_updated, unknown_fields, tasks) = (None, None, "[]");
                let job =
                    NewJob { position, profile: &profile, last_updated, unknown_fields, tasks };
                assert!(matches!(loader.insert(&job), Ok(Inserted::New)));
            }
        }
        for table in ["employees", "jobs", "job_families"] {
            let sql = format!("DELETE FROM {table} WHERE tenant = 1");
            let mut statement = loader.connection.prepare(&sql).unwrap();
            statement.execute([]).unwrap();
            assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0, "{table}");
        }
    }
}
