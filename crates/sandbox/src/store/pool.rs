//! A few connections to one database, so that pages are read side by side.

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tempfile::TempPath;

/// How many can read at the same time. Pages are read in a millisecond; a few are plenty.
pub(super) const CONNECTIONS: usize = 4;

pub(super) struct Pool {
    /// Those that nobody uses now.
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    /// Held while something is changed: SQLite has one writer at a time, and waits for it by polling.
    writer: Mutex<()>,
    /// Goes after the connections, where an open file can't be unlinked.
    _private_file: Option<TempPath>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A connection on loan.
struct Loan<'a> {
    pool: &'a Pool,
    /// There until it is given back.
    connection: Option<Connection>,
}

impl Pool {
    pub(super) fn new(connections: Vec<Connection>, private_file: Option<TempPath>) -> Self {
        Self {
            idle: Mutex::new(connections),
            returned: Condvar::new(),
            writer: Mutex::new(()),
            _private_file: private_file,
        }
    }

    /// Does `work` on one state of the database, whatever others change meanwhile.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.borrow(|connection| {
            let transaction = connection.transaction()?;
            work(&transaction)
        })
    }

    /// Does `work` and keeps what it changed, unless it fails.
    pub(super) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.borrow(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    fn borrow<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = loop {
            match idle.pop() {
                Some(connection) => break connection,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(idle);
        let mut loan = Loan { pool: self, connection: Some(connection) };
        match &mut loan.connection {
            Some(connection) => work(connection),
            None => unreachable!("a loan has its connection until it is dropped"),
        }
    }
}

impl Drop for Loan<'_> {
    /// Gives the connection back, after a panic too: an open transaction has been rolled back by then.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            self.pool.returned.notify_one();
        }
    }
}
