//! Where records come from.

use std::fmt;
use std::sync::Arc;

use crate::{Cursor, printable};

/// Where a record came from: enough to find it again in the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Number of the page within the run, from 1. Zero for a record that no page brought.
    pub page: u64,
    /// The cursor with which that page was asked for; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// Position of the record within its page, from 0.
    pub index: usize,
    /// The job's `external_id`, where the source could read it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_in_origins_are_escaped() {
        let cursor = Some(Cursor::new("a\u{1b}[31m\nb"));
        let origin = Origin { page: 2, cursor, index: 0, job: Some("j\r1".into()) };
        assert_eq!(origin.to_string(), "page 2 (after `a\\u{1b}[31m\\nb`), record 1, id `j\\r1`");
    }
}
