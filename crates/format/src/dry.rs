//! The sink of a dry run.

use std::fmt;
use std::io;

use async_trait::async_trait;
use taskferry_sdk::{
    Batch, Delivery, ErrorKind, Refusals, RunContext, Sink, SinkState, StageError,
};

use crate::{FormatOptions, RecordWriter, Spool};

/// A sink that formats records, with all refusals and warnings, but has no output. Rows of a table without `columns` are
/// stored in the system's temporary folder.
pub struct DrySink {
    options: FormatOptions,
    writer: Option<RecordWriter<io::Sink>>,
    delivery: Option<Delivery>,
}

impl DrySink {
    /// A sink of this format.
    pub fn new(options: FormatOptions) -> Self {
        Self { options, writer: None, delivery: None }
    }
}

#[async_trait]
impl Sink for DrySink {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        let spool = Spool::Unnamed(std::env::temp_dir());
        let writer = RecordWriter::new(&self.options, &spool, io::sink());
        self.writer = Some(writer.map_err(|error| error.explained(cannot_write))?);
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let writer = self.writer.as_mut().ok_or_else(not_open)?;
        writer.write_batch(batch, refusals, cannot_write)
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        let writer = self.writer.take().ok_or_else(not_open)?;
        let (_, report) = writer.finish().map_err(|error| error.explained(cannot_write))?;
        let mut delivery = Delivery::default();
        (delivery.records, delivery.warnings) = (report.records, report.warnings());
        self.delivery = Some(delivery);
        Ok(SinkState::default())
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        if self.delivery.is_none() {
            self.seal().await?;
        }
        self.delivery.ok_or_else(not_open)
    }
}

impl fmt::Debug for DrySink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DrySink").field("options", &self.options).finish_non_exhaustive()
    }
}

fn cannot_write(error: io::Error) -> StageError {
    StageError::new(ErrorKind::Io, "can't write to a temporary file").caused_by(error)
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the sink was not opened")
}
