//! The sink of a stream.

use std::io::{self, PipeReader, Read, pipe};

use serde_json::{Value, json};
use taskferry_format::{Format, FormatOptions, StreamSink};
use taskferry_sdk::testing::batch;
use taskferry_sdk::{ErrorKind, Record, Refusals, RunContext, Sink, StageError};

fn options(format: Format) -> FormatOptions {
    FormatOptions { format, ..FormatOptions::default() }
}

fn cannot_write(error: io::Error) -> StageError {
    StageError::new(ErrorKind::Io, "can't write to the pipe").caused_by(error)
}

async fn opened(mut sink: StreamSink) -> Box<dyn Sink> {
    let run = RunContext::new("p", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
    sink.open(&run, None).await.unwrap();
    Box::new(sink)
}

/// A sink that writes to a pipe.
async fn to_pipe(format: Format) -> (PipeReader, Box<dyn Sink>) {
    let (reader, writer) = pipe().unwrap();
    let open = move || writer.try_clone().map_err(cannot_write);
    (reader, opened(StreamSink::new(options(format), open, cannot_write)).await)
}

async fn write(sink: &mut dyn Sink, records: &[Value]) {
    let batch = batch(1, records.iter().cloned().map(Record::from));
    sink.write(&batch, &mut Refusals::forbidden()).await.unwrap();
}

#[tokio::test]
async fn committed_records_have_reached_the_reader() {
    let (mut reader, mut sink) = to_pipe(Format::Ndjson).await;
    write(&mut *sink, &[json!({"a": 1}), json!({"a": 2})]).await;
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
        let (mut reader, sink) = to_pipe(format).await;
        let dry = opened(StreamSink::dry(options(format))).await;
        for (mut sink, bytes) in [(sink, expected.len() as u64), (dry, 0)] {
            for value in [json!({"a": 1}), json!({"b": 2})] {
                write(&mut *sink, &[value]).await;
                sink.commit().await.unwrap();
            }
            let delivery = sink.finish().await.unwrap();
            assert_eq!((delivery.records, delivery.bytes), (2, bytes), "{format}");
        }
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn a_closed_reader_is_reported() {
    let (reader, mut sink) = to_pipe(Format::Ndjson).await;
    drop(reader);
    write(&mut *sink, &[json!({"a": 1})]).await;
    let error = sink.commit().await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("can't write to the pipe", ErrorKind::Io)
    );
    let (reader, mut sink) = to_pipe(Format::Csv).await;
    drop(reader);
    write(&mut *sink, &[json!({"a": 1})]).await;
    let error = sink.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "can't write to the pipe");
}
