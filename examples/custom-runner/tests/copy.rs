//! The crate of the transform is self-contained: copied into an empty folder, it builds and its tests pass.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Crates that a transform crate does not depend on: a database, an HTTP server and client, telemetry, jq.
const HEAVY: [&str; 9] = [
    "axum",
    "hyper",
    "jaq-core",
    "libsqlite3-sys",
    "opentelemetry",
    "reqwest",
    "rusqlite",
    "rustls",
    "tokio",
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == "target" => {}
            true => self::copy(&path, &copy),
            false => drop(fs::copy(&path, &copy).unwrap()),
        }
    }
}

/// Runs Cargo in the copy. Dependencies that the workspace has built with the same profile are not built again.
fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", target);
    let debug = std::env::var("CARGO_PROFILE_DEV_DEBUG");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", debug.as_deref().unwrap_or("line-tables-only"));
    cargo.args(arguments).arg("--offline").output().unwrap()
}

#[test]
fn a_copy_of_the_transform_crate_builds_and_passes_its_tests() {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = runner.ancestors().nth(2).unwrap();
    // Always the same folder, so that test runs do not leave artifacts of different crates.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom-transform");
    drop(fs::remove_dir_all(&folder));
    copy(&runner.with_file_name("custom-transform"), &folder);
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let sdk = format!("{:?}", repository.join("crates/sdk"));
    assert!(text.contains("\"../../crates/sdk\""), "{text}");
    let text = text.replace("\"../../crates/sdk\"", &sdk);
    // Without `[workspace]`, Cargo would treat the folder as part of the workspace of this repository.
    fs::write(&manifest, format!("{text}\n[workspace]\n")).unwrap();
    // Uses the versions of the workspace, which are available offline.
    fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let tree = cargo(&folder, &["tree", "--edges", "normal,build", "--prefix", "none"]);
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let built: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains(&"taskferry-sdk"), "{tree}");
    assert!(HEAVY.iter().all(|heavy| !built.contains(heavy)), "{tree}");

    let test = cargo(&folder, &["test"]);
    let (stdout, stderr) =
        (String::from_utf8_lossy(&test.stdout), String::from_utf8_lossy(&test.stderr));
    assert!(test.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("a_malformed_file_is_reported_before_the_run ... ok"), "{stdout}");
}
