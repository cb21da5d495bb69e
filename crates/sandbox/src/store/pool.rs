//! A few connections to one database, so that pages are read side by side.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::schema::Place;

pub(super) struct Pool {
    connections: Vec<Mutex<Connection>>,
    /// Whose turn it is to be waited for.
    turn: AtomicUsize,
    /// Held while something is changed: SQLite has one writer at a time, and waits for it by polling.
    writer: Mutex<()>,
    /// Goes after the connections, where an open file can't be unlinked.
    _place: Place,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// `connections` is not empty.
    pub(super) fn new(connections: Vec<Connection>, place: Place) -> Self {
        let connections = connections.into_iter().map(Mutex::new).collect();
        Self { connections, turn: AtomicUsize::new(0), writer: Mutex::new(()), _place: place }
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

    /// Does `work` with a connection that nobody uses, or waits for the one whose turn it is. After a panic an open
    /// transaction has been rolled back, so that a poisoned connection is as good as any.
    fn borrow<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let free = self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(free)) => Some(free.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut connection = free.unwrap_or_else(|| {
            // There is at least one (see `new`), and the remainder is the position of one.
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.connections.len();
            self.connections[turn].lock().unwrap_or_else(PoisonError::into_inner)
        });
        work(&mut connection)
    }
}
