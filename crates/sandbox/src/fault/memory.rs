//! What has to be remembered from request to request for faults to be as they would be in earnest.

use std::collections::VecDeque;

use axum::body::Bytes;

/// How many tokens, listings, cursors and jobs are remembered of each; the oldest is forgotten first.
const MOST: usize = 1_000;

/// Things by name, of which the oldest are forgotten.
#[derive(Debug)]
struct Recent<T>(VecDeque<(String, T)>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Recent<T> {
    fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, thing)| thing)
    }

    fn set(&mut self, name: &str, thing: T) {
        if let Some(known) = self.0.iter_mut().find(|(known, _)| known == name) {
            known.1 = thing;
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((name.to_owned(), thing));
    }
}

/// What a cursor leads to.
#[derive(Debug)]
pub(super) enum Meant {
    /// It is no stand-in.
    Itself,
    /// The first page.
    Start,
    /// What follows this job.
    After(String),
}

/// How far one token's listing is.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    /// The body of the last request that brought a page.
    pub(super) last_request: Option<Bytes>,
    /// The cursor of the second page.
    pub(super) first_cursor: Option<String>,
}

/// What faults have left behind.
#[derive(Debug, Default)]
pub(super) struct Memory {
    expired_tokens: Recent<()>,
    listings: Recent<Listing>,
    /// Cursors that stand for others: an empty page must have one of its own, or the listing would stand still.
    stand_ins: Recent<Option<String>>,
    stand_ins_made: u64,
    deleted_jobs: Recent<()>,
}

impl Memory {
    pub(super) fn expire(&mut self, token: &str) {
        self.expired_tokens.set(token, ());
    }

    pub(super) fn is_expired(&self, token: &str) -> bool {
        self.expired_tokens.get(token).is_some()
    }

    pub(super) fn delete(&mut self, job: &str) {
        self.deleted_jobs.set(job, ());
    }

    pub(super) fn is_deleted(&self, job: &str) -> bool {
        self.deleted_jobs.get(job).is_some()
    }

    pub(super) fn any_deleted(&self) -> bool {
        !self.deleted_jobs.0.is_empty()
    }

    /// A new cursor that leads to the same page as `cursor`.
    pub(super) fn stand_in_for(&mut self, cursor: Option<String>) -> String {
        self.stand_ins_made += 1;
        let name = format!("empty-page-{}", self.stand_ins_made);
        self.stand_ins.set(&name, cursor);
        name
    }

    /// What a cursor leads to.
    pub(super) fn meant_by(&self, cursor: &str) -> Meant {
        match self.stand_ins.get(cursor) {
            None => Meant::Itself,
            Some(None) => Meant::Start,
            Some(Some(job)) => Meant::After(job.clone()),
        }
    }

    pub(super) fn listing(&self, token: &str) -> Listing {
        self.listings.get(token).cloned().unwrap_or_default()
    }

    /// Takes note of a request that brought a page.
    pub(super) fn note(&mut self, token: &str, request: Bytes, cursor: Option<&str>) {
        let mut listing = self.listing(token);
        match cursor {
            None => listing.first_cursor = None,
            Some(cursor) => {
                listing.first_cursor.get_or_insert_with(|| cursor.to_owned());
            }
        }
        listing.last_request = Some(request);
        self.listings.set(token, listing);
    }
}
