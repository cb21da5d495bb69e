//! `taskferry runs`: what the last runs of a pipeline came to.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskferry_engine::UnfinishedRun;
use taskferry_pipeline::Registry;
use taskferry_sdk::printable_json;
use taskferry_state::{History, StateDir, StateError};

use super::arguments::RunsArguments;
use super::listing::Listing;
use super::state::Place;
use super::{mistakes, table};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;

/// What is shown of a manifest. Those of other versions may lack anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
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
    // Who looks at past runs need not have the variables and files of the next one.
    let layers = arguments.layers.layers(&arguments.file);
    let (name, dir) = match taskferry_config::load_state(&layers, registry) {
        Ok((name, state)) => (name, state.dir),
        Err(found) => {
            mistakes::show(&found, LogFormat::Text);
            return Exit::USAGE;
        }
    };
    let place = Place::at(&dir, &name, None, arguments.shard);
    let histories = place.histories();
    let page = if arguments.json { lines(&histories) } else { overview(&histories) };
    let page = match page {
        Ok(Some(page)) => page,
        Ok(None) => {
            tell_of_none(arguments, &dir, &name, &place);
            return Exit::COMPLETE;
        }
        Err(error) => {
            console::error(&format!("{error}: {}", error.source));
            return Exit::USAGE;
        }
    };
    Exit::printed(&console::page(&page))
}

/// Says that no run is over, and what there is instead.
fn tell_of_none(arguments: &RunsArguments, dir: &str, name: &str, place: &Place) {
    let file = arguments.file.display();
    let shard = arguments.shard.map(|shard| format!("share {shard} of ")).unwrap_or_default();
    if let Some(UnfinishedRun { run_id, started_at, pages, .. }) =
        taskferry_engine::unfinished_run(&place.folder())
    {
        let shard_option = arguments.shard.map(|shard| format!(" --shard {shard}"));
        let sandbox = if arguments.layers.sandbox { " --sandbox" } else { "" };
        let done = if pages == 1 { "is" } else { "are" };
        console::line(&format!(
            "run {run_id} of {shard}`{name}` was begun at {} and is not over ({} {done} done); \
             `taskferry run {file}{}{sandbox}` goes on with it",
            second(&started_at.to_string()),
            table::count(pages, "page"),
            shard_option.unwrap_or_default()
        ));
        return;
    }
    console::line(&format!("no run of {shard}`{name}` is kept in `{dir}`"));
    let trials = taskferry_config::sandbox_state_dir(dir);
    let trials = Place::at(&trials, name, None, arguments.shard).folder();
    if !arguments.layers.sandbox && trials.is_dir() {
        console::line("  help: there are runs on made-up jobs: add `--sandbox`");
    } else if let Some(folder) = working_directory(&arguments.file, dir, name) {
        let folder = folder.display();
        console::line(&format!(
            "  help: `{dir}` starts at the working directory; its runs from `{folder}` are shown there, or with \
             `--set state.dir={folder}/{dir}`"
        ));
    }
}

/// The folder of the pipeline file, or one above it, in which runs of the pipeline keep their state; the one that the process
/// stands in was looked at.
fn working_directory(file: &Path, dir: &str, name: &str) -> Option<PathBuf> {
    let file = fs::canonicalize(file).ok()?;
    let here = fs::canonicalize(".").ok();
    let has_state = |folder: &&Path| {
        Some(*folder) != here.as_deref() && StateDir::path_of(&folder.join(dir), name).is_dir()
    };
    file.ancestors().skip(1).find(has_state).map(Path::to_owned)
}

/// All accounts, the oldest first, as far as `finished_at` tells.
fn all<T: DeserializeOwned>(
    histories: &[History],
    finished_at: impl Fn(&T) -> String,
) -> Result<Vec<T>, StateError> {
    let mut accounts: Vec<T> = Vec::new();
    for history in histories {
        accounts.extend(history.all()?);
    }
    if histories.len() > 1 {
        accounts.sort_by_key(finished_at);
    }
    Ok(accounts)
}

/// The manifests as they are; `None` when there is none.
fn lines(histories: &[History]) -> Result<Option<String>, StateError> {
    let manifests: Vec<Value> = all(histories, |manifest: &Value| {
        manifest["finished_at"].as_str().unwrap_or_default().to_owned()
    })?;
    let line = |manifest: &Value| printable_json(&manifest.to_string()).into_owned();
    let lines: Vec<String> = manifests.iter().map(line).collect();
    Ok(Some(lines).filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n") + "\n"))
}

/// A run a line; `None` when there is none.
fn overview(histories: &[History]) -> Result<Option<String>, StateError> {
    let accounts = all(histories, |account: &Account| account.finished_at.clone())?;
    if accounts.is_empty() {
        return Ok(None);
    }
    let header = ["started", "finished", "status", "exit", "jobs", "delivered", "dead", "run", ""];
    let mut shown = Listing::new(&header, 3..=6);
    for account in &accounts {
        let delivered: Vec<String> =
            account.sinks.iter().map(|sink| table::number(sink.records)).collect();
        let sandbox = account.sandbox.then(|| "sandbox".to_owned());
        let replay = account.replay.then(|| "replay".to_owned());
        let resumed = account.resumed_from.as_ref().map(|_| "resumed".to_owned());
        let failed = account.error.as_ref().map(|failure| failure.message.clone());
        let experiment = account.experiment.as_ref().map(|_| "with `--set`".to_owned());
        let replay = replay.into_iter().chain(experiment);
        let remark: Vec<String> =
            sandbox.into_iter().chain(replay).chain(resumed).chain(failed).collect();
        shown.row([
            second(&account.started_at),
            second(&account.finished_at),
            account.status.clone(),
            account.exit_code.to_string(),
            table::number(account.source.records),
            delivered.join(", "),
            table::number(account.dead_letters),
            account.run_id.clone(),
            remark.join("; "),
        ]);
    }
    Ok(Some(shown.drawn(console::page_width())))
}

/// An instant without the parts of a second.
fn second(instant: &str) -> String {
    instant.split_once('.').map_or_else(|| instant.to_owned(), |(second, _)| format!("{second}Z"))
}
