//! Writing records in each format, in bytes written per second.
//!
//! `indexed` records come from the source, `built` records from a transform: CSV has to index built records first.

use std::hint::black_box;
use std::io;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use taskferry_benches::{jobs, records, rows};
use taskferry_format::{Format, FormatOptions, RecordWriter, Spool, WriteError};
use taskferry_sdk::Record;
use taskferry_sdk::json::Node;

fn formats(criterion: &mut Criterion) {
    for (shape, values) in [("jobs", jobs(200)), ("rows", rows(2000))] {
        let indexed = records(&values);
        let built: Vec<Record> = values.into_iter().map(Record::from).collect();
        for (name, format, columns) in [
            ("ndjson", Format::Ndjson, None),
            ("json", Format::Json, None),
            ("csv_named", Format::Csv, Some(columns_of(&indexed))),
            ("csv_union", Format::Csv, None),
        ] {
            let options = FormatOptions { format, columns, ..FormatOptions::default() };
            let mut group = criterion.benchmark_group(format!("write_{shape}"));
            let size = write_all(&options, &indexed, Vec::new()).map_or(0, |out| out.len() as u64);
            group.throughput(Throughput::Bytes(size));
            for (kind, records) in [("indexed", &indexed), ("built", &built)] {
                // A clone of a built record is not indexed, even if the record was indexed in the meantime.
                group.bench_function(format!("{name}/{kind}"), |bencher| {
                    bencher.iter_batched_ref(
                        || records.clone(),
                        |records| write_all(&options, black_box(records), io::sink()).is_ok(),
                        BatchSize::LargeInput,
                    );
                });
            }
            group.finish();
        }
    }
}

fn columns_of(records: &[Record]) -> Vec<String> {
    let first = records.first().and_then(|record| record.root().ok());
    first.into_iter().flat_map(Node::members).map(|(key, _)| key.as_str().into_owned()).collect()
}

fn write_all<W: io::Write>(
    options: &FormatOptions,
    records: &[Record],
    out: W,
) -> Result<W, WriteError> {
    let mut writer = RecordWriter::new(options, &Spool::Unnamed(std::env::temp_dir()), out)?;
    for record in records {
        writer.write(record)?;
    }
    let (out, _) = writer.finish()?;
    Ok(out)
}

criterion_group!(benches, formats);
criterion_main!(benches);
