//! Documents as text with an index, in bytes of their text per second.
//!
//! `split` checks, splits and indexes a page of a hundred records, and `split by serde_json` only checks and splits the page. The
//! other benches work on indexed records: `get` reads two members of every task, `edit` removes every second task, and `write`
//! copies every task into a separate row.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;
use taskferry_benches::{hierarchies, jobs, rows};
use taskferry_json::{Body, Document, Node, TextWriter};

fn pages(criterion: &mut Criterion) {
    for (shape, values) in
        [("list", jobs(100)), ("hierarchy", hierarchies(100)), ("rows", rows(1000))]
    {
        let page = serde_json::to_vec(&values).expect("a value is written as JSON");
        let page = Bytes::from(page);
        let mut group = criterion.benchmark_group(format!("json_{shape}"));
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function("split by serde_json", |bencher| {
            bencher.iter(|| serde_json::from_slice::<Vec<&RawValue>>(black_box(&page)).is_ok());
        });
        group.bench_function("split", |bencher| bencher.iter(|| split(black_box(&page))));
    }
}

fn records(criterion: &mut Criterion) {
    let page = serde_json::to_vec(&jobs(100)).expect("a value is written as JSON");
    let page = Bytes::from(page);
    let records = split(&page);
    let mut group = criterion.benchmark_group("json_records");
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("get", |bencher| bencher.iter(|| get(black_box(&records))));
    group.bench_function("edit", |bencher| bencher.iter(|| edit(black_box(&records))));
    group.bench_function("write", |bencher| bencher.iter(|| write(black_box(&records))));
}

fn split(page: &Bytes) -> Vec<Document> {
    let body = Body::parse(page.clone()).expect("a page is JSON");
    let records = body.root().items().map(Node::to_document);
    records.collect::<Result<_, _>>().expect("records are documents")
}

fn tasks(record: &Document) -> impl Iterator<Item = Node<'_>> {
    record.root().get("tasks").into_iter().flat_map(Node::items)
}

fn get(records: &[Document]) -> usize {
    let level =
        |task: Node<'_>| task.get("ai_impact")?.get("level")?.as_str().map(|text| text.len());
    let hours = |task: Node<'_>| task.get("weekly_hours")?.as_number().map(str::len);
    let found = records.iter().flat_map(tasks);
    found.map(|task| level(task).unwrap_or_default() + hours(task).unwrap_or_default()).sum()
}

fn edit(records: &[Document]) -> usize {
    let changed = records.iter().map(|record| {
        let mut edit = record.edit();
        for task in tasks(record).step_by(2) {
            edit.remove(task);
        }
        edit.finish().as_bytes().len()
    });
    changed.sum()
}

fn write(records: &[Document]) -> usize {
    let rows = records.iter().map(|record| {
        let mut rows = TextWriter::with_capacity(record.as_bytes().len() * 5 / 4);
        let id = record.root().get("external_id");
        for task in tasks(record) {
            rows.object(|row| {
                row.member("job_external_id", id);
                task.members().for_each(|(key, value)| row.member(key, value));
            });
        }
        rows.finish().count()
    });
    rows.sum()
}

criterion_group!(benches, pages, records);
criterion_main!(benches);
