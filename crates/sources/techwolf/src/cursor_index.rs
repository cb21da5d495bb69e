//! The cursors that an earlier run saved, and the listing that they belong to.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use taskferry_sdk::{Cursor, hex};

use crate::config::{ExportSubject, FilterOptions};
use crate::page::Entry;

/// A digest of the options that determine the entries of a listing and their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingId(pub(crate) String);

impl ListingId {
    /// `url` is the option as written. The page size and the requested fields do not affect the digest.
    pub(crate) fn new(
        url: &str,
        tenant: Option<&str>,
        subject: ExportSubject,
        filters: &[FilterOptions],
    ) -> Self {
        // Listings of jobs keep the id that earlier versions gave them.
        let text = match subject {
            ExportSubject::Jobs => serde_json::to_vec(&(url, tenant, filters)),
            ExportSubject::Employees => serde_json::to_vec(&(url, tenant, filters, subject)),
        };
        // Serializing strings can't fail.
        Self(hex(Sha256::digest(text.unwrap_or_default())))
    }
}

/// Ids in the order of the listing. They divide the listing into segments.
#[derive(Debug, Default)]
pub(crate) struct CursorIndex {
    ids: Vec<Arc<str>>,
    positions: HashMap<Arc<str>, usize>,
    /// The run that saved the cursors.
    pub(crate) run_id: String,
}

impl CursorIndex {
    /// Returns `None` if an id is repeated, because the order is ambiguous then.
    pub(crate) fn new(ids: Vec<Arc<str>>, run_id: String) -> Option<Self> {
        let positions: HashMap<_, _> =
            ids.iter().enumerate().map(|(position, id)| (Arc::clone(id), position)).collect();
        (positions.len() == ids.len()).then_some(Self { ids, positions, run_id })
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The cursor at a position of the index.
    pub(crate) fn cursor(&self, position: usize) -> Option<Cursor> {
        self.ids.get(position).map(|id| Cursor::new(Arc::clone(id)))
    }

    /// The position of an id in the index.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// The first entry that is in the index after the position `after`, or anywhere if `after` is `None`. Returns its position
    /// among the entries and in the index.
    pub(crate) fn first_after(
        &self,
        entries: &[Entry],
        after: Option<usize>,
    ) -> Option<(usize, usize)> {
        entries.iter().enumerate().find_map(|(offset, entry)| {
            let position = self.find(&entry.id)?;
            after.is_none_or(|after| position > after).then_some((offset, position))
        })
    }
}
