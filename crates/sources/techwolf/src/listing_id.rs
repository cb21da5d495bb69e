//! Which listing remembered cursors belong to.

use sha2::{Digest, Sha256};
use taskferry_sdk::hex;

use crate::config::FilterOptions;

/// Which listing it is: whatever decides which jobs are in it, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingId(pub(crate) String);

impl ListingId {
    /// `url` as it was written. How many jobs a page holds and what they carry makes no difference.
    pub(crate) fn new(url: &str, tenant: Option<&str>, filters: &[FilterOptions]) -> Self {
        // Texts can always be written.
        let text = serde_json::to_vec(&(url, tenant, filters)).unwrap_or_default();
        Self(hex(Sha256::digest(text)))
    }
}
