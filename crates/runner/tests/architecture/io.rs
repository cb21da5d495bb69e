//! Finds input and output in the source files of a crate: paths into I/O modules of `std` and `tokio`, methods of `Path`
//! that access the disk, and macros that print.

use std::path::Path;

use crate::modules;

/// External crates that do input or output.
pub(crate) const CRATES: &[&str] = &[
    "tokio-util",
    "reqwest",
    "hyper",
    "tempfile",
    "rusqlite",
    "axum",
    "rustix",
    "nix",
    "taskferry-files",
];

const PATHS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::process",
    "tokio::fs",
    "tokio::io",
    "tokio::net",
    "tokio::process",
    "rustix",
    "tempfile",
];

/// Globs that could import any of these.
const GLOBS: &[&str] = &["std::", "std::io::", "tokio::"];

const CALLS: &[&str] = &[
    ".canonicalize()",
    ".exists()",
    ".is_dir()",
    ".is_file()",
    ".metadata()",
    ".read_dir()",
    ".read_link()",
    ".symlink_metadata()",
    ".try_exists()",
    "print!(",
    "println!(",
    "dbg!(",
];

/// Each use of input or output, as `module: path`.
pub(crate) fn uses(src: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (at, module) in modules::read(src) {
        for path in module.full_paths() {
            let path = path.trim_start_matches("::");
            let is_in = |root: &&&str| {
                path.strip_prefix(**root)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            if PATHS.iter().any(|root| is_in(&root)) || GLOBS.contains(&path) {
                found.push(format!("{at}: {path}"));
            }
        }
        let calls = CALLS.iter().filter(|call| module.code.contains(**call));
        found.extend(calls.map(|call| format!("{at}: {call}")));
    }
    found
}
