//! The speed of each transform on list records, hierarchy records and rows, in bytes of JSON read.
//!
//! The input records are indexed, like the records of a page. The output records are not indexed. `tree` makes a tree of each
//! record and changes nothing.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use taskferry_benches::{hierarchies, jobs, records, rows};
use taskferry_sdk::testing::{self, Files};
use taskferry_sdk::{AnyTransform, Output, Record, TransformPlugin};
use taskferry_transform_filter_ai_impact::FilterAiImpact;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;
use taskferry_transform_jq::Jq;
use taskferry_transform_rename_skills::RenameSkills;

const JOBS: usize = 100;

/// The expression of the end-to-end benchmark.
const BUILD: &str = "{job_id: .job_external_id, task_id, task, level: .ai_impact_level, \
                     skills: [(.linked_skills // [])[].skill], hours: (.weekly_hours // 0)}";

fn transform<P: TransformPlugin>(options: &Value) -> AnyTransform {
    let rows = ["Python", "Negotiation", "@risk", "C++"]
        .map(|skill| format!("workday,{skill},{skill} (Workday)\n"));
    let mapping = format!("vendor,skill,vendor_skill\n{}", rows.concat());
    let files = Files::new().with("skills.csv", mapping);
    testing::build(options, &files, P::build).expect("the options are right")
}

fn bytes(records: &[Record]) -> Throughput {
    Throughput::Bytes(records.iter().map(|record| record.to_json().len() as u64).sum())
}

fn apply(transform: &AnyTransform, records: Vec<Record>) -> Output {
    let mut out = Output::new();
    let AnyTransform::Stateless(transform) = transform else { panic!("it has a state") };
    for record in records {
        transform.apply(record, &mut out).expect("the record fits");
    }
    out
}

fn transforms(criterion: &mut Criterion) {
    let shapes = [
        ("list", records(&jobs(JOBS))),
        ("hierarchy", records(&hierarchies(JOBS))),
        ("rows", records(&rows(JOBS * 10))),
    ];
    let jq = |filter: &str| transform::<Jq>(&json!({"filter": filter}));
    let rename = json!({"vendor": "workday", "mapping": "skills.csv"});
    // The shape is set if the stage applies to only one shape of records.
    let stages = [
        ("filter_ai_impact", None, transform::<FilterAiImpact>(&json!({"at_most": "H2"}))),
        ("flatten_hierarchy", None, transform::<FlattenHierarchy>(&json!({}))),
        (
            "flatten_hierarchy explode",
            None,
            transform::<FlattenHierarchy>(&json!({"explode": "linked_skills"})),
        ),
        ("rename_skills", None, transform::<RenameSkills>(&rename)),
        ("jq identity", None, jq(".")),
        ("jq del", None, jq("del(.weekly_hours)")),
        ("jq prune", Some("list"), jq("(.tasks // []) |= map(select(.ai_impact.level <= \"H2\"))")),
        ("jq change", Some("rows"), jq(".hours = (.weekly_hours // 0) | del(.weekly_hours)")),
        ("jq build", Some("rows"), jq(BUILD)),
    ];
    for (shape, records) in &shapes {
        let mut group = criterion.benchmark_group(*shape);
        group.throughput(bytes(records));
        group.bench_function("tree", |bencher| {
            bencher.iter(|| {
                for record in black_box(records) {
                    drop(black_box(record.value()));
                }
            });
        });
        let stages = stages.iter().filter(|(_, only, _)| only.is_none_or(|only| only == *shape));
        for (name, _, transform) in stages {
            group.bench_function(*name, |bencher| {
                bencher.iter_batched(
                    || records.clone(),
                    |records| apply(transform, records),
                    BatchSize::LargeInput,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, transforms);
criterion_main!(benches);
