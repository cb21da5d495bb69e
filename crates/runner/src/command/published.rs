//! The files that earlier runs have published.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use taskferry_engine::Manifest;
use taskferry_sdk::{hex, printable};
use taskferry_state::History;

/// A file as its last run has published it.
#[derive(Debug)]
struct PublishedFile {
    bytes: u64,
    sha256: String,
    finished_at: Timestamp,
}

/// The run that has published a file.
#[derive(Debug)]
pub(crate) struct Publisher {
    pipeline: String,
    run_id: String,
}

/// The files of a manifest that no longer exist or were changed.
pub(crate) fn changed_files(manifest: &Value) -> Vec<String> {
    let changed = files(manifest).filter(|(path, file)| !file.is_at(Path::new(path)));
    changed.map(|(path, _)| printable(path).into_owned()).collect()
}

/// The unchanged files that were last published by another pipeline whose state is in `dir`. `own` is the folder of this pipeline
/// in `dir`.
pub(crate) fn files_of_others(dir: &Path, own: &Path) -> BTreeMap<PathBuf, Publisher> {
    let mut last: BTreeMap<PathBuf, (PublishedFile, Option<Publisher>)> = BTreeMap::new();
    for pipeline in folders_in(dir) {
        for folder in with_shards_and_experiments(&pipeline) {
            for manifest in History::in_folder(&folder).all::<Value>().unwrap_or_default() {
                let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
                for (path, file) in files(&manifest) {
                    let known = last.get(Path::new(path)).map(|(known, _)| known.finished_at);
                    if known.is_none_or(|known| known <= file.finished_at) {
                        let publisher =
                            || Publisher { pipeline: text("pipeline"), run_id: text("run_id") };
                        let publisher = (pipeline != own).then(publisher);
                        last.insert(path.into(), (file, publisher));
                    }
                }
            }
        }
    }
    let of_others = last.into_iter().filter_map(|(path, (file, publisher))| {
        let publisher = publisher?;
        file.is_at(&path).then_some((path, publisher))
    });
    of_others.collect()
}

fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The state folders of a pipeline and of its experiments, each followed by the state folders of its shards.
fn with_shards_and_experiments(pipeline: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let experiments = folders_in(&pipeline.join("experiments"));
    let wholes = std::iter::once(pipeline.to_owned()).chain(experiments);
    wholes.flat_map(|whole| {
        let shards = folders_in(&whole.join("shards"));
        std::iter::once(whole).chain(shards)
    })
}

/// Warns of files of other pipelines that a run has replaced.
pub(crate) fn warn_of_replaced(others: &BTreeMap<PathBuf, Publisher>, manifest: &Manifest) {
    for file in manifest.sinks.iter().flat_map(|sink| &sink.files) {
        if let Some(Publisher { pipeline, run_id }) = others.get(&file.path) {
            let path = file.path.to_string_lossy();
            let (path, pipeline) = (printable(&path), printable(pipeline));
            tracing::warn!(
                "this run replaced `{path}`, which the pipeline `{pipeline}` published in run {run_id}; give each pipeline a path of \
                 its own, for example with `{{pipeline}}`"
            );
        }
    }
}

impl PublishedFile {
    /// Whether the file at this path is still the published one. Reads the content only if the file was changed or copied after
    /// the run.
    fn is_at(&self, path: &Path) -> bool {
        let Ok(found) = fs::metadata(path) else { return false };
        let is_older = |changed: SystemTime| {
            Timestamp::try_from(changed).is_ok_and(|changed| changed <= self.finished_at)
        };
        found.len() == self.bytes
            && (found.modified().is_ok_and(is_older)
                || sha256_of(path).is_ok_and(|sha256| sha256 == self.sha256))
    }
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (BufReader::new(File::open(path)?), Sha256::new());
    loop {
        let chunk = file.fill_buf()?;
        if chunk.is_empty() {
            return Ok(hex(hash.finalize()));
        }
        hash.update(chunk);
        let length = chunk.len();
        file.consume(length);
    }
}

/// The files of a manifest, by path.
fn files(manifest: &Value) -> impl Iterator<Item = (&str, PublishedFile)> {
    let finished_at = manifest["finished_at"].as_str().and_then(|it| it.parse().ok());
    let finished_at: Timestamp = finished_at.unwrap_or_default();
    let sinks = manifest["sinks"].as_array().into_iter().flatten();
    let files = sinks.flat_map(|sink| sink["files"].as_array().into_iter().flatten());
    files.filter_map(move |file| {
        let (bytes, sha256) = (file["bytes"].as_u64()?, file["sha256"].as_str()?.to_owned());
        Some((file["path"].as_str()?, PublishedFile { bytes, sha256, finished_at }))
    })
}
