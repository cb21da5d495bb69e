//! Which way a run reads its listing, and what it leaves for the next one.

use std::path::PathBuf;
use std::sync::Arc;

use taskferry_sdk::{Cursor, ErrorKind, Page, Position, RunContext, Shard, Share, StageError};

use crate::ahead::Reader;
use crate::partition::Partition;
use crate::places::Places;
use crate::progress::Progress;
use crate::reading::{Many, Reading, Serial};
use crate::recut::Recut;
use crate::remembered::{self, Log};
use crate::segments::{Route, Segments};
use crate::share::{self, Beginning, ShareFile};
use crate::source::Order;

/// A way to read the listing, with what is written down on it.
#[derive(Debug)]
pub(crate) struct Way {
    reading: Reading,
    /// Where cursors are remembered, in a run that reads the whole listing.
    log: Option<Log>,
    share: Taken,
}

/// What part of the listing the run takes.
#[derive(Debug)]
enum Taken {
    Whole,
    /// What lies between two places.
    Stretch(ShareFile),
    /// These parts.
    Parts(Vec<String>),
}

impl Way {
    pub(crate) async fn next_page(
        &mut self,
        progress: &mut Progress,
    ) -> Result<Option<Page>, StageError> {
        let Some(page) = self.reading.next_page(progress).await? else { return Ok(None) };
        if let Some(log) = &mut self.log
            && let Err(error) = log.note(&page)
        {
            cannot_remember(&error);
            self.log = None;
        }
        if let (Taken::Stretch(file), Reading::Many(many)) = (&mut self.share, &self.reading)
            && page.next.is_none()
        {
            file.end(many.ended_with())?;
        }
        Ok(Some(page))
    }

    /// The cursors that are asked for next, where that is more than one.
    pub(crate) fn cursors(&self) -> Vec<Cursor> {
        match &self.reading {
            Reading::Parts(parts) => parts.cursors().collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn share(&self) -> Option<Share> {
        match &self.share {
            Taken::Whole => None,
            Taken::Stretch(file) => Some(file.share()),
            Taken::Parts(values) => Some(Share { values: values.clone(), ..Share::default() }),
        }
    }
}

fn cannot_remember(error: &std::io::Error) {
    tracing::warn!("this run's cursors can't be remembered for the next one: {error}");
}

/// What the choice depends on.
pub(crate) struct Choosing<'a> {
    pub(crate) order: &'a Order,
    pub(crate) page_size: usize,
    pub(crate) run: &'a RunContext,
}

impl Choosing<'_> {
    /// The way for this run, at its beginning or where it goes on.
    pub(crate) async fn choose(
        &self,
        reader: Reader,
        from: Option<&Position>,
    ) -> Result<Way, StageError> {
        let width = self.order.concurrency;
        match (&self.order.partition, self.run.shard) {
            (Some(values), None) => {
                let parts = Partition::new(reader, values.clone(), width, from)?;
                let reading = Reading::Parts(Box::new(parts));
                Ok(Way { reading, log: None, share: Taken::Whole })
            }
            (Some(values), Some(shard)) => Self::some_parts(reader, values, width, shard, from),
            (None, Some(shard)) => self.stretch(reader, shard, from).await,
            (None, None) => Ok(self.whole(reader, from).await),
        }
    }

    fn some_parts(
        reader: Reader,
        values: &[String],
        width: usize,
        shard: Shard,
        from: Option<&Position>,
    ) -> Result<Way, StageError> {
        let (first, step) = (shard.index() as usize - 1, shard.count() as usize);
        let values: Vec<String> = values.iter().skip(first).step_by(step).cloned().collect();
        let reading = if values.is_empty() {
            Reading::Nothing { done: from.is_some() }
        } else {
            let parts = Partition::new(reader, values.clone(), width, from)?;
            Reading::Parts(Box::new(parts))
        };
        Ok(Way { reading, log: None, share: Taken::Parts(values) })
    }

    async fn whole(&self, reader: Reader, from: Option<&Position>) -> Way {
        let places = self.places(self.run.state_dir.clone()).await;
        let log = self.log(from).await;
        let is_over = from.is_some_and(|from| from.cursor.is_none());
        let reading = match places.filter(|places| places.len() > 0) {
            Some(places) if self.order.concurrency > 1 && !is_over => {
                let start = from.and_then(|from| from.cursor.clone());
                self.many(reader, places, start, None, from)
            }
            None if self.order.concurrency > 1 && from.is_none() => {
                tracing::info!(
                    "no cursors are remembered yet: this run reads with one, and the next one can read with {}",
                    self.order.concurrency
                );
                Reading::Serial(Box::new(Serial::new(reader, from)))
            }
            _ => Reading::Serial(Box::new(Serial::new(reader, from))),
        };
        Way { reading, log, share: Taken::Whole }
    }

    fn many(
        &self,
        reader: Reader,
        places: Places,
        start: Option<Cursor>,
        end: Option<usize>,
        from: Option<&Position>,
    ) -> Reading {
        let recut = Recut::new(self.page_size, start.clone(), from);
        let (width, page_size) = (self.order.concurrency, self.page_size);
        let route = Route { start, end, width, page_size };
        let segments = Segments::new(reader, Arc::new(places), route, recut.number());
        Reading::Many(Box::new(Many::new(segments, recut)))
    }

    /// The stretch of the listing that is the run's share.
    async fn stretch(
        &self,
        reader: Reader,
        shard: Shard,
        from: Option<&Position>,
    ) -> Result<Way, StageError> {
        let places = self.places(self.run.whole_dir.clone()).await;
        let places = places.ok_or_else(nothing_to_share)?;
        let (folder, run) = (self.run.state_dir.as_deref(), self.run.run_id.as_str());
        let (beginning, end) = share::bounds(places.len(), shard);
        if let Some(from) = from {
            let file = ShareFile::resume(folder, run, &places)?;
            let reading = match &from.cursor {
                None => Reading::Nothing { done: true },
                cursor => self.many(reader, places, cursor.clone(), end, Some(from)),
            };
            return Ok(Way { reading, log: None, share: Taken::Stretch(file) });
        }
        let found = match beginning {
            Beginning::First => None,
            Beginning::Nowhere => return self.nothing(&places, None),
            Beginning::Place(wanted) => {
                let found = share::find(&reader, &places, wanted, self.page_size).await?;
                match found {
                    None => return self.nothing(&places, None),
                    // Of this share nothing is left: the one before it ends where the one behind it begins.
                    Some(place) if end.is_some_and(|end| place >= end) => {
                        return self.nothing(&places, Some(place));
                    }
                    found => found,
                }
            }
        };
        let start = found.and_then(|place| places.cursor(place));
        let file = ShareFile::begin(folder, run, &places, start.as_ref())?;
        let reading = self.many(reader, places, start, end, None);
        Ok(Way { reading, log: None, share: Taken::Stretch(file) })
    }

    /// A share without a job, from a place to the same.
    fn nothing(&self, places: &Places, place: Option<usize>) -> Result<Way, StageError> {
        let at = place.and_then(|place| places.cursor(place));
        let (folder, run) = (self.run.state_dir.as_deref(), self.run.run_id.as_str());
        let mut file = ShareFile::begin(folder, run, places, at.as_ref())?;
        file.end(at.as_ref())?;
        let reading = Reading::Nothing { done: false };
        Ok(Way { reading, log: None, share: Taken::Stretch(file) })
    }

    /// Files may be slow to reach, and other requests must not wait for them.
    async fn places(&self, folder: Option<PathBuf>) -> Option<Places> {
        let (folder, listing) = (folder?, self.order.listing.clone());
        let reading = move || remembered::places(&folder, &listing);
        tokio::task::spawn_blocking(reading).await.ok().flatten()
    }

    async fn log(&self, from: Option<&Position>) -> Option<Log> {
        let (folder, listing) = (self.run.state_dir.clone()?, self.order.listing.clone());
        let (run, pages, page_size) =
            (self.run.run_id.clone(), from.map_or(0, |from| from.pages), self.page_size);
        let beginning = move || Log::begin(&folder, &listing, &run, pages, page_size);
        let log = tokio::task::spawn_blocking(beginning).await.ok()?;
        log.map_err(|error| cannot_remember(&error)).ok()
    }
}

fn nothing_to_share() -> StageError {
    let message = "no cursors are remembered by which the listing could be shared";
    StageError::new(ErrorKind::Config, message).hint(
        "run the pipeline once without `--shard`, with the same [state] and the same `url`, tenant and `filters`; \
         or divide it by `partition` in [source], which needs none",
    )
}
