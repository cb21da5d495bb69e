//! The next command after a run.

use std::path::Path;

use taskferry_config::StageInfo;
use taskferry_engine::{RunReport, Status};
use taskferry_pipeline::{Role, StageFailure};

use super::dropped_records::LargestDrop;
use crate::command::arguments::{LayerArguments, quoted};

/// The pipeline file of a run, and what was printed about it.
pub(crate) struct RunInfo<'a> {
    /// The number of warnings that were written before the run.
    pub(crate) warnings: usize,
    pub(crate) stages: &'a [StageInfo],
    pub(crate) file: &'a Path,
    pub(crate) layers: &'a LayerArguments,
}

/// The command for the most urgent problem, if there is a problem.
pub(super) fn next_command(
    report: &RunReport,
    drop: Option<&LargestDrop<'_>>,
    shown: &RunInfo<'_>,
) -> Option<String> {
    let manifest = &report.manifest;
    let command = |name: &str, more: &str| {
        let file = shown.file.to_string_lossy();
        format!("`taskferry {name} {}{}{more}`", quoted(&file), shown.layers.shown())
    };
    let again = || command("run", if manifest.dry_run { " --dry-run" } else { "" });
    let resumes = if manifest.resumable && !manifest.dry_run {
        "resumes"
    } else {
        "starts at the first page"
    };
    match manifest.status {
        // The help of the error names the options of the next run.
        Status::Suspicious => return None,
        Status::Interrupted => return Some(format!("{} {resumes}", again())),
        Status::Failed => {
            let error = report.error.as_ref();
            let job = error.and_then(|error| error.origin()?.job.as_deref());
            let role = error.and_then(StageFailure::stage).map(|stage| stage.role);
            let cause = match (role, job) {
                (Some(Role::Source | Role::Sink), None) => {
                    format!("{} looks for the cause", command("doctor", ""))
                }
                (Some(_), Some(job)) => {
                    let id = format!(" --id {}", quoted(job));
                    format!("{} shows what happens to the record", command("why", &id))
                }
                _ => "fix the cause".to_owned(),
            };
            return Some(format!("{cause}; then {} {resumes}", again()));
        }
        Status::Complete => {}
    }
    if manifest.withheld_removals > 0 && !manifest.dry_run {
        let option = format!(" --accept-removals {}", manifest.run_id);
        let command = command("run", &option);
        return Some(format!(
            "find out why the records are missing; {command} accepts the removals"
        ));
    }
    if let Some(path) = manifest.dead_letter_file.as_ref().filter(|_| manifest.dead_letters > 0) {
        let path = format!(" {}", quoted(&path.to_string_lossy()));
        return Some(format!(
            "fix the cause of the dead letters; then {}",
            command("replay", &path)
        ));
    }
    if let Some(drop) = drop {
        let stage = format!(" --stage {}", quoted(drop.stage));
        return Some(format!("{} shows what is dropped", command("preview", &stage)));
    }
    manifest.dry_run.then(|| format!("{} publishes the export", command("run", "")))
}
