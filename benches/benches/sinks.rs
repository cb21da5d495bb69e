//! Complete sinks, in bytes of the records' text per second, that is before compression.
//!
//! The time of `file` includes the format (see `format.rs`), the compression, the SHA-256 and the write calls. It excludes syncing,
//! which would measure the disk. The time of `webhook` ends with the response of the receiver, over a local connection.

use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use serde_json::{Value, json};
use taskferry_benches::{jobs, records, rows};
use taskferry_sdk::{Batch, NoFiles, Refusals, RunContext, Sink, SinkPlugin, testing};
use taskferry_sink_file::FileOptions;
use taskferry_sink_webhook::WebhookOptions;
use tokio::runtime::Runtime;

fn sinks(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for what is written");
    let file = |name: &str, format: &str, compression: &str| {
        let path = folder.path().join(name);
        json!({"path": path, "format": format, "compression": compression})
    };
    let url = format!("http://{}/", receiver());
    let kinds = [
        ("file ndjson", "file", file("plain", "ndjson", "none")),
        ("file ndjson.gz", "file", file("gzip", "ndjson", "gzip")),
        ("file ndjson.zst", "file", file("zstd", "ndjson", "zstd")),
        ("file json", "file", file("json", "json", "none")),
        ("file csv", "file", file("csv", "csv", "none")),
        ("webhook", "webhook", json!({"url": url})),
        ("webhook gzip", "webhook", json!({"url": url, "compression": "gzip"})),
    ];
    let runtime = Runtime::new().expect("a runtime");
    for (shape, values) in [("jobs", jobs(1000)), ("rows", rows(10_000))] {
        let batches = batches(&values);
        let records = batches.iter().flat_map(|batch| &batch.records);
        let bytes = records.map(|record| record.to_json().len() as u64).sum();
        let mut group = criterion.benchmark_group(format!("sink_{shape}"));
        group.throughput(Throughput::Bytes(bytes)).sample_size(10);
        for (name, type_name, options) in &kinds {
            group.bench_function(*name, |bencher| {
                bencher.iter_batched_ref(
                    || open(type_name, options, &runtime),
                    |sink| runtime.block_on(write(&mut **sink, black_box(&batches))),
                    BatchSize::PerIteration,
                );
            });
        }
        group.finish();
    }
}

/// Batches of a hundred unchanged records.
fn batches(values: &[Value]) -> Vec<Batch> {
    let batch = |(page, values): (u64, &[Value])| testing::batch(page, records(values));
    (1..).zip(values.chunks(100)).map(batch).collect()
}

fn open(type_name: &str, options: &Value, runtime: &Runtime) -> Box<dyn Sink> {
    let built = match type_name {
        "file" => testing::build(options, &NoFiles, FileOptions::build),
        _ => testing::build(options, &NoFiles, WebhookOptions::build),
    };
    let mut sink = built.expect("the options are right");
    let run = RunContext::new("bench", Timestamp::UNIX_EPOCH, "bench");
    runtime.block_on(sink.open(&run, None)).expect("it can be opened");
    sink
}

async fn write(sink: &mut dyn Sink, batches: &[Batch]) {
    let mut refusals = Refusals::forbidden();
    for batch in batches {
        sink.write(batch, &mut refusals).await.expect("it takes the batch");
    }
}

/// Starts a receiver that accepts everything and stores nothing. Returns its address.
fn receiver() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that closes the connection has sent everything.
            std::thread::spawn(move || take(stream).ok());
        }
    });
    address
}

fn take(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut body = Vec::new();
    while let Some(length) = read_head(&mut stream)? {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
        stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
    Ok(())
}

/// The length of the following body; `None` after the client has closed the connection.
fn read_head(stream: &mut impl BufRead) -> io::Result<Option<usize>> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line == "\r\n" {
            return Ok(Some(length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
}

criterion_group!(benches, sinks);
criterion_main!(benches);
