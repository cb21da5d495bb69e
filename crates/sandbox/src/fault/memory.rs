//! The effects of faults on later requests.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

/// A map that forgets its oldest entry when it is full.
#[derive(Debug, Default)]
struct Recent<K, V>(IndexMap<K, V>);

impl<K: Hash + Eq, V> Recent<K, V> {
    const CAPACITY: usize = 1_000;

    fn insert(&mut self, key: K, value: V) {
        if self.0.len() == Self::CAPACITY && !self.0.contains_key(&key) {
            self.0.shift_remove_index(0);
        }
        self.0.insert(key, value);
    }
}

/// The export of a tenant. Faults of one export do not affect others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Export {
    pub(super) tenant: String,
    pub(super) path: &'static str,
}

/// The progress of a token in an export.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// The cursor of the last request; `None` for the first page.
    pub(super) last_cursor: Option<String>,
    pub(super) second_page: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    expired_tokens: Recent<String, ()>,
    /// By token and path.
    progress: Recent<(String, &'static str), Progress>,
    /// Cursors that faults made, with the cursors that they stand for (`None`: the first page). A fault makes one for an
    /// inserted page, and one in place of a cursor whose job is deleted.
    aliases: Recent<(Export, String), Option<String>>,
    aliases_made: u64,
    deleted: Recent<(Export, String), ()>,
}

/// Locks the memory, even if another thread panicked with the lock.
pub(super) fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    pub(super) fn expire(&mut self, token: &str) {
        self.expired_tokens.insert(token.to_owned(), ());
    }

    pub(super) fn is_expired(&self, token: &str) -> bool {
        self.expired_tokens.0.contains_key(token)
    }

    pub(super) fn delete(&mut self, export: &Export, id: &str) {
        self.deleted.insert((export.clone(), id.to_owned()), ());
    }

    pub(super) fn is_deleted(&self, export: &Export, id: &str) -> bool {
        self.deleted.0.contains_key(&(export.clone(), id.to_owned()))
    }

    pub(super) fn has_deleted(&self, export: &Export) -> bool {
        self.deleted.0.keys().any(|(of, _)| of == export)
    }

    /// A new cursor that leads to the same page as `cursor`.
    pub(super) fn alias(&mut self, export: &Export, cursor: Option<String>) -> String {
        self.aliases_made += 1;
        let alias = format!("sandbox-cursor-{}", self.aliases_made);
        self.aliases.insert((export.clone(), alias.clone()), cursor);
        alias
    }

    /// The cursor that `cursor` stands for, or `cursor` itself. `None` is the first page.
    pub(super) fn resolve(&self, export: &Export, cursor: String) -> Option<String> {
        match self.aliases.0.get(&(export.clone(), cursor.clone())) {
            Some(replaced) => replaced.clone(),
            None => Some(cursor),
        }
    }

    /// The progress of the token in the export; `None` before its first page.
    pub(super) fn progress(&self, token: &str, path: &'static str) -> Option<Progress> {
        self.progress.0.get(&(token.to_owned(), path)).cloned()
    }

    /// Records a successful request for a page.
    pub(super) fn record(&mut self, token: &str, path: &'static str, cursor: Option<String>) {
        let second_page = cursor.as_ref().map(|cursor| {
            let known = self.progress(token, path).and_then(|progress| progress.second_page);
            known.unwrap_or_else(|| cursor.clone())
        });
        self.progress
            .insert((token.to_owned(), path), Progress { last_cursor: cursor, second_page });
    }
}
