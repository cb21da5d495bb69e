//! How fast each transform is, on list records, hierarchy records and rows, in bytes of JSON read.
//!
//! What is measured starts at the text of a record and ends at the records that come out, so it holds the
//! parsing; `look inside` is the parsing alone.

use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::FutureExt;
use serde_json::{Value, json};
use taskferry_benches::{hierarchies, jobs, rows};
use taskferry_pipeline::Registry;
use taskferry_sdk::{BuildContext, InputFiles, Output, Record, Transform};
use taskferry_transform_filter_ai_impact::FilterAiImpact;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;
use taskferry_transform_jq::Jq;
use taskferry_transform_rename_skills::RenameSkills;

const JOBS: usize = 100;

#[derive(Debug)]
struct Mapping;

impl InputFiles for Mapping {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        let rows = ["Python", "Negotiation", "@risk", "C++"]
            .map(|skill| format!("workday,{skill},{skill} (Workday)\n"));
        Ok(format!("vendor,skill,vendor_skill\n{}", rows.concat()).into_bytes())
    }
}

fn transform(type_name: &str, options: &Value) -> Box<dyn Transform> {
    let mut registry = Registry::new();
    registry.transform::<FilterAiImpact>().transform::<FlattenHierarchy>();
    registry.transform::<RenameSkills>().transform::<Jq>();
    let context = BuildContext::new(&Mapping, registry.endpoints());
    let built = registry.build_transform(type_name, options, &context);
    built.expect("the type is registered").expect("the options are right").transform
}

fn texts(records: Vec<Value>) -> Vec<Record> {
    let records = records.into_iter();
    records
        .map(|record| Record::parse(record.to_string()).expect("a value is written as JSON"))
        .collect()
}

fn bytes(records: &[Record]) -> Throughput {
    Throughput::Bytes(records.iter().map(|record| record.to_json().len() as u64).sum())
}

fn apply(transform: &dyn Transform, records: Vec<Record>) -> Output {
    let mut out = Output::new();
    for record in records {
        let result = transform.apply(record, &mut out).now_or_never();
        result.expect("nothing is waited for").expect("the record fits");
    }
    out
}

fn transforms(criterion: &mut Criterion) {
    let shapes = [
        ("list", texts(jobs(JOBS))),
        ("hierarchy", texts(hierarchies(JOBS))),
        ("rows", texts(rows(JOBS * 10))),
    ];
    let prune = "(.tasks // []) |= map(select(.ai_impact.level <= \"H2\"))";
    let stages = [
        ("filter_ai_impact", "filter_ai_impact", json!({"at_most": "H2"})),
        ("flatten_hierarchy", "flatten_hierarchy", json!({})),
        ("flatten_hierarchy explode", "flatten_hierarchy", json!({"explode": "linked_skills"})),
        ("rename_skills", "rename_skills", json!({"vendor": "workday", "mapping": "skills.csv"})),
        ("jq identity", "jq", json!({"filter": "."})),
        ("jq del", "jq", json!({"filter": "del(.weekly_hours)"})),
        ("jq prune", "jq", json!({"filter": prune})),
    ];
    for (shape, records) in &shapes {
        let mut group = criterion.benchmark_group(*shape);
        group.throughput(bytes(records));
        group.bench_function("look inside", |bencher| {
            bencher.iter_batched(
                || records.clone(),
                |records| {
                    for record in &records {
                        drop(black_box(record.value()));
                    }
                    records
                },
                BatchSize::LargeInput,
            );
        });
        for (name, type_name, options) in &stages {
            // A row has no list of tasks to be pruned.
            if *name == "jq prune" && *shape != "list" {
                continue;
            }
            let transform = transform(type_name, options);
            group.bench_function(*name, |bencher| {
                bencher.iter_batched(
                    || records.clone(),
                    |records| apply(&*transform, records),
                    BatchSize::LargeInput,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, transforms);
criterion_main!(benches);
