//! The work: batches in, one published file out.

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::json;
use taskferry_core::{
    Batch, DeliveredFile, Delivery, ErrorKind, Mark, PathTemplate, Refusals, RunContext, Sink,
    StageError,
};
use taskferry_format::{FormatOptions, RecordWriter, WriteError};

use crate::Compression;
use crate::compress::Compressor;
use crate::measure::{Measure, Measured};
use crate::part::{PartFile, cannot, folder_of, sync_name};

/// Writes one file in a run.
///
/// Its methods wait for the disk without leaving the thread: the engine runs every sink on a thread of its
/// own.
pub(crate) struct FileSink {
    template: PathTemplate,
    options: FormatOptions,
    compression: Compression,
    output: Option<Output>,
    sealed: Option<Sealed>,
}

/// A file that is complete and only lacks its name.
struct Sealed {
    path: PathBuf,
    part: PartFile,
    records: u64,
    measure: Measure,
    warnings: Vec<String>,
}

struct Output {
    path: PathBuf,
    writer: RecordWriter<Compressor<Measured<PartFile>>>,
    committed: u64,
}

impl FileSink {
    pub(crate) fn new(
        template: PathTemplate,
        options: FormatOptions,
        compression: Compression,
    ) -> Self {
        Self { template, options, compression, output: None, sealed: None }
    }
}

#[async_trait]
impl Sink for FileSink {
    async fn open(&mut self, run: &RunContext, _: Option<&Mark>) -> Result<(), StageError> {
        let path = self.template.fill(run);
        self.output = Some(Output::create(path, &self.options, self.compression)?);
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        let output = self.output.as_mut().ok_or_else(not_open)?;
        for record in &batch.records {
            output.writer.write(record).map_err(|error| explained(error, &output.path))?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<Mark, StageError> {
        self.output.as_mut().ok_or_else(not_open)?.commit()
    }

    async fn seal(&mut self) -> Result<Mark, StageError> {
        self.sealed = Some(self.output.take().ok_or_else(not_open)?.seal()?);
        Ok(Mark::default())
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        if self.sealed.is_none() {
            self.seal().await?;
        }
        self.sealed.ok_or_else(not_open)?.publish()
    }
}

impl Output {
    fn create(
        path: PathBuf,
        options: &FormatOptions,
        compression: Compression,
    ) -> Result<Self, StageError> {
        let part = Measured::new(PartFile::create(&path)?);
        let compressor =
            Compressor::new(compression, part).map_err(|error| cannot("write", &path, error))?;
        // Rows that wait for their header wait on the disk that must have room for the file anyway.
        let writer = RecordWriter::new(options, folder_of(&path), compressor);
        let writer = writer.map_err(|error| explained(error, &path))?;
        Ok(Self { path, writer, committed: 0 })
    }

    fn commit(&mut self) -> Result<Mark, StageError> {
        let records = self.writer.records();
        if records > self.committed {
            self.writer.flush().map_err(|error| explained(error, &self.path))?;
            let part = self.writer.get_ref().get_ref().get_ref();
            part.sync().map_err(|error| cannot("write", &self.path, error))?;
            self.committed = records;
        }
        let bytes = self.writer.get_ref().get_ref().bytes();
        Ok(Mark::new(json!({"records": records, "bytes": bytes})))
    }

    /// Writes what is left and forces all of it to disk.
    fn seal(self) -> Result<Sealed, StageError> {
        let Self { path, writer, .. } = self;
        let failed = |error| cannot("write", &path, error);
        let (compressor, report) = writer.finish().map_err(|error| error.explained(failed))?;
        let measured = compressor.finish().map_err(failed)?;
        let (part, measure) = measured.finish().map_err(failed)?;
        part.sync_all().map_err(failed)?;
        Ok(Sealed { path, part, records: report.records, measure, warnings: report.warnings() })
    }
}

impl Sealed {
    fn publish(self) -> Result<Delivery, StageError> {
        let Self { path, part, records, measure, mut warnings } = self;
        part.publish().map_err(|error| cannot("write", &path, error))?;
        if let Err(error) = sync_name(&path) {
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
