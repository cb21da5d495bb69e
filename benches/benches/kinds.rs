//! One transform of each kind, in records per second. Each transform keeps the tasks of a job that pass a test.
//!
//! The engine runs the whole pipeline: a source that repeats one page of jobs, the transform, and a sink that discards the records.
//! `none` is the pipeline without the transform. The difference to `none` is the cost of the transform. `built-in` tests the AI
//! impact level, and the other transforms test the weekly hours. With the jobs of this bench, all transforms keep the same tasks.
//! The results are compared before the measurement.
//!
//! `records` measures the time of the run, and `records_by_cpu` the processor time of all threads and child processes.
//!
//! ```text
//! cargo bench -p taskferry-benches --bench kinds --features wasm
//! ```

#![expect(clippy::print_stderr, reason = "it prints which kinds it skips")]

use std::fmt;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};
use taskferry_benches::{jobs, records};
use taskferry_engine::{RunOptions, Status};
use taskferry_pipeline::{Feed, OnError, Pipeline, SinkStage, SourceStage, TransformStage};
use taskferry_profile::{EmptyJobs, TaskFilter, TaskRef};
use taskferry_sdk::{
    AnyTransform, Batch, Cursor, Delivery, InputFiles, Page, Plugin, Position, Record, Refusals,
    RunContext, Sink, SinkState, Source, SourceRecord, StageError, TransformPlugin, testing,
};
use taskferry_transform_command::Command;
use taskferry_transform_filter_ai_impact::FilterAiImpact;
use taskferry_transform_jq::Jq;
use tokio::runtime::Runtime;

const PAGE: usize = 100;
const PAGES: usize = 100;

const SCRIPT: &str = r#"
from taskferry_transform import run

def transform(job):
    job["tasks"] = [task for task in job["tasks"] if task["weekly_hours"] >= 2]
    return job

run(transform)
"#;

/// Jobs whose tasks have at least 2 weekly hours if their level is H1 or H2, and less otherwise.
fn page() -> Vec<Record> {
    let mut jobs = jobs(PAGE);
    for (number, job) in jobs.iter_mut().enumerate() {
        for (index, task) in job["tasks"].as_array_mut().into_iter().flatten().enumerate() {
            let is_long = ["H1", "H2"].iter().any(|level| task["ai_impact"]["level"] == *level);
            let quarters = u32::try_from((number + index) % 8).unwrap_or_default();
            let least = if is_long { 2.0 } else { 0.0 };
            // Not a whole number, because the kinds write whole numbers differently.
            task["weekly_hours"] = json!(least + f64::from(quarters) / 4.0 + 0.125);
        }
    }
    records(&jobs)
}

/// Repeats one page.
struct Pages {
    page: Arc<Vec<Record>>,
    left: usize,
}

#[async_trait]
impl Source for Pages {
    async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let records = self.page.iter().enumerate();
        let records = records
            .map(|(index, record)| SourceRecord::new(record.clone(), format!("{left}-{index}")));
        let page = Page::new(records.collect());
        Ok(Some(if left > 0 { page.followed_by(Cursor::new(left.to_string())) } else { page }))
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("left", &self.left).finish_non_exhaustive()
    }
}

/// Discards the records, or keeps them for a comparison.
#[derive(Debug)]
struct Discard(Option<Arc<Mutex<Vec<Value>>>>);

#[async_trait]
impl Sink for Discard {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        black_box(&batch.records);
        if let Some(kept) = &self.0 {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            for record in &batch.records {
                kept.push(record.value()?);
            }
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(Delivery::default())
    }
}

/// The files of a folder.
#[derive(Debug)]
struct Folder(PathBuf);

impl InputFiles for Folder {
    fn folder(&self) -> PathBuf {
        self.0.clone()
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(self.resolve(path))
    }
}

/// Builds a transform for one run.
type Build = Box<dyn Fn() -> AnyTransform>;

fn plugin<P: TransformPlugin + Plugin>(folder: &Path, options: Value) -> Build {
    let folder = Folder(folder.to_owned());
    Box::new(move || testing::build(&options, &folder, P::build).expect("the options are right"))
}

/// The transforms by kind. Kinds that this machine can't run are skipped with a message.
fn kinds(folder: &Path) -> Vec<(&'static str, Build)> {
    let jq = "(.tasks // []) |= map(select(.weekly_hours >= 2))";
    let mut kinds: Vec<(&'static str, Build)> = vec![
        (
            "built-in",
            plugin::<FilterAiImpact>(folder, json!({"at_most": "H2", "empty_jobs": "keep"})),
        ),
        (
            "third-party, index",
            Box::new(|| {
                let is_long =
                    |task: TaskRef<'_>| Ok(task.weekly_hours()?.is_some_and(|it| it >= 2.0));
                AnyTransform::stateless(TaskFilter::new(is_long).empty_jobs(EmptyJobs::Keep))
            }),
        ),
        ("third-party, tree", Box::new(|| AnyTransform::map(|job| keep_in_tree(&job)))),
        ("jq", plugin::<Jq>(folder, json!({"filter": jq}))),
    ];
    if let Some(guest) = component() {
        std::fs::write(folder.join("guest.wasm"), guest).expect("the folder is writable");
        #[cfg(feature = "wasm")]
        kinds.push((
            "wasm",
            plugin::<taskferry_transform_wasm::Wasm>(
                folder,
                json!({"module": "guest.wasm", "options": {"min_hours": 2}}),
            ),
        ));
    }
    if Process::new("python3").arg("--version").output().is_ok_and(|it| it.status.success()) {
        let module = include_str!("../../examples/command-transform/taskferry_transform.py");
        std::fs::write(folder.join("taskferry_transform.py"), module)
            .expect("the folder is writable");
        std::fs::write(folder.join("keep.py"), SCRIPT).expect("the folder is writable");
        let options =
            json!({"command": ["python3", "keep.py"], "files": ["taskferry_transform.py"]});
        kinds.push(("command, Python", plugin::<Command>(folder, options)));
    } else {
        eprintln!("SKIPPED: `command, Python` needs python3");
    }
    kinds
}

/// Parses the record into a tree, as the component and the Python program do.
fn keep_in_tree(job: &Record) -> Result<Value, StageError> {
    let mut job = job.value()?;
    if let Some(tasks) = job["tasks"].as_array_mut() {
        tasks.retain(|task| task["weekly_hours"].as_f64().is_some_and(|hours| hours >= 2.0));
    }
    Ok(job)
}

/// Builds the example of a component.
fn component() -> Option<Vec<u8>> {
    if cfg!(not(feature = "wasm")) {
        eprintln!("SKIPPED: `wasm` needs `--features wasm`");
        return None;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wasm-transform");
    let target = "wasm32-unknown-unknown";
    let built = Process::new("cargo")
        .args(["build", "--release", "--quiet", "--target", target])
        .current_dir(&folder)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: `wasm` needs `rustup target add {target}`");
        return None;
    }
    std::fs::read(folder.join("target").join(target).join("release/min_hours.wasm")).ok()
}

/// Runs a pipeline, as `taskferry run` does.
fn run(
    runtime: &Runtime,
    page: &Arc<Vec<Record>>,
    pages: usize,
    transform: Option<AnyTransform>,
    kept: Option<Arc<Mutex<Vec<Value>>>>,
) {
    let source = SourceStage {
        name: "pages".to_owned(),
        type_name: "pages",
        digest: String::new(),
        feed: Feed::Source(Box::new(Pages { page: Arc::clone(page), left: pages })),
    };
    let stage = |transform| TransformStage {
        name: "kind".to_owned(),
        type_name: "kind",
        digest: String::new(),
        on_error: OnError::Fail,
        transform,
    };
    let sink = SinkStage {
        name: "discard".to_owned(),
        type_name: "discard",
        on_error: OnError::Fail,
        transforms: Vec::new(),
        sink: Box::new(Discard(kept)),
    };
    let transforms = transform.into_iter().map(stage).collect();
    let pipeline = Pipeline::new("kinds", source, transforms, vec![sink]);
    let report = runtime.block_on(taskferry_engine::run(pipeline, RunOptions::default()));
    assert_eq!(report.manifest.status, Status::Complete, "{report:?}");
    assert_eq!(report.manifest.source.records, (pages * page.len()) as u64);
}

/// The processor time of this process and of its children that have exited.
fn processor_time() -> Duration {
    let used = |who| {
        let usage = getrusage(who).expect("the kernel counts the processor time");
        usage.user_time() + usage.system_time()
    };
    let used = used(UsageWho::RUSAGE_SELF) + used(UsageWho::RUSAGE_CHILDREN);
    Duration::from_micros(used.num_microseconds().unsigned_abs())
}

fn measure(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for programs");
    let (runtime, page) = (Runtime::new().expect("a runtime"), Arc::new(page()));
    let bytes: usize = page.iter().map(|record| record.as_bytes().len()).sum();
    eprintln!("{PAGE} jobs with {} bytes on average, in {PAGES} pages", bytes / PAGE);
    let kinds = kinds(folder.path());
    let mut expected = None;
    for (name, build) in &kinds {
        let kept = Arc::new(Mutex::new(Vec::new()));
        run(&runtime, &page, 2, Some(build()), Some(Arc::clone(&kept)));
        let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        let expected = expected.get_or_insert_with(|| kept.clone());
        assert!(kept == *expected, "`{name}` has another result");
    }
    let run = |build: Option<&Build>| {
        run(&runtime, &page, PAGES, build.map(|build| build()), None);
    };
    let all = || {
        std::iter::once(("none", None))
            .chain(kinds.iter().map(|(name, build)| (*name, Some(build))))
    };
    let settings = |group: &mut BenchmarkGroup<'_, WallTime>| {
        group.throughput(Throughput::Elements((PAGE * PAGES) as u64));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
    };
    let mut group = criterion.benchmark_group("records");
    settings(&mut group);
    for (name, build) in all() {
        group.bench_function(name, |bencher| bencher.iter(|| run(build)));
    }
    group.finish();
    let mut group = criterion.benchmark_group("records_by_cpu");
    settings(&mut group);
    for (name, build) in all() {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let before = processor_time();
                (0..iterations).for_each(|_| run(build));
                processor_time().saturating_sub(before)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
