//! The sink.

use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, OwnedFd};

use async_trait::async_trait;
use serde_json::json;
use taskferry_files::{BlockingWriter, is_closed_output};
use taskferry_format::{DrySink, FormatOptions, RecordWriter, Spool};
use taskferry_sdk::{
    Batch, Delivery, ErrorKind, Refusals, RunContext, Sink, SinkState, StageError,
};

const BUFFER: usize = 64 * 1024;

/// Writes to standard output, which can't be rewound: committed bytes have reached the reader.
///
/// Writes block, because the engine runs every sink on its own thread.
#[derive(Debug)]
pub(crate) struct StdoutSink {
    options: FormatOptions,
    writer: Option<Writer>,
    /// Set when everything is written.
    delivery: Option<Delivery>,
}

type Writer = RecordWriter<BufWriter<Counted>>;

impl StdoutSink {
    pub(crate) fn new(options: FormatOptions) -> Self {
        Self { options, writer: None, delivery: None }
    }

    /// Starts to write to a stream. Writes wait for a slow reader.
    fn begin(&mut self, stream: OwnedFd) -> Result<(), StageError> {
        let stream = Counted { stream: BlockingWriter::new(stream, None), bytes: 0 };
        let buffer = BufWriter::with_capacity(BUFFER, stream);
        let writer =
            RecordWriter::new(&self.options, &Spool::Unnamed(std::env::temp_dir()), buffer);
        self.writer = Some(writer.map_err(|error| error.explained(cannot_write))?);
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut Writer, StageError> {
        self.writer.as_mut().ok_or_else(not_open)
    }
}

#[async_trait]
impl Sink for StdoutSink {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        let stdout = io::stdout();
        if is_closed_output(&stdout) {
            let message = "standard output is closed";
            return Err(StageError::new(ErrorKind::Io, message).hint(
                "redirect standard output to a file or a pipe, or use the sink `file`; to discard the records, redirect it with `> /dev/null`",
            ));
        }
        self.begin(stdout.as_fd().try_clone_to_owned().map_err(cannot_write)?)
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        self.writer()?.write_batch(batch, refusals, cannot_write)
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        let writer = self.writer()?;
        writer.flush().map_err(|error| error.explained(cannot_write))?;
        let bytes = writer.get_ref().get_ref().bytes;
        Ok(SinkState::new(json!({"records": writer.records(), "bytes": bytes})))
    }

    /// Writes the rest now, so that a closed reader is detected before other sinks publish.
    async fn seal(&mut self) -> Result<SinkState, StageError> {
        let writer = self.writer.take().ok_or_else(not_open)?;
        let (mut buffer, report) =
            writer.finish().map_err(|error| error.explained(cannot_write))?;
        buffer.flush().map_err(cannot_write)?;
        let mut delivery = Delivery::default();
        (delivery.records, delivery.bytes) = (report.records, buffer.get_ref().bytes);
        delivery.warnings = report.warnings();
        self.delivery = Some(delivery);
        Ok(SinkState::default())
    }

    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(DrySink::new(self.options))
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        if self.delivery.is_none() {
            self.seal().await?;
        }
        self.delivery.ok_or_else(not_open)
    }
}

/// Counts the written bytes.
#[derive(Debug)]
struct Counted {
    stream: BlockingWriter<OwnedFd>,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn cannot_write(error: io::Error) -> StageError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        StageError::new(ErrorKind::Io, "standard output was closed by its reader")
            .caused_by(error)
            .hint("make sure that the reader reads to the end, or write to a file with the sink `file`")
    } else {
        StageError::new(ErrorKind::Io, "can't write to standard output").caused_by(error)
    }
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "standard output was not opened")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, Read, pipe};

    use serde_json::Value;
    use taskferry_format::Format;
    use taskferry_sdk::{Record, Refusals};

    fn batch(values: &[Value]) -> Batch {
        taskferry_sdk::testing::batch(1, values.iter().cloned().map(Record::from))
    }

    /// A sink that writes to a pipe.
    fn opened(format: Format) -> (PipeReader, Box<dyn Sink>) {
        let (reader, writer) = pipe().unwrap();
        let mut sink = StdoutSink::new(FormatOptions { format, ..FormatOptions::default() });
        sink.begin(writer.into()).unwrap();
        (reader, Box::new(sink))
    }

    #[tokio::test]
    async fn committed_records_have_reached_the_reader() {
        let (mut reader, mut sink) = opened(Format::Ndjson);
        sink.write(&batch(&[json!({"a": 1}), json!({"a": 2})]), &mut Refusals::forbidden())
            .await
            .unwrap();
        let state = sink.commit().await.unwrap();
        let mut text = [0; 16];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"{\"a\":1}\n{\"a\":2}\n");
        assert_eq!(state.get(), &json!({"records": 2, "bytes": 16}));
    }

    #[tokio::test]
    async fn delivered_records_and_bytes_are_counted() {
        for (format, expected) in [
            (Format::Ndjson, "{\"a\":1}\n{\"b\":2}\n"),
            (Format::Json, "[\n{\"a\":1},\n{\"b\":2}\n]\n"),
            (Format::Csv, "a,b\r\n1,\r\n,2\r\n"),
        ] {
            let (mut reader, mut sink) = opened(format);
            for value in [json!({"a": 1}), json!({"b": 2})] {
                sink.write(&batch(&[value]), &mut Refusals::forbidden()).await.unwrap();
                sink.commit().await.unwrap();
            }
            let delivery = sink.finish().await.unwrap();
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, expected);
            assert_eq!((delivery.records, delivery.bytes), (2, expected.len() as u64));
        }
    }

    #[tokio::test]
    async fn a_closed_reader_is_reported() {
        let (reader, mut sink) = opened(Format::Ndjson);
        drop(reader);
        sink.write(&batch(&[json!({"a": 1})]), &mut Refusals::forbidden()).await.unwrap();
        let error = sink.commit().await.unwrap_err();
        assert_eq!(error.to_string(), "standard output was closed by its reader");
        assert_eq!(error.kind(), ErrorKind::Io);
        let (reader, mut sink) = opened(Format::Csv);
        drop(reader);
        sink.write(&batch(&[json!({"a": 1})]), &mut Refusals::forbidden()).await.unwrap();
        let error = sink.finish().await.unwrap_err();
        assert_eq!(error.to_string(), "standard output was closed by its reader");
    }
}
