//! What has to be remembered from request to request for faults to be as they would be in earnest.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many tokens, listings, cursors and jobs are remembered of each; the oldest is forgotten first.
const MOST: usize = 1_000;

/// Things by name, of which the oldest are forgotten.
#[derive(Debug)]
struct Recent<K, T>(VecDeque<(K, T)>);

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<K: PartialEq, T> Recent<K, T> {
    fn get(&self, is_meant: impl Fn(&K) -> bool) -> Option<&T> {
        self.0.iter().find(|(known, _)| is_meant(known)).map(|(_, thing)| thing)
    }

    fn set(&mut self, name: K, thing: T) {
        if let Some(known) = self.0.iter_mut().find(|(known, _)| *known == name) {
            known.1 = thing;
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((name, thing));
    }
}

/// An export of one tenant. What faults do to its jobs or employees is nothing to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Export {
    pub(super) tenant: String,
    pub(super) path: &'static str,
}

/// A job, an employee or a cursor of an export.
type Name = (Export, String);

/// What a cursor leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// It is no stand-in.
    Itself,
    /// The first page.
    Start,
    /// What follows this one.
    After(String),
}

/// How far one token's listing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The cursor of the last page that was served; none for the first page.
    pub(super) last_cursor: Option<String>,
    /// The cursor of the second page.
    pub(super) second_page: Option<String>,
}

/// What faults have left behind.
#[derive(Debug, Default)]
pub(super) struct Memory {
    expired_tokens: Recent<String, ()>,
    /// By token and path.
    listings: Recent<(String, &'static str), Listing>,
    /// Cursors that stand for others: an empty page must have one of its own, or the listing would stand still, and a
    /// page that ends with a deleted job must not name it.
    stand_ins: Recent<Name, Option<String>>,
    stand_ins_made: u64,
    deleted: Recent<Name, ()>,
}

/// The memory, whatever became of others that used it.
pub(super) fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    pub(super) fn expire(&mut self, token: &str) {
        self.expired_tokens.set(token.to_owned(), ());
    }

    pub(super) fn is_expired(&self, token: &str) -> bool {
        self.expired_tokens.get(|known| known == token).is_some()
    }

    pub(super) fn delete(&mut self, export: &Export, id: &str) {
        self.deleted.set((export.clone(), id.to_owned()), ());
    }

    pub(super) fn is_deleted(&self, export: &Export, id: &str) -> bool {
        self.deleted.get(|(known, deleted)| deleted == id && known == export).is_some()
    }

    pub(super) fn any_deleted(&self, export: &Export) -> bool {
        self.deleted.get(|(known, _)| known == export).is_some()
    }

    /// A new cursor that leads to the same page as `cursor`.
    pub(super) fn stand_in_for(&mut self, export: &Export, cursor: Option<String>) -> String {
        self.stand_ins_made += 1;
        let name = format!("sandbox-cursor-{}", self.stand_ins_made);
        self.stand_ins.set((export.clone(), name.clone()), cursor);
        name
    }

    /// What a cursor leads to.
    pub(super) fn meant_by(&self, export: &Export, cursor: &str) -> Meant {
        match self.stand_ins.get(|(known, name)| name == cursor && known == export) {
            None => Meant::Itself,
            Some(None) => Meant::Start,
            Some(Some(id)) => Meant::After(id.clone()),
        }
    }

    /// What is known about a listing that has begun.
    pub(super) fn listing(&self, token: &str, path: &'static str) -> Option<Listing> {
        self.listings.get(|(known, at)| known == token && *at == path).cloned()
    }

    /// Takes note of a request that brought a page.
    pub(super) fn note(&mut self, token: &str, path: &'static str, cursor: Option<String>) {
        let second_page = cursor.as_ref().map(|cursor| {
            let known = self.listing(token, path).and_then(|listing| listing.second_page);
            known.unwrap_or_else(|| cursor.clone())
        });
        self.listings.set((token.to_owned(), path), Listing { last_cursor: cursor, second_page });
    }
}
