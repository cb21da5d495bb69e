//! The check of the output folder, for `taskferry doctor`.

use std::fs;
use std::path::Path;

use taskferry_files::{folder_of, probe_folder};
use taskferry_sdk::Finding;

use crate::error::cannot;
use crate::paths::replaceable;

/// The free space below which the check warns.
const MIN_FREE_BYTES: u64 = 100_000_000;

/// Checks whether the file can be created, and reports the free space. Leaves no file behind.
pub(crate) fn folder_finding(path: &Path) -> Finding {
    let target = match replaceable(path) {
        Ok(target) => target,
        Err(error) => return Finding::from(&error),
    };
    let folder = folder_of(&target);
    let found = match probe_folder(folder) {
        Ok(found) => found,
        Err(error) => {
            let finding = Finding::from(&cannot("write to the folder", folder, error));
            let has_hint = finding.hint.is_some();
            let hint = "choose a `path` whose folder exists or can be created";
            return if has_hint { finding } else { finding.hint(hint) };
        }
    };
    let shown = path.display();
    let free = megabytes(found.free_bytes);
    let text = if found.exists {
        format!("`{shown}` can be written; {free} are free")
    } else {
        format!("`{shown}` can be written, in a folder that the run creates; {free} are free")
    };
    let last = fs::metadata(&target).map_or(0, |file| file.len());
    if found.free_bytes == 0 {
        Finding::failed(format!("no space is left for `{shown}`")).hint("free some disk space")
    } else if found.free_bytes < last {
        Finding::warning(format!(
            "{text}, less than the size of the last file ({})",
            megabytes(last)
        ))
        .hint("free some disk space: the old file is kept until the new one is complete")
    } else if found.free_bytes < MIN_FREE_BYTES {
        Finding::warning(text).hint("free some disk space")
    } else {
        Finding::ok(text)
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
