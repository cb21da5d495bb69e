//! Places of a listing that are remembered from an earlier run.

use std::collections::HashMap;
use std::sync::Arc;

use taskferry_sdk::{Cursor, Record};

/// Ids of jobs in the order of the listing. After each of them a segment of the listing begins, which ends with the next.
#[derive(Debug, Default)]
pub(crate) struct Places {
    ids: Vec<Arc<str>>,
    index: HashMap<Arc<str>, usize>,
    /// The run that they were remembered in.
    pub(crate) run: String,
}

impl Places {
    /// `None` when an id stands there twice, since then the order is none.
    pub(crate) fn new(ids: Vec<Arc<str>>, run: String) -> Option<Self> {
        let index: HashMap<_, _> =
            ids.iter().enumerate().map(|(index, id)| (Arc::clone(id), index)).collect();
        (index.len() == ids.len()).then_some(Self { ids, index, run })
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The cursor that leads to what follows a place.
    pub(crate) fn cursor(&self, place: usize) -> Option<Cursor> {
        self.ids.get(place).map(|id| Cursor::new(Arc::clone(id)))
    }

    /// Which place a job is.
    pub(crate) fn find(&self, job: &str) -> Option<usize> {
        self.index.get(job).copied()
    }

    /// The first record that is a place behind `after`, by its position, and the place. Whatever place, without `after`.
    pub(crate) fn first_after(
        &self,
        records: &[Record],
        after: Option<usize>,
    ) -> Option<(usize, usize)> {
        records.iter().enumerate().find_map(|(at, record)| {
            let place = self.find(record.origin().job.as_deref()?)?;
            after.is_none_or(|after| place > after).then_some((at, place))
        })
    }
}
