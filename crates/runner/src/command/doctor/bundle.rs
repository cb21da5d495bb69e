//! `doctor --bundle`: one text file for support. A person can read it before it is sent.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use taskferry_config::{ShownFiles, is_same_file, shown_files};
use taskferry_files::{FolderEntry, target_of};
use taskferry_pipeline::Registry;
use taskferry_sdk::{printable_json, printable_lines};
use taskferry_state::History;

use super::report::Report;
use crate::command::arguments::DoctorArguments;
use crate::command::format;
use crate::command::state_folder::StateFolder;
use crate::console;
use crate::logging::kept::{FILE, MAX_LINES};

/// The maximum number of manifests of the pipeline, and of each experiment. The bundle contains the newest ones.
const MAX_MANIFESTS: usize = 3;
/// Only the owner may read the bundle: it holds addresses and names.
const PRIVATE: u32 = 0o600;

/// A part of the bundle: its title and its text.
type Section = (String, String);

/// Prints the contents, then writes the file.
pub(super) fn write(
    path: &Path,
    registry: &Registry,
    arguments: &DoctorArguments,
    report: &Report,
) -> Result<(), String> {
    let cannot = |error: &dyn std::fmt::Display| {
        format!("can't write the bundle `{}`: {error}", path.display())
    };
    if arguments.layers.files(&arguments.file).any(|input| is_same_file(input, path)) {
        return Err(cannot(&"the path is a file of the pipeline; choose another path"));
    }
    let target = target_of(path).map_err(|error| cannot(&error))?;
    let layers = arguments.layers.layers(&arguments.file);
    let shown = shown_files(&layers, registry);
    let mut sections = vec![("versions".to_owned(), versions())];
    let files = shown.files.iter().map(|(name, text)| (format!("file {name}"), text.clone()));
    sections.extend(files);
    if !shown.overrides.is_empty() {
        sections.push((
            "values from options and environment variables".to_owned(),
            shown.overrides.join("\n"),
        ));
    }
    sections.push(("doctor".to_owned(), report.json()));
    sections.extend(of_last_runs(&layers, registry));
    let contents = contents(&sections);
    console::write(&format!("the bundle `{}` contains:\n{contents}", path.display()));
    let text = assembled(&contents, &sections, &shown);
    let entry = FolderEntry::of(&target).map_err(|error| cannot(&error))?;
    entry.replace(text.as_bytes(), PRIVATE).map_err(|error| cannot(&error))
}

fn contents(sections: &[Section]) -> String {
    let mut list = String::new();
    for (title, text) in sections {
        // Writing to a string can't fail.
        _ = writeln!(list, "  {title} ({})", format::bytes(text.len() as u64));
    }
    list
}

fn assembled(contents: &str, sections: &[Section], shown: &ShownFiles) -> String {
    let mut text = format!(
        "# Support bundle of taskferry. Secrets are masked. The bundle contains addresses, names of jobs in error messages, and paths: read the bundle before you send it.\n\n{contents}"
    );
    for (title, body) in sections {
        // Writing to a string can't fail.
        _ = write!(text, "\n## {title}\n\n{}\n", body.trim_end());
    }
    printable_lines(&shown.masked(&text)).into_owned()
}

fn versions() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("taskferry {version}\n{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The last manifests, the newest last, and the kept log.
fn of_last_runs(layers: &taskferry_config::Layers, registry: &Registry) -> Vec<Section> {
    let Ok((name, state)) = taskferry_config::load_state(layers, registry) else {
        return Vec::new();
    };
    let mut sections = Vec::new();
    for folder in StateFolder::new(&state.dir, &name, None, None).with_experiments() {
        let all = History::in_folder(&folder).all::<Value>().unwrap_or_default();
        let first = all.len().saturating_sub(MAX_MANIFESTS);
        sections.extend(all.iter().skip(first).map(|manifest| {
            let run = manifest["run_id"].as_str().unwrap_or("without an id");
            (format!("manifest of run {run}"), console::printable_document(manifest))
        }));
        sections.extend(log(&folder.join(FILE)));
    }
    sections
}

/// The last lines of a kept log, if there is one.
fn log(path: &Path) -> Option<Section> {
    let text = FolderEntry::of(path).ok()?.read().ok()?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().map(printable_json).collect();
    let lines = lines.get(lines.len().saturating_sub(MAX_LINES)..).unwrap_or_default();
    let count = format::count(lines.len() as u64, "line");
    let title = format!("the last {count} of the log `{}`", path.display());
    (!lines.is_empty()).then(|| (title, lines.join("\n")))
}
