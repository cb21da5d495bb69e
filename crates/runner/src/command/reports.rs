//! The files that report on a run: `--summary FILE` as JSON, `--metrics-file FILE` as Prometheus text.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use taskferry_config::{FilesInUse, is_same_file};
use taskferry_engine::Manifest;
use taskferry_files::{Folder, FolderEntry, folder_of, target_of};
use tempfile::NamedTempFile;

use super::arguments::RunOptionArguments;
use crate::console;

/// The reports that were requested.
#[derive(Debug)]
pub(crate) struct Reports {
    summary: Option<ReportFile>,
    metrics: Option<ReportFile>,
}

impl Reports {
    /// Prepares the files. They must not replace `inputs`, nor the files of the pipeline.
    pub(crate) fn prepare(
        arguments: &RunOptionArguments,
        inputs: &[&Path],
        in_use: &FilesInUse,
    ) -> Result<Self, String> {
        let absolute = |path: &Path| std::path::absolute(path).ok();
        let [summary, metrics] =
            [&arguments.summary, &arguments.metrics_file].map(Option::as_deref);
        if summary.is_some() && summary.and_then(absolute) == metrics.and_then(absolute) {
            return Err("`--summary` and `--metrics-file` must name different files".to_owned());
        }
        let prepare = |name: &'static str, path: Option<&Path>| {
            let Some(path) = path else { return Ok(None) };
            match in_use.conflict_with(path) {
                Some(conflict) => Err(format!("can't write the {name}: {conflict}")),
                None => ReportFile::prepare(name, path, inputs).map(Some),
            }
        };
        let (summary, metrics) = (prepare("summary", summary)?, prepare("metrics", metrics)?);
        metrics.as_ref().map_or(Ok(()), ReportFile::allow_all_users)?;
        Ok(Self { summary, metrics })
    }

    /// Writes the manifest of an earlier run as the summary, and leaves the metrics of that run as they are.
    pub(crate) fn write_earlier(self, manifest: Option<&Value>) -> Result<(), String> {
        let Some(file) = self.summary else { return Ok(()) };
        let manifest = manifest.ok_or(
            "can't write the summary: the last run was killed before its manifest was saved; run without `--if-incomplete`",
        )?;
        file.write(&format!("{manifest:#}\n"), &[])
    }

    /// Writes the reports on a run. `last_success` is the end of the last complete run before this run. Returns the errors.
    pub(crate) fn write(self, manifest: &Manifest, last_success: Option<Timestamp>) -> Vec<String> {
        let exported = manifest.sinks.iter().flat_map(|sink| &sink.files);
        let exported: Vec<&Path> = exported.map(|file| file.path.as_path()).collect();
        let summary = self.summary.map_or(Ok(()), |file| {
            file.write(&(console::printable_document(manifest) + "\n"), &exported)
        });
        let metrics = self.metrics.map_or(Ok(()), |file| {
            file.write(&taskferry_telemetry::prometheus_text(manifest, last_success), &exported)
        });
        summary.err().into_iter().chain(metrics.err()).collect()
    }
}

/// A file that is written at the end of a run. The file is prepared before the run, so that an error is detected early.
#[derive(Debug)]
pub(crate) struct ReportFile {
    /// Its name in messages, with the path.
    name: String,
    target: Target,
}

#[derive(Debug)]
enum Target {
    /// A temporary file that replaces the file at the path.
    File(NamedTempFile, PathBuf),
    /// A terminal, a pipe or another device.
    Stream(File),
}

impl ReportFile {
    /// Prepares a file, which must not replace `inputs`. `name` is its name in messages.
    pub(crate) fn prepare(
        name: &'static str,
        path: &Path,
        inputs: &[&Path],
    ) -> Result<Self, String> {
        let target = if inputs.iter().any(|input| is_same_file(path, input)) {
            Err(io::Error::other("the path is an input file of this command; choose another path"))
        } else {
            Target::prepare(path)
        };
        let name = format!("{name} `{}`", path.display());
        match target {
            Ok(target) => Ok(Self { name, target }),
            Err(error) => Err(format!("can't write the {name}: {error}")),
        }
    }

    /// Writes the file in one step. It must not replace an exported file.
    pub(crate) fn write(self, text: &str, exported: &[&Path]) -> Result<(), String> {
        let name = self.name;
        self.target
            .write(text, exported)
            .map_err(|error| format!("can't write the {name}: {error}"))
    }

    /// Allows all users to read the file: the collector of metrics is another user.
    fn allow_all_users(&self) -> Result<(), String> {
        let Target::File(file, _) = &self.target else { return Ok(()) };
        let allowed = file.as_file().set_permissions(Permissions::from_mode(0o644));
        allowed.map_err(|error| format!("can't write the {}: {error}", self.name))
    }
}

impl Target {
    fn prepare(path: &Path) -> io::Result<Self> {
        // A symbolic link stays, and the file that it leads to is replaced.
        let path = target_of(path).map_err(io::Error::other)?;
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return Ok(Self::Stream(File::options().write(true).open(&path)?));
            }
            _ => {}
        }
        let folder = folder_of(&path);
        Folder::create(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".report-").suffix(".part").permissions(Permissions::from_mode(0o666));
        Ok(Self::File(builder.tempfile_in(folder)?, path))
    }

    fn write(self, text: &str, exported: &[&Path]) -> io::Result<()> {
        match self {
            Self::Stream(mut stream) => stream.write_all(text.as_bytes()),
            Self::File(mut file, path) => {
                if exported.iter().any(|exported| is_same_file(&path, exported)) {
                    let message = format!(
                        "this run has exported records to `{}`; choose another path",
                        path.display()
                    );
                    return Err(io::Error::other(message));
                }
                file.write_all(text.as_bytes())?;
                let entry = FolderEntry::of(file.path())?;
                entry.publish(file.as_file(), &entry.sibling(path.file_name().unwrap_or_default()))
            }
        }
    }
}
