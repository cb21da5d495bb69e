//! `--accept-removals`: accepts the removals that the last complete run has withheld.

use std::path::Path;

/// Checks that `run_id` is the last complete run in the state folder, and has withheld removals.
///
/// # Errors
/// What is wrong, and what to do.
pub(crate) fn check(folder: &Path, run_id: &str) -> Result<(), String> {
    let refused = |reason: String| Err(format!("`--accept-removals {run_id}`: {reason}"));
    let last = taskferry_engine::withheld_removals(folder)
        .map_err(|error| format!("{error}: {}", error.source))?;
    match last {
        None => refused("no run of this pipeline is complete yet".to_owned()),
        Some((last, 0)) if last == run_id => refused("the run withheld no removals".to_owned()),
        Some((last, _)) if last == run_id => Ok(()),
        Some((last, 0)) => refused(format!(
            "the run is not the last complete run; the last complete run {last} withheld no removals"
        )),
        Some((last, withheld)) => refused(format!(
            "the run is not the last complete run; the last complete run {last} withheld {withheld} removals: check them, then run with `--accept-removals {last}`"
        )),
    }
}
