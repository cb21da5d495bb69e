//! Sources.

use std::fmt;

use async_trait::async_trait;

use crate::{Check, Page, Position, RunContext, ShardRange, StageError};

/// Reads pages, one after the other.
///
/// ```
/// use taskferry_sdk::{
///     Cursor, ErrorKind, Page, Position, Record, RunContext, Source, SourceRecord, StageError, async_trait,
/// };
///
/// /// Returns numbered records, one on each page.
/// #[derive(Debug)]
/// struct Numbers {
///     /// The number on the next page; `None` after the last page.
///     next: Option<u32>,
/// }
///
/// #[async_trait]
/// impl Source for Numbers {
///     async fn open(&mut self, _: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
///         if let Some(cursor) = from.and_then(|from| from.cursor.as_ref()) {
///             let invalid = |_| StageError::new(ErrorKind::Config, format!("`{cursor}` is not a number"));
///             self.next = Some(cursor.as_str().parse().map_err(invalid)?);
///         }
///         Ok(())
///     }
///
///     async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
///         let Some(number) = self.next else { return Ok(None) };
///         let record = Record::parse(format!(r#"{{"external_id":"{number}"}}"#))?;
///         let page = Page::new(vec![SourceRecord::new(record, number.to_string())]);
///         self.next = (number < 9).then_some(number + 1);
///         Ok(Some(match self.next {
///             Some(next) => page.followed_by(Cursor::new(next.to_string())),
///             None => page,
///         }))
///     }
/// }
/// ```
#[async_trait]
pub trait Source: fmt::Debug + Send {
    /// Opens the source, before the first page. A resumed run continues at `from`. A source that can't continue there
    /// must return an error.
    ///
    /// # Errors
    /// Why the source can't be opened. The run ends.
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError>;

    /// Reads the next page; `None` at the end of the listing.
    ///
    /// When a run is interrupted, the engine drops the future. A later run requests the page again.
    ///
    /// # Errors
    /// Errors that remain after the source's own retries. The run ends.
    async fn next_page(&mut self) -> Result<Option<Page>, StageError>;

    /// The statistics so far.
    fn statistics(&self) -> SourceStatistics {
        SourceStatistics::default()
    }

    /// Warnings for the manifest, such as an option without effect. Called after the last page, or after an error. A resumed
    /// run must also return the warnings of earlier attempts.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the source can read a single shard ([`RunContext::shard`]). By default it can't, and `--shard` is an
    /// error.
    fn can_shard(&self) -> bool {
        false
    }

    /// The part of the listing that a complete run has read; `None` for the whole listing.
    fn shard_range(&self) -> Option<ShardRange> {
        None
    }

    /// The checks of the source that `taskferry doctor` makes, in order, instead of a run. `run` has no state folder. By default
    /// none.
    fn checks(self: Box<Self>, _run: &RunContext) -> Vec<Check> {
        Vec::new()
    }
}

/// Statistics of a source.
///
/// ```
/// use taskferry_sdk::SourceStatistics;
///
/// let mut statistics = SourceStatistics::default();
/// statistics.requests += 1;
/// assert_eq!((statistics.requests, statistics.retries), (1, 0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceStatistics {
    /// Requests sent, including token requests and failed ones.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// Whether the source read from a sandbox.
    pub sandbox: bool,
}
