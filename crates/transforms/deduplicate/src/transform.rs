//! The transform.

use std::collections::HashSet;
use std::fmt::Write;

use serde_json::Value;
use taskferry_sdk::json::Node;
use taskferry_sdk::{Counters, ErrorKind, OrderedTransform, Output, PartsHash, Record, StageError};

const DUPLICATES: &str = "duplicates";
const WITHOUT_KEY: &str = "without_key";
/// The hexadecimal digits of a hash.
const DIGITS: usize = 16;

#[derive(Debug)]
pub(crate) struct Deduplicator {
    pub(crate) by: Vec<String>,
    pub(crate) max_keys: usize,
    /// The hash of each key.
    pub(crate) known: HashSet<u64>,
    /// The digits of all hashes, for the checkpoint.
    pub(crate) saved: String,
}

impl OrderedTransform for Deduplicator {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let Some(hash) = self.hash(record.root()?) else {
            out.count(WITHOUT_KEY, 1);
            out.emit(record);
            return Ok(());
        };
        if self.known.contains(&hash) {
            out.count(DUPLICATES, 1);
            out.explain("by", || {
                let fields = self.by.join("`, `");
                format!("drops the record: an earlier record has the same `{fields}`")
            });
            return Ok(());
        }
        if self.known.len() >= self.max_keys {
            let message = format!(
                "the record has a new key, but the limit `max_keys` ({}) is reached",
                self.max_keys
            );
            return Err(StageError::new(ErrorKind::Record, message).hint("raise `max_keys`"));
        }
        self.known.insert(hash);
        // Writing to a string can't fail.
        _ = write!(self.saved, "{hash:016x}");
        out.emit(record);
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        Some(self.saved.clone().into())
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        let defect = || {
            StageError::new(ErrorKind::Defect, "the saved keys can't be read")
                .hint("start over with `--fresh`")
        };
        let saved = state.as_str().filter(|saved| saved.is_ascii()).ok_or_else(defect)?;
        for start in (0..saved.len()).step_by(DIGITS) {
            let digits = saved.get(start..start + DIGITS).ok_or_else(defect)?;
            self.known.insert(u64::from_str_radix(digits, 16).map_err(|_| defect())?);
        }
        saved.clone_into(&mut self.saved);
        Ok(())
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        if records_in == 0 || totals.get(WITHOUT_KEY) < records_in {
            return Vec::new();
        }
        vec![format!("no record has all fields of the key: `{}`", self.by.join("`, `"))]
    }
}

impl Deduplicator {
    /// The hash of a record's key; `None` if a field is missing or null.
    fn hash(&self, record: Node<'_>) -> Option<u64> {
        let mut hash = PartsHash::default();
        for field in &self.by {
            let value = record.get(field).filter(|value| !value.is_null())?;
            match value.as_str() {
                Some(text) => hash.add(format!("text {text}")),
                None => hash.add(value.raw()),
            }
        }
        Some(hash.prefix())
    }
}
