//! The merged manifest of all shards.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use taskferry_engine::{SCHEMA_VERSION, SinkSummary, SourceSummary, Status, TransformSummary};

use super::shard_manifest::{ShardManifest, quoted};
use crate::command::format;

/// The counts to add up, in any table of the manifest.
const COUNTS: &str =
    "pages records records_in records_out filtered failed dead_letters bytes requests retries";

/// The number of most frequent values to keep.
const FREQUENT: usize = 10;

/// The manifest of an export in shards, with one run per shard. `merge --summary` writes it as JSON.
///
/// Counts are the sums of the counts of all runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MergedManifest {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// The pipeline's name.
    pipeline: String,
    /// The pipeline's digest: it differs if the output could differ.
    digest: String,
    /// Whether a sandbox made the records of any shard.
    sandbox: bool,
    /// The shards. The key has the name of earlier versions.
    #[serde(rename = "shares")]
    shards: Shards,
    /// `complete`, or `suspicious` if a shard is missing or not complete.
    status: Status,
    /// The exit code of `merge`: 0, 6 with dead letters, or 8 if the export is not whole.
    exit_code: u8,
    /// When the first run began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    started_at: Option<Timestamp>,
    /// When the last run ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    finished_at: Option<Timestamp>,
    /// The source.
    #[schemars(with = "SourceSummary")]
    source: Value,
    /// The transforms, in order.
    #[schemars(with = "Vec<TransformSummary>")]
    transforms: Value,
    /// The sinks, in order. `files` lists the files of all shards.
    #[schemars(with = "Vec<SinkSummary>")]
    sinks: Value,
    /// Dead letters of all shards.
    dead_letters: u64,
    /// The files with the dead letters.
    #[schemars(with = "Vec<String>")]
    dead_letter_files: Vec<Value>,
    /// The reasons why the shards are not the whole export.
    gaps: Vec<String>,
    /// The warnings of all runs.
    #[schemars(with = "Vec<String>")]
    warnings: Vec<Value>,
}

/// The shards of an export.
#[derive(Debug, Serialize, JsonSchema)]
struct Shards {
    /// The number of shards.
    count: u32,
    /// The run of each shard that was given, in order.
    runs: Vec<ShardRun>,
}

/// The run of one shard.
#[derive(Debug, Serialize, JsonSchema)]
struct ShardRun {
    /// The number of the shard, from 1.
    index: u32,
    /// The run's id.
    run_id: String,
    /// The run's exit code.
    exit_code: u8,
    /// The job after which the shard starts.
    from: Option<String>,
    /// The last job of the shard.
    to: Option<String>,
}

/// The reasons why manifests do not belong to one export.
pub(super) fn mismatches(shards: &[ShardManifest]) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(first) = shards.first() else { return problems };
    for manifest in shards.iter().skip(1) {
        let (path, other) = (manifest.path.display(), first.path.display());
        if manifest.run.pipeline != first.run.pipeline {
            let (name, first) = (&manifest.run.pipeline, &first.run.pipeline);
            problems.push(format!(
                "`{path}` belongs to the pipeline `{name}`, but `{other}` belongs to `{first}`; pass the manifests of one \
                 export"
            ));
        } else if manifest.shard.count != first.shard.count {
            let (count, first) = (manifest.shard.count, first.shard.count);
            problems.push(format!(
                "`{path}` is one of {count} shards, but `{other}` is one of {first}; pass the manifests of one export"
            ));
        } else if manifest.run.digest != first.run.digest {
            problems.push(format!(
                "`{path}` and `{other}` come from different versions of the pipeline: the pipeline file, an input file or the \
                 version of taskferry changed between the runs; run all shards with the same version"
            ));
        }
    }
    for [one, other] in shards.array_windows() {
        if (one.shard.index, one.shard.count) == (other.shard.index, other.shard.count) {
            let (index, count) = (one.shard.index, one.shard.count);
            let (one, other) = (one.path.display(), other.path.display());
            problems.push(format!(
                "shard {index} of {count} is given twice: `{one}` and `{other}`; pass only one of them"
            ));
        }
    }
    problems
}

/// All shards of an export.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    shards: &'a [ShardManifest],
    first: &'a ShardManifest,
    gaps: Vec<String>,
}

impl<'a> Merged<'a> {
    /// Merges shards of one export, in their order. `None` if `shards` is empty.
    pub(super) fn of(shards: &'a [ShardManifest]) -> Option<Self> {
        let mut merged = Self { shards, first: shards.first()?, gaps: Vec::new() };
        merged.gaps = merged.find_gaps();
        Some(merged)
    }

    fn find_gaps(&self) -> Vec<String> {
        let count = self.count();
        let mut gaps = Vec::new();
        for index in 1..=count {
            match self.shards.iter().find(|manifest| manifest.shard.index == index) {
                None => gaps.push(format!(
                    "shard {index} of {count} is missing; run it with `--shard {index}/{count}`, or pass its manifest"
                )),
                Some(manifest) if !manifest.is_complete() => gaps.push(format!(
                    "shard {index} of {count} is not complete: {}, exit code {}; run it again",
                    manifest.run.status, manifest.run.exit_code
                )),
                Some(_) => {}
            }
        }
        let complete: Vec<&ShardManifest> =
            self.shards.iter().filter(|manifest| manifest.is_complete()).collect();
        for [one, next] in complete.array_windows() {
            let (one, next) = (&one.shard, &next.shard);
            if one.index + 1 == next.index && one.to != next.from {
                let start = match &next.from {
                    Some(id) => format!("starts after {}", quoted(id)),
                    None => "found no jobs".to_owned(),
                };
                let end = match &one.to {
                    Some(id) => format!("ended at {}", quoted(id)),
                    None => "ended at the end of the listing".to_owned(),
                };
                gaps.push(format!(
                    "shard {} {start}, but shard {} {end}: jobs may be missing or duplicated; run both again",
                    next.index, one.index
                ));
            }
        }
        let least = self.shards.iter().filter_map(|manifest| manifest.shard.min_jobs).max();
        if let Some(least) = least.filter(|least| gaps.is_empty() && self.jobs() < *least) {
            let jobs = format::number(self.jobs());
            gaps.push(format!("{jobs} records were read, fewer than `min_jobs` ({least})"));
        }
        gaps
    }

    pub(super) fn pipeline(&self) -> &str {
        &self.first.run.pipeline
    }

    /// The number of shards of the export.
    pub(super) fn count(&self) -> u32 {
        self.first.shard.count
    }

    pub(super) fn jobs(&self) -> u64 {
        self.shards.iter().map(|manifest| manifest.run.source.records).sum()
    }

    pub(super) fn dead_letters(&self) -> u64 {
        self.shards.iter().map(|manifest| manifest.run.dead_letters).sum()
    }

    /// The reasons why the shards are not the whole export.
    pub(super) fn gaps(&self) -> &[String] {
        &self.gaps
    }

    /// The exit code. It means the same as the exit code of a run.
    pub(super) fn exit_code(&self) -> u8 {
        match (self.gaps.is_empty(), self.dead_letters()) {
            (false, _) => 8,
            (true, 1..) => 6,
            (true, 0) => 0,
        }
    }

    /// Whether any shard has read from a sandbox.
    pub(super) fn has_sandbox_data(&self) -> bool {
        self.shards.iter().any(|manifest| manifest.run.sandbox)
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let sinks = self.shards.iter().filter_map(|manifest| manifest.json["sinks"].as_array());
        let files = sinks.flatten().filter_map(|sink| sink["files"].as_array()).flatten();
        files.filter_map(|file| file["path"].as_str()).map(PathBuf::from).collect()
    }

    /// The manifest of the whole export.
    pub(super) fn manifest(&self) -> MergedManifest {
        let (mut source, mut transforms, mut sinks) = (Value::Null, Value::Null, Value::Null);
        for manifest in self.shards {
            add(&mut source, &manifest.json["source"]);
            add(&mut transforms, &manifest.json["transforms"]);
            add(&mut sinks, &manifest.json["sinks"]);
        }
        let runs = self.shards.iter().map(|ShardManifest { run, shard, .. }| ShardRun {
            index: shard.index,
            run_id: run.run_id.clone(),
            exit_code: run.exit_code,
            from: shard.from.clone(),
            to: shard.to.clone(),
        });
        let times = |time: fn(&ShardManifest) -> Timestamp| self.shards.iter().map(time);
        let all = |key: &str| -> Vec<Value> {
            let values = self.shards.iter().map(|manifest| manifest.json[key].clone());
            values.filter(|value| !value.is_null()).collect()
        };
        let warnings = all("warnings");
        MergedManifest {
            schema_version: SCHEMA_VERSION,
            pipeline: self.pipeline().to_owned(),
            digest: self.first.run.digest.clone(),
            sandbox: self.has_sandbox_data(),
            shards: Shards { count: self.count(), runs: runs.collect() },
            status: if self.gaps.is_empty() { Status::Complete } else { Status::Suspicious },
            exit_code: self.exit_code(),
            started_at: times(|manifest| manifest.run.started_at).min(),
            finished_at: times(|manifest| manifest.run.finished_at).max(),
            source,
            transforms,
            sinks,
            dead_letters: self.dead_letters(),
            dead_letter_files: all("dead_letter_file"),
            gaps: self.gaps.clone(),
            warnings: warnings.iter().filter_map(Value::as_array).flatten().cloned().collect(),
        }
    }
}

/// Adds the counts of one shard. The stages have the same order in all shards; the lists of files are concatenated.
fn add(sum: &mut Value, more: &Value) {
    match (sum, more) {
        (sum @ Value::Null, more) => *sum = more.clone(),
        (Value::Array(stages), Value::Array(more)) => {
            for (stage, more) in stages.iter_mut().zip(more) {
                add(stage, more);
            }
        }
        (Value::Object(stage), more) => {
            for (key, value) in stage {
                add_field(key, value, &more[key]);
            }
        }
        _ => {}
    }
}

fn add_field(key: &str, value: &mut Value, more: &Value) {
    match key {
        _ if COUNTS.split(' ').any(|count| count == key) => {
            let sum = value.as_u64().unwrap_or_default() + more.as_u64().unwrap_or_default();
            *value = json!(sum);
        }
        "files" => {
            if let (Value::Array(files), Value::Array(more)) = (value, more) {
                files.extend(more.iter().cloned());
            }
        }
        "transforms" => add(value, more),
        "counters" => add_counters(value, more),
        "frequent" => add_frequent(value, more),
        "published" => *value = json!(value == true && more == true),
        // The sink state of one shard does not apply to the merged export.
        "mark" => *value = Value::Null,
        _ => {}
    }
}

/// Adds the counters of a transform by name.
fn add_counters(sum: &mut Value, more: &Value) {
    let Value::Object(sum) = sum else { return };
    for (name, more) in more.as_object().into_iter().flatten() {
        let known = sum.get(name).and_then(Value::as_u64).unwrap_or_default();
        sum.insert(name.clone(), json!(known + more.as_u64().unwrap_or_default()));
    }
}

/// Adds the counts of values, and keeps the most frequent ones of each name.
fn add_frequent(sum: &mut Value, more: &Value) {
    let Value::Object(sum) = sum else { return };
    for (name, more) in more.as_object().into_iter().flatten() {
        let known = sum.get(name).and_then(Value::as_array).into_iter().flatten();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for value in known.chain(more.as_array().into_iter().flatten()) {
            if let (Some(text), Some(count)) = (value["value"].as_str(), value["count"].as_u64()) {
                *counts.entry(text).or_default() += count;
            }
        }
        let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        let frequent = counts.iter().take(FREQUENT);
        let frequent = frequent.map(|(value, count)| json!({"value": value, "count": count}));
        let frequent = frequent.collect::<Vec<_>>();
        sum.insert(name.clone(), frequent.into());
    }
}
