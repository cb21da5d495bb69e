//! Dead letters that are sent through the pipeline again.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use taskferry_sdk::{Cursor, Origin, Record, StageError};

use crate::StageId;

/// Reads a file of dead letters, page by page.
#[async_trait]
pub trait DeadLetterReader: fmt::Debug + Send {
    /// Opens the file: at its beginning, or behind `pages` pages, where the cursor says.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, from: Option<(u64, Option<&Cursor>)>) -> Result<(), StageError>;

    /// The next page, `None` at the end of the file.
    ///
    /// # Errors
    /// What could not be read.
    async fn next_page(&mut self) -> Result<Option<ReplayPage>, StageError>;
}

/// Dead letters that are sent on together.
#[derive(Debug)]
pub struct ReplayPage {
    /// The records in the order of the file.
    pub records: Vec<ReplayRecord>,
    /// The cursor of the page after this one; `None` when this is the last.
    pub next: Option<Cursor>,
    /// Size of the page in the file.
    pub bytes: u64,
}

/// A record that a stage refused in an earlier run.
#[derive(Debug)]
pub struct ReplayRecord {
    /// The record as the stage got it.
    pub record: Record,
    /// Where it came from then.
    pub origin: Origin,
    /// The stage that refused it: no stage before this one gets the record.
    pub stage: Arc<StageId>,
}
