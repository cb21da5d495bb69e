//! The cursors that are remembered from an earlier run.

use std::collections::HashMap;
use std::sync::Arc;

use taskferry_sdk::Cursor;

use crate::page::Job;

/// Ids of jobs in the order of the listing. After each of them a segment of the listing begins, which ends with the next.
#[derive(Debug, Default)]
pub(crate) struct CursorIndex {
    ids: Vec<Arc<str>>,
    positions: HashMap<Arc<str>, usize>,
    /// The run that remembered them.
    pub(crate) run: String,
}

impl CursorIndex {
    /// `None` if an id stands there twice, because then there is no order.
    pub(crate) fn new(ids: Vec<Arc<str>>, run: String) -> Option<Self> {
        let positions: HashMap<_, _> =
            ids.iter().enumerate().map(|(position, id)| (Arc::clone(id), position)).collect();
        (positions.len() == ids.len()).then_some(Self { ids, positions, run })
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The remembered cursor at this position.
    pub(crate) fn cursor(&self, position: usize) -> Option<Cursor> {
        self.ids.get(position).map(|id| Cursor::new(Arc::clone(id)))
    }

    /// The position of a job among the remembered cursors.
    pub(crate) fn find(&self, job: &str) -> Option<usize> {
        self.positions.get(job).copied()
    }

    /// The first of the jobs that is remembered behind position `after`, or anywhere without `after`: its position among
    /// the jobs, and that among the remembered cursors.
    pub(crate) fn first_after(&self, jobs: &[Job], after: Option<usize>) -> Option<(usize, usize)> {
        jobs.iter().enumerate().find_map(|(at, job)| {
            let position = self.find(&job.id)?;
            after.is_none_or(|after| position > after).then_some((at, position))
        })
    }
}
