//! What is left of a run besides its output: `--summary FILE` as JSON, `--metrics-file FILE` as Prometheus text.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use taskferry_config::FilesInUse;
use taskferry_engine::Manifest;
use taskferry_sdk::printable_json;

use super::account_file::AccountFile;
use super::arguments::HowArguments;

/// The files that were asked for, ready to be written.
#[derive(Debug)]
pub(crate) struct Accounts {
    summary: Option<AccountFile>,
    metrics: Option<AccountFile>,
}

impl Accounts {
    /// Prepares them. `inputs` are files that they must not replace, beside those that the pipeline has in use.
    ///
    /// # Errors
    /// Why one of them could not be written.
    pub(crate) fn prepare(
        how: &HowArguments,
        inputs: &[&Path],
        in_use: &FilesInUse,
    ) -> Result<Self, String> {
        let absolute = |path: &Path| std::path::absolute(path).ok();
        let [summary, metrics] = [&how.summary, &how.metrics_file].map(Option::as_deref);
        if summary.is_some() && summary.and_then(absolute) == metrics.and_then(absolute) {
            return Err("the summary and the metrics can't go to the same file".to_owned());
        }
        let prepare = |what: &str, path: Option<&Path>| {
            if let Some(why) = path.and_then(|path| in_use.conflict_with(path)) {
                return Err(format!("can't write the {what}: {why}"));
            }
            let file = path.map(|path| {
                let prepared = AccountFile::prepare(path, inputs);
                prepared.map_err(|error| {
                    format!("can't write the {what} `{}`: {error}", path.display())
                })
            });
            file.transpose()
        };
        Ok(Self { summary: prepare("summary", summary)?, metrics: prepare("metrics", metrics)? })
    }

    /// Writes the manifest of a run that is over as the summary. The metrics stay as they are: they are that run's.
    ///
    /// # Errors
    /// What went wrong.
    pub(crate) fn repeat(self, manifest: Option<&Value>) -> Result<(), String> {
        let Some(file) = self.summary else { return Ok(()) };
        let manifest =
            manifest.ok_or("can't write the summary: the manifest of that run is not kept")?;
        let written = serde_json::to_string_pretty(manifest).map_err(io::Error::from);
        let written = written.and_then(|text| file.write(&format!("{text}\n"), &[]));
        written.map_err(|error| format!("can't write the summary: {error}"))
    }

    /// Writes them. Returns what went wrong. `last_success` is when a run before this one was last complete.
    pub(crate) fn write(self, manifest: &Manifest, last_success: Option<Timestamp>) -> Vec<String> {
        let exported = manifest.sinks.iter().flat_map(|sink| &sink.files);
        let exported: Vec<&Path> = exported.map(|file| file.path.as_path()).collect();
        let summary = self.summary.map_or(Ok(()), |file| {
            let text = serde_json::to_string_pretty(manifest)?;
            file.write(&format!("{}\n", printable_json(&text)), &exported)
        });
        let metrics = self.metrics.map_or(Ok(()), |file| {
            let text = taskferry_telemetry::prometheus_text(manifest, last_success);
            file.readable()?.write(&text, &exported)
        });
        let told = |what: &str, written: io::Result<()>| {
            written.err().map(|error| format!("can't write the {what}: {error}"))
        };
        told("summary", summary).into_iter().chain(told("metrics", metrics)).collect()
    }
}
