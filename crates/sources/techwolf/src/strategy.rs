//! How a run reads its listing: the one place that chooses among the streams.

use std::path::PathBuf;
use std::sync::Arc;

use taskferry_sdk::{Cursor, ErrorKind, Position, RunContext, Shard, Share, StageError};
use tokio::task::spawn_blocking;

use crate::cursor_index::CursorIndex;
use crate::cursor_log::{self, CursorLog, LoggedStream, cannot_remember};
use crate::listing_id::ListingId;
use crate::no_jobs::NoJobs;
use crate::partition::Partition;
use crate::progress::{CheckedStream, Progress};
use crate::reader::Reader;
use crate::repaginator::Repaginator;
use crate::segment_reader::{Range, SegmentReader};
use crate::segmented::Segmented;
use crate::serial::Serial;
use crate::share::{self, Beginning};
use crate::share_file::{ShareFile, SharedStream};
use crate::stream::PageStream;

/// In which order, and with how many cursors, a listing is read.
#[derive(Debug)]
pub(crate) struct ReadStrategy {
    pub(crate) concurrency: usize,
    /// The job families, if each is read by itself.
    pub(crate) partition: Option<Vec<String>>,
    /// With how many jobs a page is requested.
    pub(crate) page_size: usize,
    /// Which listing remembered cursors must belong to.
    pub(crate) listing: ListingId,
}

impl ReadStrategy {
    /// The pages of a run, from its beginning or where it resumes:
    ///
    /// 1. a stream requests pages: [`Serial`], [`Segmented`], [`Partition`], or [`NoJobs`];
    /// 2. if the run reads a share between two cursors, a [`SharedStream`] keeps where the share ends;
    /// 3. a [`CheckedStream`] checks that the listing makes progress;
    /// 4. if the run reads the whole listing, a [`LoggedStream`] remembers cursors for the next run.
    ///
    /// # Errors
    /// The run can't begin or resume there.
    pub(crate) async fn open(
        &self,
        reader: Reader,
        run: &RunContext,
        from: Option<&Position>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let progress = Progress::behind(from);
        let (stream, progress): (Box<dyn PageStream>, _) = match (&self.partition, run.shard) {
            (Some(values), None) => {
                let parts = Partition::new(reader, values.clone(), self.concurrency, from)?;
                let progress = progress.in_parts(parts.cursors());
                (Box::new(parts), progress)
            }
            (Some(values), Some(shard)) => {
                let (index, count) = (shard.index() as usize, shard.count() as usize);
                let values = values.iter().skip(index - 1).step_by(count);
                let values: Vec<String> = values.cloned().collect();
                if values.is_empty() {
                    (Box::new(NoJobs::new(Share::default(), from.is_some())), progress)
                } else {
                    let parts = Partition::new(reader, values, self.concurrency, from)?;
                    let progress = progress.in_parts(parts.cursors());
                    (Box::new(parts.into_share()), progress)
                }
            }
            (None, Some(shard)) => (self.share(reader, run, shard, from).await?, progress),
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

    /// The whole listing.
    async fn whole(
        &self,
        reader: Reader,
        run: &RunContext,
        from: Option<&Position>,
    ) -> Box<dyn PageStream> {
        let is_over = from.is_some_and(|from| from.cursor.is_none());
        if self.concurrency == 1 || is_over {
            return Box::new(Serial::new(reader, from));
        }
        let index = self.index(run.state_dir.clone()).await;
        if let Some(index) = index.filter(|index| index.len() > 0) {
            let start = from.and_then(|from| from.cursor.clone());
            return Box::new(self.segmented(reader, index, Range { start, end: None }));
        }
        if from.is_none() {
            tracing::info!(
                "no cursors are remembered yet: this run reads with one, and the next one can read with {}",
                self.concurrency
            );
        }
        Box::new(Serial::new(reader, from))
    }

    fn segmented(&self, reader: Reader, index: CursorIndex, range: Range) -> Segmented {
        let pages = Repaginator::new(self.page_size, range.start.clone());
        let (index, width) = (Arc::new(index), self.concurrency);
        Segmented::new(SegmentReader::new(reader, index, range, width, self.page_size), pages)
    }

    /// The share of the listing between two remembered cursors.
    async fn share(
        &self,
        reader: Reader,
        run: &RunContext,
        shard: Shard,
        from: Option<&Position>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let index = self.index(run.whole_dir.clone()).await.ok_or_else(nothing_to_share)?;
        let (folder, id) = (run.state_dir.as_deref(), run.run_id.as_str());
        let (beginning, end) = share::bounds(index.len(), shard);
        if let Some(from) = from {
            let file = ShareFile::resume(folder, id, &index).await?;
            let Some(start) = from.cursor.clone() else {
                return Ok(Box::new(NoJobs::new(file.share(), true)));
            };
            let stream = self.segmented(reader, index, Range { start: Some(start), end });
            return Ok(Box::new(SharedStream::new(stream, file)));
        }
        let found = match beginning {
            Beginning::Listing => None,
            Beginning::Nowhere => return Self::no_share(run, &index, None).await,
            Beginning::Behind(wanted) => {
                match share::find(&reader, &index, wanted, self.page_size).await? {
                    None => return Self::no_share(run, &index, None).await,
                    // Of this share nothing is left: the one before it ends where the one behind it begins.
                    Some(found) if end.is_some_and(|end| found >= end) => {
                        return Self::no_share(run, &index, index.cursor(found)).await;
                    }
                    found => found,
                }
            }
        };
        let start = found.and_then(|found| index.cursor(found));
        let file = ShareFile::begin(folder, id, &index, start.as_ref()).await?;
        let stream = self.segmented(reader, index, Range { start, end });
        Ok(Box::new(SharedStream::new(stream, file)))
    }

    /// A share without a job, which begins and ends at the same cursor.
    async fn no_share(
        run: &RunContext,
        index: &CursorIndex,
        at: Option<Cursor>,
    ) -> Result<Box<dyn PageStream>, StageError> {
        let folder = run.state_dir.as_deref();
        let mut file = ShareFile::begin(folder, &run.run_id, index, at.as_ref()).await?;
        file.end(at.as_ref()).await?;
        Ok(Box::new(NoJobs::new(file.share(), false)))
    }

    /// The cursors that an earlier run has remembered in `folder`.
    async fn index(&self, folder: Option<PathBuf>) -> Option<CursorIndex> {
        let (folder, listing) = (folder?, self.listing.clone());
        spawn_blocking(move || cursor_log::read_index(&folder, &listing)).await.ok().flatten()
    }

    async fn log(&self, run: &RunContext, from: Option<&Position>) -> Option<CursorLog> {
        let (folder, listing) = (run.state_dir.clone()?, self.listing.clone());
        let (id, page_size) = (run.run_id.clone(), self.page_size);
        let pages = from.map_or(0, |from| from.pages);
        let begin = move || CursorLog::begin(&folder, &listing, &id, pages, page_size);
        let log = spawn_blocking(begin).await.ok()?;
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
