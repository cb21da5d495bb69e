//! Which listing remembered cursors belong to.

use sha2::{Digest, Sha256};
use taskferry_sdk::hex;

use crate::config::{ExportSubject, FilterOptions};

/// Which listing it is: whatever decides which jobs are in it, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingId(pub(crate) String);

impl ListingId {
    /// `url` as it is written. The page size and the fields of the records make no difference.
    pub(crate) fn new(
        url: &str,
        tenant: Option<&str>,
        subject: ExportSubject,
        filters: &[FilterOptions],
    ) -> Self {
        // Serializing strings can't fail. Listings of jobs keep the id that earlier versions gave them.
        let text = match subject {
            ExportSubject::Jobs => serde_json::to_vec(&(url, tenant, filters)),
            ExportSubject::Employees => serde_json::to_vec(&(url, tenant, filters, subject)),
        };
        let text = text.unwrap_or_default();
        Self(hex(Sha256::digest(text)))
    }
}
