//! Chooses the streams that read a listing.

use std::path::PathBuf;
use std::sync::Arc;

use taskferry_sdk::{Cursor, ErrorKind, Position, RunContext, Shard, ShardRange, StageError};
use tokio::task::spawn_blocking;

use crate::cursor_index::{CursorIndex, ListingId};
use crate::cursor_log::{self, CursorLog, LoggedStream, warn_not_saved};
use crate::partition::Partition;
use crate::progress::{CheckedStream, Progress};
use crate::reader::Reader;
use crate::repaginator::Repaginator;
use crate::segment_reader::{Range, SegmentReader};
use crate::serial::Serial;
use crate::shard_bounds::{self, ShardStart};
use crate::shard_file::{ShardFile, ShardStream};
use crate::stream::{EmptyShard, PageStream};

/// The order in which a listing is read, and the number of cursors.
#[derive(Debug)]
pub(crate) struct ReadStrategy {
    pub(crate) concurrency: usize,
    /// The job families, if each is read separately.
    pub(crate) partition: Option<Vec<String>>,
    pub(crate) page_size: usize,
    /// The listing that saved cursors must belong to.
    pub(crate) listing: ListingId,
}

impl ReadStrategy {
    /// Opens the pages of a run, from the start or from a position:
    ///
    /// 1. a stream requests pages: [`Serial`], [`Repaginator`], [`Partition`], or [`EmptyShard`];
    /// 2. if the run reads a shard between two cursors, a [`ShardStream`] saves the end of the shard;
    /// 3. a [`CheckedStream`] checks the progress of the listing;
    /// 4. if the run reads the whole listing, a [`LoggedStream`] saves cursors for the next run.
    pub(crate) async fn open(
        &self,
        reader: Reader,
        run: &RunContext,
        from: Option<&Position>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let progress = Progress::up_to(from);
        let (stream, progress): (Box<dyn PageStream>, _) = match (&self.partition, run.shard) {
            (Some(values), shard) => {
                let values = match shard {
                    None => values.clone(),
                    Some(shard) => {
                        let (index, count) = (shard.index() as usize, shard.count() as usize);
                        values.iter().skip(index - 1).step_by(count).cloned().collect()
                    }
                };
                if values.is_empty() {
                    (Box::new(EmptyShard::new(ShardRange::default(), from.is_some())), progress)
                } else {
                    let parts = Partition::new(reader, values, self.concurrency, from)?;
                    let progress = progress.in_parts(parts.cursors());
                    let parts = if shard.is_some() { parts.into_shard() } else { parts };
                    (Box::new(parts), progress)
                }
            }
            (None, Some(shard)) => (self.shard(reader, run, shard, from).await?, progress),
            (None, None) => (self.whole(reader, run, from).await, progress),
        };
        let checked = Box::new(CheckedStream::new(stream, progress, from));
        if self.partition.is_some() || run.shard.is_some() {
            return Ok(checked);
        }
        Ok(match self.log(run, from).await {
            Some(log) => Box::new(LoggedStream::new(checked, log)),
            None => checked,
        })
    }

    async fn whole(
        &self,
        reader: Reader,
        run: &RunContext,
        from: Option<&Position>,
    ) -> Box<dyn PageStream> {
        let is_complete = from.is_some_and(|from| from.cursor.is_none());
        if self.concurrency == 1 || is_complete {
            return Box::new(Serial::new(reader, from));
        }
        let index = self.index(run.state_dir.clone()).await;
        if let Some(index) = index.filter(|index| index.len() > 0) {
            let start = from.and_then(|from| from.cursor.clone());
            return Box::new(self.segmented(reader, index, Range { start, end: None }));
        }
        if from.is_none() {
            tracing::info!(
                "no cursors are saved yet: this run reads with one cursor, and the next run can read with {} cursors",
                self.concurrency
            );
        }
        Box::new(Serial::new(reader, from))
    }

    fn segmented(&self, reader: Reader, index: CursorIndex, range: Range) -> Repaginator {
        let (start, index) = (range.start.clone(), Arc::new(index));
        let segments = SegmentReader::new(reader, index, range, self.concurrency, self.page_size);
        Repaginator::new(segments, self.page_size, start)
    }

    /// The shard of the listing between two saved cursors.
    async fn shard(
        &self,
        reader: Reader,
        run: &RunContext,
        shard: Shard,
        from: Option<&Position>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let index = self.index(run.whole_dir.clone()).await.ok_or_else(no_saved_cursors)?;
        let (folder, run_id) = (run.state_dir.as_deref(), run.run_id.as_str());
        let (start, end) = shard_bounds::bounds(index.len(), shard);
        if let Some(from) = from {
            let file = ShardFile::resume(folder, run_id, &index).await?;
            let Some(start) = from.cursor.clone() else {
                return Ok(Box::new(EmptyShard::new(file.shard_range(), true)));
            };
            let stream = self.segmented(reader, index, Range { start: Some(start), end });
            return Ok(Box::new(ShardStream::new(stream, file)));
        }
        let start = match start {
            ShardStart::Listing => None,
            ShardStart::Empty => return Self::empty_shard(run, &index, None).await,
            ShardStart::After(wanted) => {
                match shard_bounds::find(&reader, &index, wanted, self.page_size).await? {
                    None => return Self::empty_shard(run, &index, None).await,
                    // All entries of this shard were deleted.
                    Some(found) if end.is_some_and(|end| found >= end) => {
                        return Self::empty_shard(run, &index, index.cursor(found)).await;
                    }
                    Some(found) => index.cursor(found),
                }
            }
        };
        let file = ShardFile::create(folder, run_id, &index, start.as_ref()).await?;
        let stream = self.segmented(reader, index, Range { start, end });
        Ok(Box::new(ShardStream::new(stream, file)))
    }

    /// A shard without entries, which starts and ends at the same cursor.
    async fn empty_shard(
        run: &RunContext,
        index: &CursorIndex,
        at: Option<Cursor>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let folder = run.state_dir.as_deref();
        let mut file = ShardFile::create(folder, &run.run_id, index, at.as_ref()).await?;
        file.save_end(at.as_ref()).await?;
        Ok(Box::new(EmptyShard::new(file.shard_range(), false)))
    }

    /// The cursors that an earlier run saved in `folder`.
    async fn index(&self, folder: Option<PathBuf>) -> Option<CursorIndex> {
        let (folder, listing) = (folder?, self.listing.clone());
        spawn_blocking(move || cursor_log::read_index(&folder, &listing)).await.ok().flatten()
    }

    async fn log(&self, run: &RunContext, from: Option<&Position>) -> Option<CursorLog> {
        let (folder, listing) = (run.state_dir.clone()?, self.listing.clone());
        let (run_id, page_size) = (run.run_id.clone(), self.page_size);
        let pages = from.map_or(0, |from| from.pages);
        let create = move || CursorLog::create(&folder, &listing, &run_id, pages, page_size);
        let log = spawn_blocking(create).await.ok()?;
        log.map_err(|error| warn_not_saved(&error)).ok()
    }
}

fn no_saved_cursors() -> StageError {
    let message = "there are no saved cursors to divide the listing into shards";
    StageError::new(ErrorKind::Config, message).hint(
        "run the pipeline once without `--shard`, with the same [state] and the same `url`, tenant and `filters`; \
         or set `partition` in [source], which needs no saved cursors",
    )
}
