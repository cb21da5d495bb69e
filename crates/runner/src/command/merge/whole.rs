//! All shares together.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::share::{ShareManifest, shown};
use crate::command::table;

/// Counts that are added up, wherever they stand.
const COUNTS: [&str; 10] = [
    "pages",
    "records",
    "records_in",
    "records_out",
    "filtered",
    "failed",
    "dead_letters",
    "bytes",
    "requests",
    "retries",
];

/// How many of the most frequent values are told.
const FREQUENT: usize = 10;

/// Why manifests do not belong together, in words.
pub(super) fn strangers(shares: &[ShareManifest]) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(first) = shares.first() else { return problems };
    for share in shares.iter().skip(1) {
        let (path, other) = (share.path.display(), first.path.display());
        if share.pipeline != first.pipeline {
            let (name, first) = (&share.pipeline, &first.pipeline);
            problems.push(format!(
                "`{path}` is about the pipeline `{name}`, and `{other}` about `{first}`"
            ));
        } else if share.count != first.count {
            let (count, first) = (share.count, first.count);
            problems
                .push(format!("`{path}` is one of {count} shares, and `{other}` one of {first}"));
        } else if share.digest != first.digest {
            problems.push(format!(
                "`{path}` and `{other}` are of the same pipeline with different contents: its file, a file that it reads, or \
                 taskferry was another"
            ));
        }
    }
    for pair in shares.windows(2) {
        if let [one, other] = pair
            && one.index == other.index
            && one.count == other.count
        {
            let (index, count) = (one.index, one.count);
            let (one, other) = (one.path.display(), other.path.display());
            problems
                .push(format!("share {index} of {count} is there twice: `{one}` and `{other}`"));
        }
    }
    problems
}

/// What all shares came to.
#[derive(Debug)]
pub(super) struct Whole<'a> {
    shares: &'a [ShareManifest],
    first: &'a ShareManifest,
    gaps: Vec<String>,
}

impl<'a> Whole<'a> {
    /// That of shares which belong together, in order; `None` for none.
    pub(super) fn of(shares: &'a [ShareManifest]) -> Option<Self> {
        let first = shares.first()?;
        let mut whole = Self { shares, first, gaps: Vec::new() };
        whole.gaps = whole.find_gaps();
        Some(whole)
    }

    fn find_gaps(&self) -> Vec<String> {
        let count = self.first.count;
        let mut gaps = Vec::new();
        for index in 1..=count {
            match self.share(index) {
                None => gaps.push(format!("share {index} of {count} is missing")),
                Some(share) if !share.is_complete() => gaps.push(format!(
                    "share {index} of {count} is not complete: {}, exit code {}; run it again",
                    share.status, share.exit_code
                )),
                Some(_) => {}
            }
        }
        let complete: Vec<&ShareManifest> =
            self.shares.iter().filter(|share| share.is_complete()).collect();
        for pair in complete.windows(2) {
            if let [one, next] = pair
                && one.index + 1 == next.index
                && one.to != next.from
            {
                gaps.push(format!(
                    "share {} {}, share {} {}: jobs between may be missing, or be there twice; run both again",
                    next.index,
                    next.from.as_deref().map_or("found the listing ended".to_owned(), |from| {
                        format!("begins after {}", shown(from))
                    }),
                    one.index,
                    one.to.as_deref().map_or("went on to the end".to_owned(), |to| {
                        format!("ended at {}", shown(to))
                    }),
                ));
            }
        }
        let least = self.shares.iter().filter_map(|share| share.min_jobs).max();
        if let Some(least) = least.filter(|least| gaps.is_empty() && self.jobs() < *least) {
            let jobs = table::number(self.jobs());
            gaps.push(format!("{jobs} records were read, fewer than `min_jobs` ({least})"));
        }
        gaps
    }

    fn share(&self, index: u32) -> Option<&ShareManifest> {
        self.shares.iter().find(|share| share.index == index)
    }

    pub(super) fn pipeline(&self) -> &str {
        &self.first.pipeline
    }

    /// How many shares there should be.
    pub(super) fn count(&self) -> u32 {
        self.first.count
    }

    /// How many there are.
    pub(super) fn shares(&self) -> u64 {
        self.shares.len() as u64
    }

    pub(super) fn jobs(&self) -> u64 {
        self.shares.iter().map(|share| share.source.records).sum()
    }

    pub(super) fn dead_letters(&self) -> u64 {
        self.shares.iter().map(|share| share.dead_letters).sum()
    }

    /// Why they are not the whole export.
    pub(super) fn gaps(&self) -> &[String] {
        &self.gaps
    }

    /// As that of a run: see `docs/running.md`.
    pub(super) fn exit_code(&self) -> u8 {
        match (self.gaps.is_empty(), self.dead_letters()) {
            (false, _) => 8,
            (true, 1..) => 6,
            (true, 0) => 0,
        }
    }

    /// Whether any of its jobs come from a sandbox.
    pub(super) fn is_made_up(&self) -> bool {
        self.shares.iter().any(|share| share.sandbox)
    }

    /// The files that were exported.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let sinks = self.shares.iter().filter_map(|share| share.all["sinks"].as_array());
        let files = sinks.flatten().filter_map(|sink| sink["files"].as_array()).flatten();
        files.filter_map(|file| file["path"].as_str()).map(PathBuf::from).collect()
    }

    /// The account of the whole export, in the shape of a run's.
    pub(super) fn manifest(&self) -> Value {
        let (mut source, mut transforms, mut sinks) = (Value::Null, Value::Null, Value::Null);
        for share in self.shares {
            add(&mut source, &share.all["source"]);
            add(&mut transforms, &share.all["transforms"]);
            add(&mut sinks, &share.all["sinks"]);
        }
        let runs = self.shares.iter().map(|share| {
            json!({"index": share.index, "run_id": share.run_id, "exit_code": share.exit_code, "from": share.from, "to": share.to})
        });
        let instants = |of: fn(&ShareManifest) -> Timestamp| self.shares.iter().map(of);
        let all = |key: &str| -> Vec<&Value> {
            let values = self.shares.iter().map(|share| &share.all[key]);
            values.filter(|value| !value.is_null()).collect()
        };
        let warnings: Vec<&Value> =
            all("warnings").into_iter().filter_map(Value::as_array).flatten().collect();
        json!({
            "pipeline": self.first.pipeline,
            "digest": self.first.digest,
            "sandbox": self.is_made_up(),
            "shares": {"count": self.first.count, "runs": runs.collect::<Vec<_>>()},
            "status": if self.gaps.is_empty() { "complete" } else { "suspicious" },
            "exit_code": self.exit_code(),
            "started_at": instants(|share| share.started_at).min(),
            "finished_at": instants(|share| share.finished_at).max(),
            "source": source,
            "transforms": transforms,
            "sinks": sinks,
            "dead_letters": self.dead_letters(),
            "dead_letter_files": all("dead_letter_file"),
            "gaps": self.gaps,
            "warnings": warnings,
        })
    }
}

/// Adds what one share counted. Stages stand in the same order in each; files are put one after the other.
fn add(sum: &mut Value, more: &Value) {
    match (sum, more) {
        (sum @ Value::Null, more) => *sum = more.clone(),
        (Value::Array(stages), Value::Array(more)) => {
            for (stage, more) in stages.iter_mut().zip(more) {
                add(stage, more);
            }
        }
        (Value::Object(stage), Value::Object(more)) => add_stage(stage, more),
        _ => {}
    }
}

fn add_stage(stage: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in stage {
        let more = more.get(key).unwrap_or(&Value::Null);
        match key.as_str() {
            key if COUNTS.contains(&key) => {
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
            // How far each share's sink has come says nothing about all of them.
            "mark" => *value = Value::Null,
            _ => {}
        }
    }
}

/// Adds what a transform counts itself, name by name.
fn add_counters(sum: &mut Value, more: &Value) {
    let Value::Object(sum) = sum else { return };
    for (name, more) in more.as_object().into_iter().flatten() {
        let known = sum.get(name).and_then(Value::as_u64).unwrap_or_default();
        sum.insert(name.clone(), json!(known + more.as_u64().unwrap_or_default()));
    }
}

/// Adds the most frequent values of each name, and keeps the most frequent of all.
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
