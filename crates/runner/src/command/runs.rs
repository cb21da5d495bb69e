//! `taskferry runs`: lists the last runs of a pipeline, and the run that is not finished.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use taskferry_engine::UnfinishedRun;
use taskferry_pipeline::Registry;
use taskferry_sdk::{printable_json, shortened};
use taskferry_state::{History, StateDir, StateError};

use super::arguments::{RunsArguments, quoted};
use super::diagnostics::refused;
use super::format::{count, number};
use super::state_folder::StateFolder;
use super::text_table::TextTable;
use crate::command_error::{Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;

/// The maximum number of characters of the reason why a run did not succeed.
const MAX_REASON: usize = 120;

/// The parts of a manifest that are shown. Manifests of other versions may lack any of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    run_id: String,
    status: String,
    exit_code: u8,
    started_at: String,
    finished_at: String,
    resumed_from: Option<Value>,
    source: Counts,
    sinks: Vec<SinkCounts>,
    dead_letters: u64,
    replay: bool,
    sandbox: bool,
    experiment: Option<String>,
    error: Option<Reason>,
    violations: Vec<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    records: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SinkCounts {
    name: String,
    records: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    message: String,
}

/// Prints the last runs, the newest at the end.
pub(crate) fn runs(registry: &Registry, arguments: &RunsArguments) -> Ended {
    let layers = arguments.layers.layers(&arguments.file);
    let (name, state) = taskferry_config::load_state(&layers, registry)
        .map_err(|found| refused(&found, LogFormat::Text))?;
    let dir = state.dir;
    let folder = StateFolder::new(&dir, &name, None, arguments.shard);
    let manifests = manifests(&folder.with_experiments())
        .map_err(|error| format!("{error}: {}", error.source))?;
    if arguments.json {
        return printed(console::page(&json_lines(&manifests)));
    }
    let unfinished = Unfinished::find(&folder.path(), &manifests);
    if manifests.is_empty() && unfinished.is_none() {
        explain_no_runs(arguments, &dir, &name);
        return Ok(Exit::COMPLETE);
    }
    printed(console::page(&overview(&manifests, unfinished, &resume_command(arguments))))
}

/// The command that resumes the pipeline's run.
fn resume_command(arguments: &RunsArguments) -> String {
    let shard = arguments.shard.map(|shard| format!(" --shard {shard}")).unwrap_or_default();
    let file = quoted(&arguments.file.to_string_lossy()).into_owned();
    format!("taskferry run {file}{shard}{}", arguments.layers.shown())
}

/// A run that has no manifest: it is active, or was killed.
struct Unfinished {
    run: UnfinishedRun,
    /// The process that has the lock of the state folder, if any.
    lock: Option<Holder>,
}

enum Holder {
    Process(u32),
    Unknown,
}

impl Unfinished {
    fn find(folder: &Path, manifests: &[Value]) -> Option<Self> {
        let run = taskferry_engine::unfinished_run(folder)?;
        // An unreadable lock file is ignored here. The next run reports the error.
        let holder = taskferry_state::lock_holder(folder).ok().flatten();
        let lock = holder.map(|it| it.map_or(Holder::Unknown, |it| Holder::Process(it.pid)));
        let has_manifest =
            manifests.iter().any(|manifest| manifest["run_id"] == run.run_id.as_str());
        (lock.is_some() || !has_manifest).then_some(Self { run, lock })
    }

    fn row(self, resume: &str) -> [String; 9] {
        let Self { run: UnfinishedRun { run_id, started_at, pages, .. }, lock } = self;
        let pages = format!("{} delivered", count(pages, "page"));
        let (status, remark) = match lock {
            Some(Holder::Process(pid)) => ("active", format!("{pages}; process {pid}")),
            Some(Holder::Unknown) => ("active", pages),
            None => ("killed", format!("{pages}; `{resume}` resumes the run")),
        };
        let [finished, exit, jobs, delivered, dead] = [const { String::new() }; 5];
        let started = without_fraction(&started_at.to_string());
        [started, finished, status.to_owned(), exit, jobs, delivered, dead, run_id, remark]
    }
}

/// Reports that there are no runs, and suggests where to look.
fn explain_no_runs(arguments: &RunsArguments, dir: &str, name: &str) {
    let shard = arguments.shard.map(|shard| format!("shard {shard} of ")).unwrap_or_default();
    console::line(&format!("`{dir}` contains no runs of {shard}`{name}`"));
    let sandbox = taskferry_config::sandbox_state_dir(dir);
    let sandbox = StateFolder::new(&sandbox, name, None, arguments.shard).path();
    if !arguments.layers.sandbox && sandbox.is_dir() {
        console::help("add `--sandbox` to list the sandbox runs");
    } else if let Some(other) = other_working_directory(&arguments.file, dir, name) {
        let other = other.display();
        console::help(&format!(
            "`{dir}` is relative to the working directory; to list the runs that were started in `{other}`, run this \
             command there, or add `--set state.dir={other}/{dir}`"
        ));
    }
}

/// The nearest folder, from the folder of the pipeline file upwards, that contains the state of runs. The working directory is
/// skipped.
fn other_working_directory(file: &Path, dir: &str, name: &str) -> Option<PathBuf> {
    let file = fs::canonicalize(file).ok()?;
    let here = fs::canonicalize(".").ok();
    let has_state = |folder: &&Path| {
        Some(*folder) != here.as_deref() && StateDir::path_of(&folder.join(dir), name).is_dir()
    };
    file.ancestors().skip(1).find(has_state).map(Path::to_owned)
}

/// All manifests, the oldest first.
fn manifests(folders: &[PathBuf]) -> Result<Vec<Value>, StateError> {
    let mut manifests: Vec<Value> = Vec::new();
    for folder in folders {
        manifests.extend(History::in_folder(folder).all()?);
    }
    if folders.len() > 1 {
        let finished_at =
            |manifest: &Value| manifest["finished_at"].as_str().unwrap_or_default().to_owned();
        manifests.sort_by_key(finished_at);
    }
    Ok(manifests)
}

fn json_lines(manifests: &[Value]) -> String {
    let line = |manifest: &Value| format!("{}\n", printable_json(&manifest.to_string()));
    manifests.iter().map(line).collect()
}

/// A table with one row per run.
fn overview(manifests: &[Value], unfinished: Option<Unfinished>, resume: &str) -> String {
    let header = ["started", "finished", "status", "exit", "jobs", "delivered", "dead", "run", ""];
    let mut table = TextTable::new(&header, 3..=6);
    for run in manifests.iter().filter_map(|manifest| Manifest::deserialize(manifest).ok()) {
        let delivered: Vec<String> = match &run.sinks[..] {
            [sink] => vec![number(sink.records)],
            sinks => {
                sinks.iter().map(|sink| format!("{} {}", sink.name, number(sink.records))).collect()
            }
        };
        let remarks = [
            (run.sandbox, "sandbox"),
            (run.replay, "replay"),
            (run.experiment.is_some(), "with `--set`"),
            (run.resumed_from.is_some(), "resumed"),
        ];
        let remarks = remarks.into_iter().filter(|(applies, _)| *applies).map(|(_, text)| text);
        let reasons = run.error.iter().chain(&run.violations);
        let reasons = reasons.map(|reason| shortened(&reason.message, MAX_REASON));
        let remarks: Vec<_> = remarks.map(Cow::Borrowed).chain(reasons).collect();
        table.row([
            without_fraction(&run.started_at),
            without_fraction(&run.finished_at),
            run.status,
            run.exit_code.to_string(),
            number(run.source.records),
            delivered.join(", "),
            number(run.dead_letters),
            run.run_id,
            remarks.join("; "),
        ]);
    }
    if let Some(unfinished) = unfinished {
        table.row(unfinished.row(resume));
    }
    table.draw(console::page_width())
}

/// A timestamp without fractions of a second.
fn without_fraction(instant: &str) -> String {
    instant.split_once('.').map_or_else(|| instant.to_owned(), |(second, _)| format!("{second}Z"))
}
