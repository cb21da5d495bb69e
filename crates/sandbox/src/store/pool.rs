//! Several connections to one database, so that pages are read concurrently.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(super) struct Pool {
    connections: Vec<Mutex<Connection>>,
    /// Counts the waits, to distribute them over the connections.
    waits: AtomicUsize,
    /// Locked by writers. SQLite allows one writer at a time; without this lock, other writers would poll.
    writer: Mutex<()>,
}

impl Pool {
    /// `connections` must not be empty.
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let connections = connections.into_iter().map(Mutex::new).collect();
        let waits = AtomicUsize::new(0);
        Self { connections, waits, writer: Mutex::new(()) }
    }

    /// Runs `work` in a read transaction, so that all its queries read the same state of the database.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.with_connection(|connection| {
            let transaction = connection.transaction()?;
            work(&transaction)
        })
    }

    /// Runs `work` in a write transaction, which is committed unless `work` fails.
    pub(super) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_connection(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    /// Runs `work` with a free connection, or waits for one. A panic rolls its transaction back, so that a poisoned
    /// connection can be used.
    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let free = self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(free)) => Some(free.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut connection = free.unwrap_or_else(|| {
            // In bounds, because there is at least one connection.
            let next = self.waits.fetch_add(1, Ordering::Relaxed) % self.connections.len();
            self.connections[next].lock().unwrap_or_else(PoisonError::into_inner)
        });
        work(&mut connection)
    }
}
