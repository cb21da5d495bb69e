//! Origins of records.

use std::fmt;
use std::sync::Arc;

use crate::{Cursor, printable};

/// The origin of a record: enough to find it in the source.
///
/// ```
/// use taskferry_sdk::{Cursor, Origin};
///
/// let origin = Origin { page: 2, cursor: Some(Cursor::new("j10")), index: 0, job: Some("j11".into()) };
/// assert_eq!(origin.to_string(), "page 2 (after `j10`), record 1, id `j11`");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Number of the page in the run, from 1; zero for a record that belongs to no page.
    pub page: u64,
    /// The cursor with which the page was requested; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// Position of the record within its page, from 0.
    pub index: usize,
    /// The job's `external_id`, if the source could read it.
    pub job: Option<Arc<str>>,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "page {}", self.page)?;
        match &self.cursor {
            Some(cursor) => write!(formatter, " (after `{cursor}`)")?,
            None => formatter.write_str(" (the first)")?,
        }
        write!(formatter, ", record {}", self.index + 1)?;
        if let Some(job) = &self.job {
            write!(formatter, ", id `{}`", printable(job))?;
        }
        Ok(())
    }
}
