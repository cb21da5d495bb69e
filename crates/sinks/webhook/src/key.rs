//! The `Idempotency-Key` of a batch.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use taskferry_core::{Cursor, RunContext};

use crate::parcel::ClosedParcel;

/// The key of the batch at `position` (from 0) in a run. What goes in is told on the crate's page.
pub(crate) fn idempotency_key(
    run: &RunContext,
    url: &str,
    parcel: &ClosedParcel,
    position: u64,
) -> String {
    let first = &parcel.first;
    let parts: [&[u8]; 8] = [
        run.run_id.as_bytes(),
        run.pipeline.as_bytes(),
        url.as_bytes(),
        &first.page.to_be_bytes(),
        first.cursor.as_ref().map(Cursor::as_str).unwrap_or_default().as_bytes(),
        &(first.index as u64).to_be_bytes(),
        &position.to_be_bytes(),
        &parcel.body,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps two parts from being taken for two others.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().fold(String::new(), |mut key, byte| {
        // Writing to a string can't fail.
        let _ = write!(key, "{byte:02x}");
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_core::Origin;

    fn key(
        run_id: &str,
        pipeline: &str,
        url: &str,
        page: u64,
        position: u64,
        body: &str,
    ) -> String {
        let run = RunContext::new(pipeline, "2026-11-23T20:42:43Z".parse().unwrap(), run_id);
        let first = Origin { page, ..Origin::default() };
        let parcel = ClosedParcel { body: body.to_owned().into(), records: 1, first };
        idempotency_key(&run, url, &parcel, position)
    }

    #[test]
    fn the_same_batch_of_the_same_run_has_the_same_key_for_ever() {
        let expected = "5c60faa0edf548b8be8821cd032c1f3dc5a394b2e02c6f70bb14677367e8f9cf";
        assert_eq!(key("r1", "jobs", "https://hooks.example/a", 2, 7, "[{}]"), expected);
    }

    #[test]
    fn whatever_differs_makes_another_key() {
        let keys = [
            key("r1", "p", "u", 1, 0, "[1]"),
            key("r2", "p", "u", 1, 0, "[1]"),
            key("r1", "q", "u", 1, 0, "[1]"),
            key("r1p", "", "u", 1, 0, "[1]"),
            key("r1", "p", "v", 1, 0, "[1]"),
            key("r1", "p", "u", 2, 0, "[1]"),
            key("r1", "p", "u", 1, 1, "[1]"),
            key("r1", "p", "u", 1, 0, "[2]"),
        ];
        let distinct: std::collections::HashSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
