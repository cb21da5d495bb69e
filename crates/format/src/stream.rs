//! The sink of a stream.

use std::fmt;
use std::io::{self, BufWriter, Write};

use async_trait::async_trait;
use serde_json::json;
use taskferry_sdk::{
    Batch, Delivery, ErrorKind, Refusals, RunContext, Sink, SinkState, StageError,
};

use crate::{FormatOptions, RecordWriter, Spool};

const BUFFER: usize = 64 * 1024;

/// A sink that writes records to a stream, which can't be rewound: committed bytes have reached the reader. Rows of a table without
/// `columns` are stored in the system's temporary folder.
///
/// Writes block, because the engine runs every sink on its own thread.
pub struct StreamSink {
    options: FormatOptions,
    open: Box<Open>,
    explain: fn(io::Error) -> StageError,
    writer: Option<RecordWriter<BufWriter<Counted>>>,
    /// Set when everything is written.
    delivery: Option<Delivery>,
}

type Open = dyn Fn() -> Result<Option<Stream>, StageError> + Send + Sync;
type Stream = Box<dyn Write + Send>;

/// Counts the written bytes. Without a stream, the bytes are discarded and not counted.
struct Counted {
    stream: Option<Stream>,
    bytes: u64,
}

impl StreamSink {
    /// A sink whose [`open`](Sink::open) opens the stream. `explain` describes a failed write.
    pub fn new<W: Write + Send + 'static>(
        options: FormatOptions,
        open: impl Fn() -> Result<W, StageError> + Send + Sync + 'static,
        explain: fn(io::Error) -> StageError,
    ) -> Self {
        let open = Box::new(move || Ok(Some(Box::new(open()?) as Stream)));
        Self { options, open, explain, writer: None, delivery: None }
    }

    /// The sink of a dry run, which formats records with all refusals and warnings, and discards the output.
    pub fn dry(options: FormatOptions) -> Self {
        let explain = |error| {
            StageError::new(ErrorKind::Io, "can't write to a temporary file").caused_by(error)
        };
        Self { options, open: Box::new(|| Ok(None)), explain, writer: None, delivery: None }
    }

    fn writer(&mut self) -> Result<&mut RecordWriter<BufWriter<Counted>>, StageError> {
        self.writer.as_mut().ok_or_else(not_open)
    }
}

#[async_trait]
impl Sink for StreamSink {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        let stream = Counted { stream: (self.open)()?, bytes: 0 };
        let (spool, out) =
            (Spool::Unnamed(std::env::temp_dir()), BufWriter::with_capacity(BUFFER, stream));
        let writer = RecordWriter::new(&self.options, &spool, out);
        self.writer = Some(writer.map_err(|error| error.explained(self.explain))?);
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let explain = self.explain;
        self.writer()?.write_batch(batch, refusals, explain)
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        let explain = self.explain;
        let writer = self.writer()?;
        writer.flush().map_err(|error| error.explained(explain))?;
        let bytes = writer.get_ref().get_ref().bytes;
        Ok(SinkState::new(json!({"records": writer.records(), "bytes": bytes})))
    }

    /// Writes the rest now, so that a closed reader is detected before other sinks publish.
    async fn seal(&mut self) -> Result<SinkState, StageError> {
        let writer = self.writer.take().ok_or_else(not_open)?;
        let (mut out, report) = writer.finish().map_err(|error| error.explained(self.explain))?;
        out.flush().map_err(self.explain)?;
        let mut delivery = Delivery::default();
        (delivery.records, delivery.bytes) = (report.records, out.get_ref().bytes);
        delivery.warnings = report.warnings();
        self.delivery = Some(delivery);
        Ok(SinkState::default())
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        if self.delivery.is_none() {
            self.seal().await?;
        }
        self.delivery.ok_or_else(not_open)
    }

    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(Self::dry(self.options))
    }
}

impl fmt::Debug for StreamSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StreamSink").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(bytes.len()) };
        let written = stream.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the sink was not opened")
}
