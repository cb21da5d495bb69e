//! `taskferry runs`: lists the last runs of a pipeline.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use taskferry_engine::UnfinishedRun;
use taskferry_pipeline::Registry;
use taskferry_sdk::printable_json;
use taskferry_state::{History, StateDir, StateError};

use super::arguments::RunsArguments;
use super::format::{count, number};
use super::mistakes;
use super::state_folder::StateFolder;
use super::text_table::TextTable;
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;

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
    sinks: Vec<Counts>,
    dead_letters: u64,
    replay: bool,
    sandbox: bool,
    experiment: Option<String>,
    error: Option<Failure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    records: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: String,
}

/// Prints the last runs, the newest at the end.
pub(crate) fn runs(registry: &Registry, arguments: &RunsArguments) -> Exit {
    let layers = arguments.layers.layers(&arguments.file);
    let (name, dir) = match taskferry_config::load_state(&layers, registry) {
        Ok((name, state)) => (name, state.dir),
        Err(found) => {
            mistakes::write_all(&found, LogFormat::Text);
            return Exit::USAGE;
        }
    };
    let folder = StateFolder::new(&dir, &name, None, arguments.shard);
    let manifests = match manifests(&folder.histories()) {
        Ok(manifests) => manifests,
        Err(error) => {
            console::error(&format!("{error}: {}", error.source));
            return Exit::USAGE;
        }
    };
    if manifests.is_empty() {
        explain_no_runs(arguments, &dir, &name, &folder);
        return Exit::COMPLETE;
    }
    let page = if arguments.json { json_lines(&manifests) } else { overview(&manifests) };
    Exit::printed(&console::page(&page))
}

/// Reports that no run has ended, and suggests where to look.
fn explain_no_runs(arguments: &RunsArguments, dir: &str, name: &str, folder: &StateFolder) {
    let file = arguments.file.display();
    let share = arguments.shard.map(|shard| format!("share {shard} of ")).unwrap_or_default();
    if let Some(UnfinishedRun { run_id, started_at, pages, .. }) =
        taskferry_engine::unfinished_run(&folder.path())
    {
        let option = arguments.shard.map(|shard| format!(" --shard {shard}")).unwrap_or_default();
        let sandbox = if arguments.layers.sandbox { " --sandbox" } else { "" };
        console::line(&format!(
            "run {run_id} of {share}`{name}` started at {} and is not finished ({} delivered); `taskferry run \
             {file}{option}{sandbox}` resumes it",
            without_fraction(&started_at.to_string()),
            count(pages, "page")
        ));
        return;
    }
    console::line(&format!("`{dir}` contains no runs of {share}`{name}`"));
    let sandbox = taskferry_config::sandbox_state_dir(dir);
    let sandbox = StateFolder::new(&sandbox, name, None, arguments.shard).path();
    if !arguments.layers.sandbox && sandbox.is_dir() {
        console::line("  help: add `--sandbox` to list the sandbox runs");
    } else if let Some(other) = other_working_directory(&arguments.file, dir, name) {
        let other = other.display();
        console::line(&format!(
            "  help: `{dir}` is relative to the working directory; to list the runs that were started in `{other}`, run this \
             command there, or add `--set state.dir={other}/{dir}`"
        ));
    }
}

/// The folder of the pipeline file, or the nearest one above it, that holds the state of runs; not the working directory.
fn other_working_directory(file: &Path, dir: &str, name: &str) -> Option<PathBuf> {
    let file = fs::canonicalize(file).ok()?;
    let here = fs::canonicalize(".").ok();
    let has_state = |folder: &&Path| {
        Some(*folder) != here.as_deref() && StateDir::path_of(&folder.join(dir), name).is_dir()
    };
    file.ancestors().skip(1).find(has_state).map(Path::to_owned)
}

/// All manifests, the oldest first.
fn manifests(histories: &[History]) -> Result<Vec<Value>, StateError> {
    let mut manifests: Vec<Value> = Vec::new();
    for history in histories {
        manifests.extend(history.all()?);
    }
    if histories.len() > 1 {
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

/// A table with one row a run.
fn overview(manifests: &[Value]) -> String {
    let header = ["started", "finished", "status", "exit", "jobs", "delivered", "dead", "run", ""];
    let mut table = TextTable::new(&header, 3..=6);
    for run in manifests.iter().filter_map(|manifest| Manifest::deserialize(manifest).ok()) {
        let delivered: Vec<String> = run.sinks.iter().map(|sink| number(sink.records)).collect();
        let remarks = [
            (run.sandbox, "sandbox"),
            (run.replay, "replay"),
            (run.experiment.is_some(), "with `--set`"),
            (run.resumed_from.is_some(), "resumed"),
        ];
        let remarks = remarks.into_iter().filter(|(applies, _)| *applies).map(|(_, text)| text);
        let error = run.error.as_ref().map(|error| error.message.as_str());
        let remarks: Vec<&str> = remarks.chain(error).collect();
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
    table.draw(console::page_width())
}

/// A timestamp without the fraction of its second.
fn without_fraction(instant: &str) -> String {
    instant.split_once('.').map_or_else(|| instant.to_owned(), |(second, _)| format!("{second}Z"))
}
