//! The files of an earlier run.

use std::path::Path;

use serde::Deserialize;
use taskferry_sdk::jiff::Timestamp;

use crate::command::preview::age;

/// The parts of a manifest that list the files. In manifests of other versions, other parts may be missing.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    run_id: String,
    pipeline: String,
    finished_at: Timestamp,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    sandbox: bool,
    sinks: Vec<Sink>,
}

#[derive(Debug, Deserialize)]
struct Sink {
    name: String,
    #[serde(default)]
    published: bool,
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    path: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The message.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let bytes = std::fs::read(path)
            .map_err(|error| format!("can't read the manifest `{name}`: {error}"))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            format!(
                "`{name}` is not a manifest: {error}; `taskferry run --summary FILE` writes one"
            )
        })
    }

    /// The files of a sink, in a sentence.
    pub(crate) fn files_of(&self, sink: &str) -> Option<String> {
        let sink = self.sinks.iter().find(|known| known.name == sink)?;
        let files: Vec<String> = sink.files.iter().map(|file| format!("`{}`", file.path)).collect();
        (!files.is_empty())
            .then(|| format!("run {} wrote this sink to {}", self.run_id, files.join(", ")))
    }

    /// The reasons why the run may have processed the record differently.
    pub(crate) fn warnings(&self, pipeline: &str, digest: &str, sandbox: bool) -> Vec<String> {
        let (run, age) = (&self.run_id, age(self.finished_at));
        let unpublished: Vec<String> = self
            .sinks
            .iter()
            .filter(|sink| !sink.published)
            .map(|sink| format!("run {run} did not publish sink `{}`", sink.name))
            .collect();
        let warnings = [
            (
                self.pipeline != pipeline,
                format!("run {run} belongs to the pipeline `{}`", self.pipeline),
            ),
            (
                self.pipeline == pipeline && self.digest != digest,
                format!(
                    "the pipeline file, an input file or the version of taskferry has changed since run {run}; its rows can differ"
                ),
            ),
            (
                self.sandbox != sandbox,
                format!("run {run} read {}", if self.sandbox { "a sandbox" } else { "no sandbox" }),
            ),
            (
                true,
                format!(
                    "run {run} ended {age} ago; jobs may have changed since, and rows may have other numbers"
                ),
            ),
        ];
        let warnings = warnings.into_iter().filter(|(applies, _)| *applies).map(|(_, text)| text);
        warnings.chain(unpublished).collect()
    }
}
