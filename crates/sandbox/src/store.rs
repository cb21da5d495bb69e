//! Where the jobs are kept: a database that lives on disk, in a file of its own that vanishes with it, so that
//! memory does not grow with the number of jobs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

// `tasks` stands last: it is the one long column, and reading the others never touches it.
const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -4096;
    CREATE TABLE jobs (
        position        INTEGER PRIMARY KEY,
        external_id     TEXT NOT NULL UNIQUE,
        job_name        TEXT,
        job_family_id   TEXT,
        job_family_name TEXT,
        tasks           TEXT NOT NULL
    ) STRICT;
    CREATE INDEX jobs_by_family ON jobs (job_family_id, position);
    BEGIN;
";

/// A database that is being filled, in one transaction.
pub(crate) struct Loading(Connection);

/// A job on its way into the database.
pub(crate) struct NewJob<'a> {
    /// Its place in the order of creation; grows from job to job.
    pub(crate) position: u64,
    pub(crate) external_id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) family_id: Option<&'a str>,
    pub(crate) family_name: Option<&'a str>,
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
}

impl Loading {
    pub(crate) fn begin() -> rusqlite::Result<Self> {
        // An empty name is SQLite's way to say: a temporary file that goes when the connection does.
        let connection = Connection::open("")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    pub(crate) fn insert(&mut self, job: &NewJob<'_>) -> rusqlite::Result<Inserted> {
        let inserted = self
            .0
            .prepare_cached(
                "INSERT INTO jobs (position, external_id, job_name, job_family_id, job_family_name, tasks)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (external_id) DO NOTHING",
            )?
            .execute(params![
                i64::try_from(job.position).unwrap_or(i64::MAX),
                job.external_id,
                job.name,
                job.family_id,
                job.family_name,
                job.tasks
            ])?;
        if inserted > 0 {
            return Ok(Inserted::New);
        }
        let first = position_of(&self.0, job.external_id)?.unwrap_or_default();
        Ok(Inserted::Duplicate { of: u64::try_from(first).unwrap_or_default() })
    }

    pub(crate) fn finish(self) -> rusqlite::Result<Store> {
        self.0.execute_batch("COMMIT")?;
        Ok(Store(Arc::new(Mutex::new(self.0))))
    }
}

/// The jobs, ready to be read. Clones share them. Its methods block: call them off the reactor.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Which jobs are asked for.
#[derive(Debug)]
pub(crate) struct PageQuery {
    pub(crate) limit: usize,
    /// The external id of the job before the first one wanted.
    pub(crate) starting_after: Option<String>,
    /// Only jobs of these families.
    pub(crate) families: Option<BTreeSet<String>>,
}

/// Jobs in the order of their creation.
pub(crate) struct StoredPage {
    pub(crate) jobs: Vec<StoredJob>,
    pub(crate) has_next: bool,
}

/// A job as it was loaded.
pub(crate) struct StoredJob {
    pub(crate) external_id: String,
    /// A JSON array.
    pub(crate) tasks: String,
}

impl Store {
    /// Number of all jobs.
    pub(crate) fn jobs(&self) -> rusqlite::Result<u64> {
        let count: i64 = self.with(|connection| {
            connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))
        })?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The jobs that `query` asks for; none if it starts after a job that does not exist.
    pub(crate) fn page(&self, query: &PageQuery) -> rusqlite::Result<Option<StoredPage>> {
        self.with(|connection| {
            let after = match &query.starting_after {
                None => i64::MIN,
                Some(external_id) => match position_of(connection, external_id)? {
                    None => return Ok(None),
                    Some(position) => position,
                },
            };
            // One more than asked for tells whether there are more.
            let mut positions =
                positions(connection, query.families.as_ref(), after, query.limit + 1)?;
            let has_next = positions.len() > query.limit;
            positions.truncate(query.limit);
            let mut statement = connection
                .prepare_cached("SELECT external_id, tasks FROM jobs WHERE position = ?1")?;
            let jobs = positions
                .into_iter()
                .map(|position| {
                    statement.query_row([position], |row| {
                        Ok(StoredJob { external_id: row.get(0)?, tasks: row.get(1)? })
                    })
                })
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredPage { jobs, has_next }))
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        // Nothing is changed while the lock is held, so a panic leaves nothing half done.
        work(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn position_of(connection: &Connection, external_id: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT position FROM jobs WHERE external_id = ?1")?
        .query_row([external_id], |row| row.get(0))
        .optional()
}

/// The first `count` positions after `after`. Each family is read by its index and no further than needed, so that
/// a page costs the page however many jobs there are.
fn positions(
    connection: &Connection,
    families: Option<&BTreeSet<String>>,
    after: i64,
    count: usize,
) -> rusqlite::Result<Vec<i64>> {
    let count_in_sql = i64::try_from(count).unwrap_or(i64::MAX);
    let Some(families) = families else {
        let mut statement = connection.prepare_cached(
            "SELECT position FROM jobs WHERE position > ?1 ORDER BY position LIMIT ?2",
        )?;
        return statement.query_map(params![after, count_in_sql], |row| row.get(0))?.collect();
    };
    let mut statement = connection.prepare_cached(
        "SELECT position FROM jobs WHERE job_family_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
    )?;
    let mut positions = Vec::new();
    for family in families {
        for position in
            statement.query_map(params![family, after, count_in_sql], |row| row.get(0))?
        {
            positions.push(position?);
        }
    }
    positions.sort_unstable();
    positions.truncate(count);
    Ok(positions)
}
