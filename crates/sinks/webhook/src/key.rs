//! Keys of batches and events, which are the same for every attempt.

use std::collections::HashMap;
use std::sync::Arc;

use taskferry_sdk::{Cursor, Origin, PartsHash, RunContext};

/// Computes the keys of one run. The crate documentation lists their parts.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The hash of the run and the receiver.
    batches: PartsHash,
    /// The hash of the run.
    events: PartsHash,
    receiver: String,
}

/// Identifies a record within a run, independently of its page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordId<'a> {
    origin: &'a Origin,
    /// The number of earlier records of the same job in the page. For a record without a job: the number of earlier records
    /// with the same position.
    nth: u64,
}

impl Keys {
    /// `address` is the address of the receiver, a secret.
    pub(crate) fn new(run: &RunContext, address: &str) -> Self {
        let of_run = |what: &str| PartsHash::of([what, &run.run_id, &run.pipeline]);
        let (mut batches, mut receiver) = (of_run("batch"), of_run("receiver"));
        batches.add(address);
        receiver.add(address);
        Self { batches, events: of_run("event"), receiver: receiver.digest() }
    }

    /// The `Idempotency-Key` of a batch.
    pub(crate) fn batch(&self, first: &RecordId<'_>, body: &[u8]) -> String {
        first.key(self.batches.clone(), body)
    }

    /// The `id` of the event of this record.
    pub(crate) fn event(&self, id: &RecordId<'_>, text: &[u8]) -> String {
        id.key(self.events.clone(), text)
    }

    /// Identifies the receiver within the run without its address.
    pub(crate) fn receiver(&self) -> &str {
        &self.receiver
    }
}

impl<'a> RecordId<'a> {
    /// The ids of the records of one page.
    pub(crate) fn all(origins: &'a [Arc<Origin>]) -> Vec<Self> {
        let mut seen: HashMap<(Option<&str>, usize), u64> = HashMap::new();
        let id = |origin: &'a Arc<Origin>| {
            let job = origin.job.as_deref();
            let count =
                seen.entry((job, if job.is_some() { 0 } else { origin.index })).or_default();
            *count += 1;
            Self { origin, nth: *count - 1 }
        };
        origins.iter().map(id).collect()
    }

    pub(crate) fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// Identifies a record of a job by the job's id, not by its page, because a repeated page may have other boundaries.
    fn key(&self, mut hash: PartsHash, content: &[u8]) -> String {
        if let Some(job) = self.origin.job.as_deref() {
            hash.add("job");
            hash.add(job);
        } else {
            let cursor = self.origin.cursor.as_ref().map(Cursor::as_str).unwrap_or_default();
            hash.add("page");
            hash.add(cursor);
            hash.add((self.origin.index as u64).to_be_bytes());
        }
        hash.add(self.nth.to_be_bytes());
        hash.add(content);
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn keys(run_id: &str, pipeline: &str, address: &str) -> Keys {
        let run = RunContext::new(pipeline, "2026-11-23T20:42:43Z".parse().unwrap(), run_id);
        Keys::new(&run, address)
    }

    fn origin(job: Option<&str>, page: u64, cursor: &str, index: usize) -> Arc<Origin> {
        Arc::new(Origin {
            page,
            cursor: Some(Cursor::new(cursor)),
            index,
            job: job.map(Into::into),
        })
    }

    #[test]
    fn keys_never_change() {
        let origins = [origin(Some("j1"), 2, "c1", 7)];
        let id = RecordId::all(&origins)[0];
        let keys = keys("r1", "jobs", "https://hooks.example/a");
        assert_eq!(
            [keys.batch(&id, b"[{}]"), keys.event(&id, b"{}"), keys.receiver().to_owned()],
            [
                "a90212271371975c3f5879d5383a8cd3ec114ef50cac356638d3746d0386662f",
                "66a3c68efa5058c8400749a9c2d5c178635b06927fb16172d33f5d1bbf66bcac",
                "bd40704d5c9522296e6bf5a7d08f62c3be8aedd97116cbcdc5e45d875cafaa31",
            ]
        );
    }

    #[test]
    fn different_input_has_different_keys() {
        let origins = [
            origin(Some("j1"), 1, "c1", 0),
            origin(Some("j1"), 1, "c1", 0),
            origin(Some("j2"), 1, "c1", 1),
            origin(None, 1, "c1", 2),
            origin(None, 1, "c1", 3),
        ];
        let ids = RecordId::all(&origins);
        let mut names: Vec<String> =
            ids.iter().map(|id| keys("r1", "p", "u").batch(id, b"[1]")).collect();
        names.extend([
            keys("r2", "p", "u").batch(&ids[0], b"[1]"),
            keys("r1", "q", "u").batch(&ids[0], b"[1]"),
            keys("r1p", "", "u").batch(&ids[0], b"[1]"),
            keys("r1", "p", "v").batch(&ids[0], b"[1]"),
            keys("r1", "p", "u").batch(&ids[0], b"[2]"),
            keys("r1", "p", "u").event(&ids[0], b"[1]"),
        ]);
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn a_job_keeps_its_key_with_other_page_boundaries() {
        let before = [origin(Some("j0"), 3, "c9", 0), origin(Some("j1"), 3, "c9", 1)];
        let after = [origin(Some("j1"), 7, "j0", 0)];
        let keys = keys("r1", "p", "u");
        assert_eq!(
            keys.event(&RecordId::all(&before)[1], b"{}"),
            keys.event(&RecordId::all(&after)[0], b"{}")
        );
    }
}
