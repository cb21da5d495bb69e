//! One output file, from its creation to its publication.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use taskferry_format::{FormatOptions, RecordWriter, Spool, WriteError, WriterState};
use taskferry_sdk::{Batch, DeliveredFile, Delivery, Refusals, SinkState, StageError};

use crate::Compression;
use crate::compress::Compressor;
use crate::error::cannot;
use crate::gzip::Pieces;
use crate::measure::{Measure, Measured};
use crate::part::{PartFile, SealedPart};
use crate::paths::Paths;
use crate::state::{CommittedPart, FileState, Progress};

/// An open file. Dropping it removes the file, unless a later run can continue it.
pub(crate) struct Output {
    paths: Paths,
    part: PartFile,
    writer: RecordWriter<Compressor<Measured<Arc<File>>>>,
    /// The number of records at the last commit, and the state that the commit returned.
    committed: Option<(u64, SinkState)>,
}

impl Output {
    pub(crate) fn create(
        path: &Path,
        options: &FormatOptions,
        compression: Compression,
        is_resumable: bool,
    ) -> Result<Self, StageError> {
        let paths = Paths::create(path)?;
        let part = PartFile::create(paths.clone(), is_resumable)?;
        let compressor = Compressor::new(compression, Measured::new(part.file()))
            .map_err(|error| cannot("write", path, error))?;
        let writer = RecordWriter::new(options, &spool_of(&paths), compressor);
        let writer = writer.map_err(|error| explained(error, path))?;
        Ok(Self { paths, part, writer, committed: None })
    }

    /// Continues after the last commit of an earlier run.
    pub(crate) fn resume(
        found: CommittedPart,
        state: &WriterState,
        pieces: Pieces,
        options: &FormatOptions,
        compression: Compression,
    ) -> Result<Self, StageError> {
        let CommittedPart { paths, file, measured, .. } = found;
        let part = PartFile::resume(paths.clone(), &file, measured.bytes())?;
        let measured = measured.continued_in(part.file());
        let compressor = Compressor::resume(compression, measured, pieces);
        let writer = RecordWriter::resume(options, &spool_of(&paths), state, compressor);
        let writer = writer.map_err(|error| explained(error, &paths.path))?;
        Ok(Self { paths, part, writer, committed: None })
    }

    /// Writes a batch and ends a compressed piece, so that a resumed run writes the same bytes as an uninterrupted run.
    pub(crate) fn write(
        &mut self,
        batch: &Batch,
        refusals: &mut Refusals,
    ) -> Result<(), StageError> {
        let path = &self.paths.path;
        self.writer.write_batch(batch, refusals, |error| cannot("write", path, error))?;
        self.writer.flush().map_err(|error| explained(error, path))
    }

    pub(crate) fn commit(&mut self) -> Result<SinkState, StageError> {
        let (records, path) = (self.writer.records(), &self.paths.path);
        if let Some((_, state)) = self.committed.as_ref().filter(|(count, _)| *count == records) {
            return Ok(state.clone());
        }
        let writer = self.writer.sync().map_err(|error| explained(error, path))?;
        self.part.commit().map_err(|error| cannot("write", path, error))?;
        let compressor = self.writer.get_ref();
        let Measure { bytes, sha256 } = compressor.get_ref().so_far();
        let progress = Progress::Open { writer, pieces: compressor.pieces() };
        let state = FileState { path: path.clone(), bytes, sha256, progress }.into_sink_state();
        self.committed = Some((records, state.clone()));
        Ok(state)
    }

    /// The size of the file so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.writer.get_ref().get_ref().bytes()
    }

    /// Completes the file and syncs it to disk.
    pub(crate) async fn seal(self) -> Result<SealedOutput, StageError> {
        let Self { paths, part, writer, .. } = self;
        let failed = |error| cannot("write", &paths.path, error);
        let (compressor, report) = writer.finish().map_err(|error| error.explained(failed))?;
        let measured = compressor.finish().map_err(failed)?;
        let (_, measure) = measured.finish().map_err(failed)?;
        let (records, mut warnings) = (report.records, report.warnings());
        warnings.extend(part.removed());
        let part = Some(part.seal(&measure).await?);
        Ok(SealedOutput { paths, part, measure, records, warnings })
    }
}

/// A complete file that has not been published.
pub(crate) struct SealedOutput {
    paths: Paths,
    /// `None` if the file is already published.
    part: Option<SealedPart>,
    measure: Measure,
    records: u64,
    warnings: Vec<String>,
}

impl SealedOutput {
    /// A file that an earlier run has sealed, and perhaps published.
    pub(crate) fn resume(
        found: CommittedPart,
        records: u64,
        warnings: Vec<String>,
    ) -> Result<Self, StageError> {
        let CommittedPart { paths, file, measured, is_published } = found;
        let measure = measured.so_far();
        let part = if is_published {
            None
        } else {
            Some(PartFile::resume(paths.clone(), &file, measure.bytes)?.into_sealed()?)
        };
        Ok(Self { paths, part, measure, records, warnings })
    }

    pub(crate) fn state(&self) -> SinkState {
        let Measure { bytes, sha256 } = self.measure.clone();
        let progress = Progress::Sealed { records: self.records, warnings: self.warnings.clone() };
        FileState { path: self.paths.path.clone(), bytes, sha256, progress }.into_sink_state()
    }

    pub(crate) async fn publish(self) -> Result<Delivery, StageError> {
        let Self { paths, part, measure, records, mut warnings } = self;
        if let Some(part) = part {
            part.publish(&measure).await?;
        }
        // The stored rows are in the published file, so they are not needed any more.
        _ = paths.rows.remove();
        if let Err(error) = paths.target.folder().sync() {
            let shown = paths.path.display();
            warnings.push(format!(
                "`{shown}` was published, but its folder could not be written to disk: {error}; the file may be missing after a power failure"
            ));
        }
        let Measure { bytes, sha256 } = measure;
        let mut delivery = Delivery::default();
        delivery.files.push(DeliveredFile::new(paths.path, bytes, records, sha256));
        (delivery.records, delivery.bytes, delivery.warnings) = (records, bytes, warnings);
        Ok(delivery)
    }
}

/// Stores rows beside the file, since that disk needs space for the file anyway.
fn spool_of(paths: &Paths) -> Spool {
    Spool::Named(paths.rows.clone())
}

fn explained(error: WriteError, path: &Path) -> StageError {
    error.explained(|error| cannot("write", path, error))
}
