//! The check of the state folder.

use std::path::Path;

use taskferry_files::probe_folder;
use taskferry_sdk::Finding;

use crate::command::format;
use crate::command::state_folder::StateFolder;

/// The minimum free space without a warning. The state takes only about 16 bytes per job, but other files may fill the disk.
const MIN_FREE_BYTES: u64 = 100_000_000;

/// Whether the state folder can be used, and whether another run uses it.
pub(super) fn state_findings(folder: &StateFolder, pipeline: &str, file: &Path) -> Vec<Finding> {
    let path = folder.path();
    let shown = path.display();
    let help = "set `dir` in [state] to use another folder, or correct its permissions";
    let found = match probe_folder(&path) {
        Ok(found) => found,
        Err(error) => {
            let text = format!("can't write to the state folder `{shown}`: {error}");
            return vec![Finding::failed(text).hint(help)];
        }
    };
    let free = format::bytes(found.free_bytes);
    let text = if found.exists {
        format!("the state folder `{shown}` can be written; {free} are free")
    } else {
        format!("the first run creates the state folder `{shown}`; {free} are free")
    };
    let mut findings = vec![match found.free_bytes {
        0 => Finding::failed(format!("no space is left for the state folder `{shown}`"))
            .hint("free some disk space"),
        1..MIN_FREE_BYTES => Finding::warning(text).hint("free some disk space"),
        _ => Finding::ok(text),
    }];
    if let Err(error) = folder.check_owner(&path, file) {
        findings.push(Finding::failed(error.message.unwrap_or_default()));
    }
    findings.push(match taskferry_state::lock_holder(&path) {
        Ok(None) => Finding::ok("no other run is active"),
        Ok(Some(holder)) => {
            let process = holder.map(|holder| format!(" (process {})", holder.pid));
            let process = process.unwrap_or_default();
            Finding::warning(format!("a run of `{pipeline}` is active{process}"))
                .hint("a run that starts while the active run continues exits with code 7")
        }
        Err(error) => Finding::failed(format!("{error}: {}", error.source)).hint(help),
    });
    findings
}
