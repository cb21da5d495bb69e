//! The files that earlier runs have published.

use std::fs;
use std::path::Path;

use serde_json::Value;
use taskferry_engine::Manifest;
use taskferry_sdk::printable;
use taskferry_state::History;

/// A file that a run of another pipeline has published.
#[derive(Debug)]
pub(crate) struct OtherFile {
    path: String,
    pipeline: String,
    run_id: String,
}

/// The files of a manifest that are not there any more, or that have another size.
pub(crate) fn changed_files(manifest: &Value) -> Vec<String> {
    let changed = files(manifest).filter(|(path, bytes)| !is_there(path, *bytes));
    changed.map(|(path, _)| printable(path).into_owned()).collect()
}

/// The files of other pipelines in the state folder `dir`, if they are still there. `own` is the folder of this pipeline.
pub(crate) fn files_of_others(dir: &Path, own: &Path) -> Vec<OtherFile> {
    let folders = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found = Vec::new();
    for folder in folders.filter(|folder| folder != own) {
        for manifest in History::in_folder(&folder).all::<Value>().unwrap_or_default() {
            let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
            let there = files(&manifest).filter(|(path, bytes)| is_there(path, *bytes));
            found.extend(there.map(|(path, _)| OtherFile {
                path: path.to_owned(),
                pipeline: text("pipeline"),
                run_id: text("run_id"),
            }));
        }
    }
    found
}

/// Warns of files of other pipelines that a run has replaced.
pub(crate) fn warn_of_replaced(others: &[OtherFile], manifest: &Manifest) {
    let written = manifest.sinks.iter().flat_map(|sink| &sink.files);
    for file in written {
        let last = others.iter().rev().find(|other| Path::new(&other.path) == file.path);
        if let Some(OtherFile { path, pipeline, run_id }) = last {
            let (path, pipeline) = (printable(path), printable(pipeline));
            tracing::warn!(
                "this run replaced `{path}`, which the pipeline `{pipeline}` published in run {run_id}; give each pipeline a path of \
                 its own, for example with `{{pipeline}}`"
            );
        }
    }
}

fn is_there(path: &str, bytes: u64) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() == bytes)
}

/// The files of a manifest, and their sizes.
fn files(manifest: &Value) -> impl Iterator<Item = (&str, u64)> {
    let sinks = manifest["sinks"].as_array().into_iter().flatten();
    let files = sinks.flat_map(|sink| sink["files"].as_array().into_iter().flatten());
    files.filter_map(|file| Some((file["path"].as_str()?, file["bytes"].as_u64()?)))
}
