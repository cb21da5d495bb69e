//! Writing records in each format, in bytes written a second.
//!
//! `text` records are as they left the source: NDJSON and JSON pass them on unread, CSV has to parse them
//! first. `value` records are as a transform left them: parsed, and to be made text again.

use std::hint::black_box;
use std::io;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use taskferry_benches::{jobs, rows};
use taskferry_format::{Format, FormatOptions, RecordWriter, Spool, WriteError};
use taskferry_sdk::Record;

fn formats(criterion: &mut Criterion) {
    for (shape, values) in [("jobs", jobs(200)), ("rows", rows(2000))] {
        let from_text = |value: &Value| Record::parse(value.to_string());
        let texts: Vec<Record> = values.iter().flat_map(from_text).collect();
        let values: Vec<Record> = values.into_iter().map(Record::from_value).collect();
        for (name, format, columns) in [
            ("ndjson", Format::Ndjson, None),
            ("json", Format::Json, None),
            ("csv_named", Format::Csv, Some(columns_of(&values))),
            ("csv_union", Format::Csv, None),
        ] {
            let options = FormatOptions { format, columns, ..FormatOptions::default() };
            let mut group = criterion.benchmark_group(format!("write_{shape}"));
            let size = write_all(&options, &values, Vec::new()).map_or(0, |out| out.len() as u64);
            group.throughput(Throughput::Bytes(size));
            for (kind, records) in [("text", &texts), ("value", &values)] {
                // A clone of a text has not been parsed, whatever was done to the others before.
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
    let fields = records.first().and_then(|record| record.value().ok()).and_then(Value::as_object);
    fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
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
