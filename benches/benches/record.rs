//! The steps of every record between a page and a sink, in bytes of its text per second.
//!
//! `parse` checks and indexes a text, and `index` does the same for a record built by a stage, at the first access. `edit` makes
//! the smallest possible change, and `value` makes a tree.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use taskferry_benches::{hierarchies, jobs, rows};
use taskferry_sdk::Record;

fn records(criterion: &mut Criterion) {
    for (shape, values) in
        [("list", jobs(100)), ("hierarchy", hierarchies(100)), ("rows", rows(1000))]
    {
        let texts: Vec<Bytes> = values.iter().map(|value| Bytes::from(value.to_string())).collect();
        let records = parsed(&texts);
        let mut group = criterion.benchmark_group(format!("record_{shape}"));
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function("parse", |bencher| bencher.iter(|| parsed(black_box(&texts))));
        group.bench_function("index", |bencher| {
            bencher.iter_batched_ref(
                || values.iter().cloned().map(Record::from).collect::<Vec<Record>>(),
                |built| built.iter().filter(|record| record.root().is_ok()).count(),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("edit", |bencher| {
            bencher.iter(|| black_box(&records).iter().map(edited).collect::<Vec<Record>>());
        });
        group.bench_function("value", |bencher| {
            bencher.iter(|| {
                for record in black_box(&records) {
                    drop(black_box(record.value()));
                }
            });
        });
        group.finish();
    }
}

fn parsed(texts: &[Bytes]) -> Vec<Record> {
    let parse = |text: &Bytes| Record::parse(text.clone());
    texts.iter().map(parse).collect::<Result<_, _>>().expect("a value is written as JSON")
}

fn edited(record: &Record) -> Record {
    let (root, mut edit) =
        record.root().and_then(|root| Ok((root, record.edit()?))).expect("it is indexed");
    edit.set(root, "exported", true);
    edit.finish().into()
}

criterion_group!(benches, records);
criterion_main!(benches);
