//! What a run needs to know of the run that it goes on with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Cursor;

/// How far a sink has got: whatever it needs to go on from there. Opaque to everybody else, kept in the
/// checkpoint and shown in the manifest: no secret may stand in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SinkState(Value);

impl SinkState {
    /// A mark that holds this value.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// What it holds.
    pub fn get(&self) -> &Value {
        &self.0
    }
}

/// Where a resumed run goes on reading: behind the last page that every sink had made durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Pages that are done; the next one has the number after it.
    pub pages: u64,
    /// The cursor of the next page; `None` when there is none, because the listing is complete.
    pub cursor: Option<Cursor>,
    /// The [fingerprints](crate::Page::fingerprints) of all pages that are done.
    pub fingerprints: Vec<u128>,
}

impl Position {
    /// Behind so many pages.
    pub fn new(pages: u64, cursor: Option<Cursor>, fingerprints: Vec<u128>) -> Self {
        Self { pages, cursor, fingerprints }
    }
}

/// What a sink can do about a run that ended before its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Resumption {
    /// Nothing: what went out can neither be taken back nor told apart from what comes again. A pipeline with
    /// such a sink starts over.
    #[default]
    Unsupported,
    /// It goes on exactly at a mark, and takes back what it had written behind it.
    Exact,
    /// What was sent stays sent, and is known by a key when it comes again. It is given the next batch only
    /// when the checkpoint has passed the one before, so that one batch is the most that can come again.
    AtLeastOnce,
}
