//! What every record goes through between a page and a sink, in bytes of its text a second.
//!
//! `parse` takes a text for a record and does not look inside; `look` parses it into a value. `write as it came` copies the
//! text of a record that somebody looked into; `write changed` makes text of the value of one that was changed.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use taskferry_benches::{hierarchies, jobs, rows};
use taskferry_sdk::Record;

fn records(criterion: &mut Criterion) {
    for (shape, values) in
        [("list", jobs(100)), ("hierarchy", hierarchies(100)), ("rows", rows(1000))]
    {
        let texts: Vec<Bytes> = values.iter().map(|value| Bytes::from(value.to_string())).collect();
        let looked_into: Vec<Record> = parsed(&texts);
        look(&looked_into);
        let mut changed = looked_into.clone();
        change(&mut changed);

        let mut group = criterion.benchmark_group(format!("record_{shape}"));
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function("parse", |bencher| bencher.iter(|| parsed(black_box(&texts))));
        group.bench_function("look", |bencher| {
            bencher.iter_batched_ref(
                || parsed(&texts),
                |records| look(black_box(records)),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("change", |bencher| {
            bencher.iter_batched_ref(
                || parsed(&texts),
                |records| change(black_box(records)),
                BatchSize::LargeInput,
            );
        });
        for (name, records) in [("write as it came", &looked_into), ("write changed", &changed)] {
            let mut line = Vec::new();
            group.bench_function(name, |bencher| {
                bencher.iter(|| write(black_box(records), &mut line));
            });
        }
        group.finish();
    }
}

fn parsed(texts: &[Bytes]) -> Vec<Record> {
    let parse = |text: &Bytes| Record::parse(text.clone());
    texts.iter().map(parse).collect::<Result<_, _>>().expect("a value is written as JSON")
}

fn look(records: &[Record]) {
    for record in records {
        black_box(record.value().is_ok());
    }
}

/// The smallest change there is; from then on the value is what is written.
fn change(records: &mut [Record]) {
    for record in records {
        let value = record.value_mut().expect("the text holds a value");
        value["exported"] = Value::Bool(true);
    }
}

fn write(records: &[Record], line: &mut Vec<u8>) -> usize {
    let mut bytes = 0;
    for record in records {
        line.clear();
        record.write_json(line).expect("a Vec takes everything");
        bytes += line.len();
    }
    bytes
}

criterion_group!(benches, records);
criterion_main!(benches);
