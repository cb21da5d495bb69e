//! Types for resuming a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Cursor;

/// The state of a sink at a commit: everything that the sink needs to resume there. Only the sink interprets it.
///
/// The checkpoint and the manifest contain it, so it must hold no secret.
///
/// ```
/// use taskferry_sdk::{SinkState, serde_json::json};
///
/// let state = SinkState::new(json!({"bytes": 512}));
/// assert_eq!(state.get()["bytes"], 512);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SinkState(Value);

impl SinkState {
    /// A state with this value.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value.
    pub fn get(&self) -> &Value {
        &self.0
    }
}

/// The position at which a source resumes: after the last page that every sink has committed.
///
/// ```
/// use taskferry_sdk::{Cursor, Position};
///
/// let position = Position::new(3, Some(Cursor::new("j30")), Vec::new());
/// assert_eq!((position.pages, position.cursor.unwrap().as_str()), (3, "j30"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Committed pages. The next page has the following number.
    pub pages: u64,
    /// The cursor of the next page; `None` if the listing is complete.
    pub cursor: Option<Cursor>,
    /// The [fingerprints](crate::Page::fingerprints) of all committed pages.
    pub fingerprints: Vec<u128>,
}

impl Position {
    /// A position after `pages` pages.
    pub fn new(pages: u64, cursor: Option<Cursor>, fingerprints: Vec<u128>) -> Self {
        Self { pages, cursor, fingerprints }
    }
}

/// How a sink resumes a run that ended early.
///
/// ```
/// use taskferry_sdk::{CountingSink, Resumption, Sink};
///
/// // The default of `Sink::resumption`.
/// assert_eq!(CountingSink::default().resumption(), Resumption::Unsupported);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Resumption {
    /// The sink can't resume. Runs of its pipeline start over.
    #[default]
    Unsupported,
    /// The sink resumes exactly at a [`SinkState`], and undoes later writes.
    Exact,
    /// The sink can't undo a write. The receiver recognizes a repeated batch by a key. The sink gets a batch only after
    /// the checkpoint of the preceding batch is saved, so at most one batch is repeated.
    AtLeastOnce,
}
