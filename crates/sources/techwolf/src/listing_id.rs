//! Which listing remembered cursors belong to.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::config::FilterOptions;

/// Which listing it is: whatever decides which jobs are in it, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingId(pub(crate) String);

impl ListingId {
    /// `url` as it was written. How many jobs a page holds and what they carry makes no difference.
    pub(crate) fn new(url: &str, tenant: Option<&str>, filters: &[FilterOptions]) -> Self {
        // Texts can always be written.
        let text = serde_json::to_vec(&(url, tenant, filters)).unwrap_or_default();
        Self(Sha256::digest(text).iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        }))
    }
}
