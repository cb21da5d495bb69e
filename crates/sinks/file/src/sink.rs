//! The work: batches in, one published file out.

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use taskferry_format::{DrySink, FormatOptions, RecordWriter, Spool, WriteError};
use taskferry_sdk::{
    Batch, DeliveredFile, Delivery, ErrorKind, PathTemplate, Refusals, Resumption, RunContext,
    Sink, SinkState, StageError,
};

use crate::Compression;
use crate::compress::Compressor;
use crate::mark::{FileMark, Found, Progress};
use crate::measure::{Measure, Measured};
use crate::part::{PartFile, Places, SealedPart, Stays, cannot, part_of};

/// Writes one file in a run.
///
/// Its methods wait for the disk without leaving the thread: the engine runs every sink on a thread of its
/// own.
pub(crate) struct FileSink {
    template: PathTemplate,
    options: FormatOptions,
    compression: Compression,
    /// What an earlier attempt has left, once it was found.
    found: Option<Found>,
    output: Option<Output>,
    sealed: Option<Sealed>,
}

/// A file that is being written.
struct Output {
    path: PathBuf,
    places: Places,
    writer: RecordWriter<Compressor<Measured<PartFile>>>,
    /// Lets what is committed stay, if a later attempt can go on with it.
    stays: Option<Stays>,
    /// Records in it at the last commit, and the mark of that.
    committed: Option<(u64, SinkState)>,
}

/// A file that is complete and only lacks its name.
struct Sealed {
    path: PathBuf,
    /// `None` when it has its name already.
    part: Option<SealedPart>,
    /// Where it gets its name, and its rows waited.
    places: Places,
    records: u64,
    measure: Measure,
    warnings: Vec<String>,
}

impl FileSink {
    pub(crate) fn new(
        template: PathTemplate,
        options: FormatOptions,
        compression: Compression,
    ) -> Self {
        Self { template, options, compression, found: None, output: None, sealed: None }
    }
}

#[async_trait]
impl Sink for FileSink {
    fn resumption(&self) -> Resumption {
        Resumption::Exact
    }

    fn shard_conflict(&self) -> Option<String> {
        (!self.template.tells_shards_apart()).then(|| self.template.as_str().to_owned())
    }

    fn initial_state(&self, run: &RunContext) -> SinkState {
        FileMark::initial(&self.template.fill(run))
    }

    async fn can_resume(&mut self, run: &RunContext, mark: &SinkState) -> Result<(), String> {
        self.found = None;
        self.found = Some(FileMark::read(mark)?.find(&self.template.fill(run)).await?);
        Ok(())
    }

    fn discard(&self, _: &RunContext, mark: &SinkState) {
        if let Some(path) = FileMark::path_of(mark) {
            // A folder that is gone holds nothing.
            _ = Places::of(path).map(|places| places.remove_left());
        }
    }

    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        let path = self.template.fill(run);
        let Some(from) = from else {
            let resumable = run.resumable;
            let output = Output::create(path, &self.options, self.compression, resumable)?;
            self.output = Some(output);
            return Ok(());
        };
        let failed = |why: String| cannot_resume(&path, &why);
        let mark = FileMark::read(from).map_err(failed)?;
        let found = match self.found.take() {
            Some(found) => found,
            None => mark.find(&path).await.map_err(failed)?,
        };
        match mark.progress {
            Progress::Open { .. } => {
                self.output = Some(Output::resume(mark, found, &self.options, self.compression)?);
            }
            Progress::Sealed { .. } => self.sealed = Some(Sealed::resume(mark, &found)?),
        }
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let output = self.output.as_mut().ok_or_else(not_open)?;
        output.write(batch, refusals)
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        self.output.as_mut().ok_or_else(not_open)?.commit()
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        if self.sealed.is_none() {
            self.sealed = Some(self.output.take().ok_or_else(not_open)?.seal().await?);
        }
        Ok(self.sealed.as_ref().ok_or_else(not_open)?.mark())
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        if self.sealed.is_none() {
            self.seal().await?;
        }
        self.sealed.ok_or_else(not_open)?.publish().await
    }

    fn would_destroy(&self, run: &RunContext, mark: &SinkState) -> Option<String> {
        let path = self.template.fill(run);
        let same = FileMark::path_of(mark)? == path && part_of(&path, "part").exists();
        same.then(|| path.display().to_string())
    }

    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(DrySink::new(self.options))
    }

    fn delivered(&self) -> Delivery {
        let output = self.output.as_ref();
        let measured = output.and_then(|output| output.writer.get_ref().get_ref());
        let bytes = measured.map_or(0, Measured::bytes);
        Delivery { bytes, ..Delivery::default() }
    }
}

impl Output {
    fn create(
        path: PathBuf,
        options: &FormatOptions,
        compression: Compression,
        resumable: bool,
    ) -> Result<Self, StageError> {
        let stays = Stays::default();
        let places = Places::create(&path)?;
        let part = Measured::new(PartFile::create(places.clone(), stays.clone())?);
        let compressor =
            Compressor::new(compression, part).map_err(|error| cannot("write", &path, error))?;
        let writer = RecordWriter::new(options, &spool_of(&places), compressor);
        let writer = writer.map_err(|error| explained(error, &path))?;
        let stays = resumable.then_some(stays);
        Ok(Self { path, places, writer, stays, committed: None })
    }

    /// Goes on behind what an earlier attempt has committed.
    fn resume(
        mark: FileMark,
        found: Found,
        options: &FormatOptions,
        compression: Compression,
    ) -> Result<Self, StageError> {
        let FileMark { path, bytes, progress: Progress::Open { writer: state, pieces }, .. } = mark
        else {
            return Err(not_open());
        };
        let places = Places::of(&path)?;
        let part = resumed(&path, &places, bytes, &found)?;
        let measured = found.measured.continued_in(part);
        let compressor = Compressor::resume(compression, measured, pieces);
        let writer = RecordWriter::resume(options, &spool_of(&places), &state, compressor);
        let writer = writer.map_err(|error| explained(error, &path))?;
        Ok(Self { path, places, writer, stays: None, committed: None })
    }

    /// A batch ends a compressed piece, so that a file that was gone on with is the same as any other.
    fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let failed = |error| cannot("write", &self.path, error);
        self.writer.write_batch(batch, refusals, failed)?;
        self.writer.flush().map_err(|error| explained(error, &self.path))
    }

    fn commit(&mut self) -> Result<SinkState, StageError> {
        let records = self.writer.records();
        if let Some((_, mark)) = self.committed.as_ref().filter(|(count, _)| *count == records) {
            return Ok(mark.clone());
        }
        let writer = self.writer.sync().map_err(|error| explained(error, &self.path))?;
        let compressor = self.writer.get_ref();
        let pieces = compressor.pieces();
        let measured = compressor.get_ref().ok_or_else(not_open)?;
        measured.get_ref().sync().map_err(|error| cannot("write", &self.path, error))?;
        let Measure { bytes, sha256 } = measured.so_far();
        let progress = Progress::Open { writer, pieces };
        let mark = FileMark { path: self.path.clone(), bytes, sha256, progress }.into_mark();
        self.committed = Some((records, mark.clone()));
        if let Some(stays) = &self.stays {
            stays.stay();
        }
        Ok(mark)
    }

    /// Writes what is left and forces all of it to disk.
    async fn seal(self) -> Result<Sealed, StageError> {
        let Self { path, places, writer, .. } = self;
        let failed = |error| cannot("write", &path, error);
        let (compressor, report) = writer.finish().map_err(|error| error.explained(failed))?;
        let measured = compressor.finish().map_err(failed)?;
        let (part, measure) = measured.finish().map_err(failed)?;
        let (records, mut warnings) = (report.records, report.warnings());
        warnings.extend(part.removed());
        let part = Some(part.sealed(&measure).await?);
        Ok(Sealed { path, part, places, records, measure, warnings })
    }
}

impl Sealed {
    /// Takes the file that was complete: with its name, if the earlier attempt came that far.
    fn resume(mark: FileMark, found: &Found) -> Result<Self, StageError> {
        let FileMark { path, bytes, sha256, progress: Progress::Sealed { records, warnings } } =
            mark
        else {
            return Err(not_open());
        };
        let places = Places::of(&path)?;
        let part = if found.published {
            None
        } else {
            Some(resumed(&path, &places, bytes, found)?.found_sealed()?)
        };
        let measure = Measure { bytes, sha256 };
        Ok(Self { path, part, places, records, measure, warnings })
    }

    fn mark(&self) -> SinkState {
        let Measure { bytes, sha256 } = self.measure.clone();
        let (records, warnings) = (self.records, self.warnings.clone());
        let progress = Progress::Sealed { records, warnings };
        FileMark { path: self.path.clone(), bytes, sha256, progress }.into_mark()
    }

    async fn publish(self) -> Result<Delivery, StageError> {
        let Self { path, part, places, records, measure, mut warnings } = self;
        if let Some(part) = part {
            part.publish(&measure).await?;
        }
        // Rows that waited there are in the file now.
        _ = places.rows.remove();
        if let Err(error) = places.target.folder().sync() {
            let shown = path.display();
            warnings.push(format!(
                "`{shown}` is complete, but might lose its name in a power failure: {error}"
            ));
        }
        let bytes = measure.bytes;
        let file = DeliveredFile { path, bytes, records, sha256: measure.sha256 };
        Ok(Delivery { records, bytes, files: vec![file], warnings, ..Delivery::default() })
    }
}

/// Rows that wait for their header wait on the disk that must have room for the file anyway.
fn spool_of(places: &Places) -> Spool {
    Spool::Named(places.rows.clone())
}

/// The file that was found, to be written on.
fn resumed(
    path: &Path,
    places: &Places,
    bytes: u64,
    found: &Found,
) -> Result<PartFile, StageError> {
    let part = PartFile::resume(places.clone(), bytes)?;
    if part.is(&found.file) { Ok(part) } else { Err(cannot_resume(path, "it was replaced")) }
}

fn cannot_resume(path: &Path, why: &str) -> StageError {
    let message = format!("can't go on with `{}`: {why}", path.display());
    StageError::new(ErrorKind::Io, message).hint("start over with `--fresh`")
}

fn explained(error: WriteError, path: &Path) -> StageError {
    error.explained(|error| cannot("write", path, error))
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the file was not opened")
}

impl fmt::Debug for FileSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileSink")
            .field("path", &self.template)
            .field("options", &self.options)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
