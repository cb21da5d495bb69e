//! Dead letters as the input of a replay.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use taskferry_sdk::{Cursor, Origin, Record, StageError};

use crate::StageId;

/// Reads a file of dead letters, page by page.
#[async_trait]
pub trait DeadLetterReader: fmt::Debug + Send {
    /// Opens the file. A resumed run passes the number of pages already read, and the cursor of the next page.
    ///
    /// # Errors
    /// Why the file can't be opened.
    async fn open(&mut self, from: Option<(u64, Option<&Cursor>)>) -> Result<(), StageError>;

    /// Reads the next page; `None` at the end of the file.
    ///
    /// # Errors
    /// Why the file can't be read.
    async fn next_page(&mut self) -> Result<Option<ReplayPage>, StageError>;
}

/// A page of dead letters.
#[derive(Debug)]
pub struct ReplayPage {
    /// The records in the order of the file.
    pub records: Vec<ReplayRecord>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<Cursor>,
    /// Size of the page in the file, in bytes.
    pub bytes: u64,
}

/// A record that a stage refused in an earlier run.
#[derive(Debug)]
pub struct ReplayRecord {
    /// The record as the stage received it.
    pub record: Record,
    /// The origin of the record in that run.
    pub origin: Origin,
    /// The stage that refused the record. The record enters the pipeline again at this stage.
    pub stage: Arc<StageId>,
}
