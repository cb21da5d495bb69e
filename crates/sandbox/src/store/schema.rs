//! Opening databases: whose they are, how they are laid out, how they are written.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use tempfile::{NamedTempFile, TempPath};

use crate::SandboxError;

/// How many can read at the same time. Pages are read in a millisecond; a few are plenty.
const CONNECTIONS: usize = 4;

/// Marks the databases of the sandbox among all SQLite files: `TFSB`.
const APPLICATION: i32 = 0x5446_5342;
/// The layout of [`SCHEMA`]. Whoever changes the layout counts this up.
const VERSION: i32 = 2;

// `tasks` stands last: it is the one long column, and reading the others never touches it. The indexes hold all that
// conditions ask for, so that a page touches no rows but its own. `INDEXED BY` in the queries names them.
const SCHEMA: &str = "
    CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE job_families (
        position     INTEGER PRIMARY KEY,
        tenant       INTEGER NOT NULL REFERENCES tenants,
        external_id  TEXT NOT NULL,
        name         TEXT,
        named_by     INTEGER NOT NULL,
        last_updated INTEGER NOT NULL,
        UNIQUE (tenant, external_id)
    ) STRICT;
    CREATE TABLE jobs (
        position      INTEGER PRIMARY KEY,
        tenant        INTEGER NOT NULL REFERENCES tenants,
        external_id   TEXT NOT NULL,
        last_updated  INTEGER NOT NULL,
        job_name      TEXT,
        job_family_id TEXT,
        more          TEXT,
        tasks         TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX jobs_by_id ON jobs (tenant, external_id);
    CREATE INDEX jobs_in_order ON jobs (tenant, position, last_updated, job_family_id);
    CREATE INDEX jobs_by_family ON jobs (tenant, job_family_id, position, last_updated);
    CREATE INDEX jobs_by_update ON jobs (tenant, last_updated, external_id, job_family_id);
    CREATE TABLE employees (
        position      INTEGER PRIMARY KEY,
        tenant        INTEGER NOT NULL REFERENCES tenants,
        external_id   TEXT NOT NULL,
        is_active     INTEGER NOT NULL,
        job           INTEGER NOT NULL REFERENCES jobs,
        job_family_id TEXT,
        UNIQUE (tenant, external_id)
    ) STRICT;
    CREATE INDEX employees_in_order ON employees (tenant, position, is_active);
    CREATE INDEX employees_by_family ON employees (tenant, job_family_id, position, is_active);
";

/// Where a database is.
#[derive(Debug)]
pub(super) enum Place {
    /// In a file that was named.
    Named(PathBuf),
    /// In a file of its own.
    Private(TempPath),
    /// The same, where an open file may have no path: as soon as all connections are open it has none, so that nothing is
    /// left behind however the process ends.
    Hidden,
}

impl Place {
    /// The place for a named file, or a new private one.
    pub(super) fn new(path: Option<&Path>) -> Result<Self, SandboxError> {
        if let Some(path) = path {
            // SQLite takes these for databases in memory, of which each connection would have one of its own.
            if path.as_os_str().is_empty() || path == Path::new(":memory:") {
                let reason = "it is no file's name; without any, the data goes with the process";
                return Err(SandboxError::WrongDatabase {
                    path: path.to_owned(),
                    reason: reason.to_owned(),
                });
            }
            return Ok(Self::Named(path.to_owned()));
        }
        let file = NamedTempFile::with_prefix("taskferry-sandbox-");
        let file = file.map_err(|source| SandboxError::TemporaryFile { source })?;
        Ok(Self::Private(file.into_temp_path()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Private(path) => path,
            Self::Hidden => Path::new(""),
        }
    }

    /// Opens the database, which has the tables then.
    ///
    /// # Errors
    /// It can't be opened, is no database of the sandbox, or has another layout.
    pub(super) fn open(&self) -> Result<Connection, SandboxError> {
        let connection = self.connect()?;
        self.prepare(&connection).map_err(|error| match error {
            Preparation::Refused(reason) => {
                SandboxError::WrongDatabase { path: self.path().to_owned(), reason }
            }
            Preparation::Failed(error) => self.told(error),
        })?;
        Ok(connection)
    }

    fn prepare(&self, connection: &Connection) -> Result<(), Preparation> {
        let number =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        if application == APPLICATION && version == VERSION {
            if connection.is_readonly(MAIN_DB)? {
                let reason =
                    "it can't be written: check the permissions of the file and its folder";
                return Err(Preparation::Refused(reason.to_owned()));
            }
            return Ok(());
        }
        if application == APPLICATION {
            let age = if version > VERSION { "a newer" } else { "an older" };
            return Err(Preparation::Refused(format!(
                "it was written by {age} version of the sandbox (layout {version}, this one has {VERSION}); \
                 name another file"
            )));
        }
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application != 0 || version != 0 || tables != 0 {
            let reason = "it is a database of some other program; name another file".to_owned();
            return Err(Preparation::Refused(reason));
        }
        if matches!(self, Self::Private(_)) {
            // What is lost with the process need not survive it.
            connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // Another sandbox may have made the tables while this one waited for the lock.
        if number("application_id")? == 0 {
            connection.execute_batch(&format!(
                "{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
            ))?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Makes ready for a long change, which must not be written twice as it would be with a write-ahead log.
    pub(super) fn before_loading(&self, connection: &Connection) -> Result<(), SandboxError> {
        if !matches!(self, Self::Named(_)) {
            return Ok(());
        }
        let alone = connection.execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;");
        alone.map_err(|error| self.told(error))
    }

    /// Takes a private file's path away, where that can be done while it is open, once all connections are.
    pub(super) fn hidden(self) -> Result<(Self, Vec<Connection>), SandboxError> {
        match self {
            Self::Private(path) if cfg!(unix) => {
                let place = Self::Private(path);
                let others = place.others()?;
                if let Self::Private(path) = place {
                    path.close().map_err(|source| SandboxError::TemporaryFile { source })?;
                }
                Ok((Self::Hidden, others))
            }
            other => Ok((other, Vec::new())),
        }
    }

    fn others(&self) -> Result<Vec<Connection>, SandboxError> {
        (1..CONNECTIONS).map(|_| self.connect()).collect()
    }

    /// All connections, the first one included, ready for small changes while others read.
    pub(super) fn connections(
        &self,
        first: Connection,
        others: Vec<Connection>,
    ) -> Result<Vec<Connection>, SandboxError> {
        let mode = match self {
            Self::Named(_) => "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
            Self::Private(_) | Self::Hidden => {
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
            }
        };
        let others = if others.is_empty() { self.others()? } else { others };
        let connections: Vec<_> = [first].into_iter().chain(others).collect();
        for connection in &connections {
            connection.execute_batch(mode).map_err(|error| self.told(error))?;
        }
        Ok(connections)
    }

    fn connect(&self) -> Result<Connection, SandboxError> {
        // Without the flag for addresses: a file may be called `file:x?mode=ro`.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(self.path(), flags).map_err(|error| self.told(error))?;
        let set_up = || {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.set_prepared_statement_cache_capacity(32);
            // In KiB: the memory of all connections together stays at a few MiB. A tenant's rows come and go all at once;
            // checking for each job that goes who refers to it would read the employees of all tenants.
            connection.execute_batch(
                "PRAGMA cache_size = -2048; PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF;",
            )
        };
        set_up().map_err(|error| self.told(error))?;
        Ok(connection)
    }

    /// What went wrong, with the file's name where the user gave one.
    pub(super) fn told(&self, error: rusqlite::Error) -> SandboxError {
        let Self::Named(path) = self else { return SandboxError::Database(error) };
        let path = path.clone();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                let reason = "it is no SQLite database; name another file".to_owned();
                SandboxError::WrongDatabase { path, reason }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                SandboxError::DatabaseInUse { path }
            }
            Some(ErrorCode::ReadOnly) => {
                let reason =
                    "it can't be written: check the permissions of the file and its folder";
                SandboxError::WrongDatabase { path, reason: reason.to_owned() }
            }
            Some(ErrorCode::DiskFull) => {
                let reason = "the disk is full".to_owned();
                SandboxError::WrongDatabase { path, reason }
            }
            Some(ErrorCode::CannotOpen) => {
                let reason = cannot_open(&path);
                SandboxError::WrongDatabase { path, reason }
            }
            _ => SandboxError::DatabaseFile { path, source: error },
        }
    }
}

/// Why a file can't be opened, in more words than SQLite has.
fn cannot_open(path: &Path) -> String {
    if path.is_dir() {
        return "it is a folder; name a file".to_owned();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return "there is no such folder".to_owned();
    }
    match std::fs::OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => error.to_string(),
        _ => "it can't be opened: check the permissions of the folder".to_owned(),
    }
}

enum Preparation {
    Refused(String),
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Preparation {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}
