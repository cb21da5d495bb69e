//! Splitting a page into records, in bytes of the response per second.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use taskferry_benches::{hierarchies, jobs};
use taskferry_source_techwolf::split_page;

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split_page");
    for (shape, records) in [("list", jobs(100)), ("hierarchy", hierarchies(100))] {
        let page = json!({"has_next": true, "records": Value::Array(records), "next_starting_after": "j-100"});
        for (layout, text) in [("compact", page.to_string()), ("pretty", format!("{page:#}"))] {
            let body = Bytes::from(text);
            group.throughput(Throughput::Bytes(body.len() as u64));
            group.bench_function(format!("{shape}/{layout}"), |bencher| {
                bencher.iter(|| split_page(black_box(&body)).is_ok());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
