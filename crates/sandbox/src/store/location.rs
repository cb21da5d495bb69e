//! Where the database is, and how it is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use tempfile::NamedTempFile;

use crate::SandboxError;

/// The number of connections. A page is read in a millisecond, so that a few are enough.
const CONNECTIONS: usize = 4;

/// Identifies the databases of the sandbox among all SQLite files: `TFSB`.
const APPLICATION_ID: i32 = 0x5446_5342;
/// The version of [`SCHEMA`]. A change of the schema increases it.
const VERSION: i32 = 2;
const SCHEMA: &str = include_str!("../../data/schema.sql");

const READ_ONLY: &str = "it is read-only: check the permissions of the file and its folder";

/// Where a database is.
#[derive(Debug)]
pub(super) enum Location {
    /// In a file that the user named.
    Named(PathBuf),
    /// In a private file that is deleted but still open, so that nothing remains however the process ends.
    Private,
}

impl Location {
    /// Opens the database in the file that the user named, or in a new private one, and creates its tables if it is empty.
    /// Returns the first connection, and all other connections to a private file, because a private file can't be opened again.
    pub(super) fn open(
        path: Option<&Path>,
    ) -> Result<(Self, Connection, Vec<Connection>), SandboxError> {
        let Some(path) = path else {
            let temporary = |error: io::Error| SandboxError::temporary(&error);
            let file = NamedTempFile::with_prefix("taskferry-sandbox-").map_err(temporary)?;
            let path = file.into_temp_path();
            let first = Self::Private.first(&path)?;
            let others = Self::Private.others(&path)?;
            path.close().map_err(temporary)?;
            return Ok((Self::Private, first, others));
        };
        // For SQLite, these name a private database, which connections do not share.
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            let reason = "it is not a file name; remove `--database` to keep the data only until the sandbox stops";
            return Err(SandboxError::unusable(path, reason));
        }
        let location = Self::Named(path.to_owned());
        let first = location.first(path)?;
        Ok((location, first, Vec::new()))
    }

    fn first(&self, path: &Path) -> Result<Connection, SandboxError> {
        let connection = self.connect(path)?;
        match self.prepare(&connection).map_err(|error| self.error(&error))? {
            None => Ok(connection),
            Some(reason) => Err(SandboxError::unusable(path, &reason)),
        }
    }

    /// Creates the tables of an empty database. Returns the reason if the sandbox can't use the database.
    fn prepare(&self, connection: &Connection) -> rusqlite::Result<Option<String>> {
        let number =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        if application == APPLICATION_ID {
            if version != VERSION {
                let age = if version > VERSION { "a newer" } else { "an older" };
                return Ok(Some(format!(
                    "it was written by {age} version of the sandbox (schema version {version}, expected {VERSION}); name \
                     another file"
                )));
            }
            return Ok(connection.is_readonly(MAIN_DB)?.then(|| READ_ONLY.to_owned()));
        }
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application != 0 || version != 0 || tables != 0 {
            return Ok(Some("it is a database of another program; name another file".to_owned()));
        }
        if matches!(self, Self::Private) {
            // The data of a private file need not survive a crash.
            connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // Another sandbox may have created the tables while this one waited for the lock.
        if number("application_id")? == 0 {
            connection.execute_batch(&format!(
                "{SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
            ))?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(None)
    }

    /// Prepares for loading, without a write-ahead log, which would write all data twice.
    pub(super) fn before_loading(&self, connection: &Connection) -> Result<(), SandboxError> {
        if !matches!(self, Self::Named(_)) {
            return Ok(());
        }
        let exclusive = connection.execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;");
        exclusive.map_err(|error| self.error(&error))
    }

    fn others(&self, path: &Path) -> Result<Vec<Connection>, SandboxError> {
        (1..CONNECTIONS).map(|_| self.connect(path)).collect()
    }

    /// All connections, ready for small changes while others read.
    pub(super) fn connections(
        &self,
        first: Connection,
        others: Vec<Connection>,
    ) -> Result<Vec<Connection>, SandboxError> {
        let (mode, others) = match self {
            Self::Named(path) => {
                ("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;", self.others(path)?)
            }
            Self::Private => ("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;", others),
        };
        let connections: Vec<_> = [first].into_iter().chain(others).collect();
        for connection in &connections {
            connection.execute_batch(mode).map_err(|error| self.error(&error))?;
        }
        Ok(connections)
    }

    fn connect(&self, path: &Path) -> Result<Connection, SandboxError> {
        // Without the flag for URIs: the name of a file may be `file:x?mode=ro`.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.set_prepared_statement_cache_capacity(32);
            // The cache size is in KiB and keeps the memory of all connections at a few MiB. Foreign keys are not checked,
            // because that would read the employees of all tenants for each deleted job.
            connection.execute_batch(
                "PRAGMA cache_size = -2048; PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF;",
            )?;
            Ok(connection)
        };
        connect().map_err(|error| self.error(&error))
    }

    /// The error, with the name of the file if the user named it.
    pub(super) fn error(&self, error: &rusqlite::Error) -> SandboxError {
        let Self::Named(path) = self else { return SandboxError::temporary(error) };
        let reason = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                let message =
                    "is in use by another process: stop that process, or name another file";
                return SandboxError::database(path, message);
            }
            Some(ErrorCode::NotADatabase) => {
                "it is not a SQLite database; name another file".into()
            }
            Some(ErrorCode::ReadOnly) => READ_ONLY.into(),
            Some(ErrorCode::DiskFull) => "the disk is full".into(),
            Some(ErrorCode::CannotOpen) => reason_for_failed_open(path),
            _ => error.to_string(),
        };
        SandboxError::unusable(path, &reason)
    }
}

/// Why a file can't be opened. SQLite does not say.
fn reason_for_failed_open(path: &Path) -> String {
    if path.is_dir() {
        return "it is a folder; name a file".to_owned();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return "its folder does not exist".to_owned();
    }
    match std::fs::OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => error.to_string(),
        _ => "it can't be opened: check the permissions of the folder".to_owned(),
    }
}
