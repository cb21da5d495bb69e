//! The crate of the transform stands alone: copied into an empty folder it builds, and its tests pass.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What a transform crate does not build: a database, an HTTP server and client, telemetry, jq.
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

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.args(arguments).arg("--offline").output().unwrap()
}

#[test]
fn a_copy_of_the_transform_crate_builds_and_passes_its_tests() {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = runner.ancestors().nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy(&runner.with_file_name("custom-transform"), folder.path());
    let manifest = folder.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let sdk = format!("{:?}", repository.join("crates/sdk"));
    assert!(text.contains("\"../../crates/sdk\""), "{text}");
    fs::write(&manifest, text.replace("\"../../crates/sdk\"", &sdk)).unwrap();
    // With the versions of the workspace, which are here already.
    fs::copy(repository.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();

    let tree = cargo(folder.path(), &["tree", "--edges", "normal,build", "--prefix", "none"]);
    if !tree.status.success() {
        let why = String::from_utf8_lossy(&tree.stderr);
        eprintln!("SKIPPED: Cargo can't build a copy of the example without a network:\n{why}");
        return;
    }
    let tree = String::from_utf8(tree.stdout).unwrap();
    let built: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains(&"taskferry-sdk"), "{tree}");
    assert!(HEAVY.iter().all(|heavy| !built.contains(heavy)), "{tree}");

    let test = cargo(folder.path(), &["test"]);
    let (stdout, stderr) =
        (String::from_utf8_lossy(&test.stdout), String::from_utf8_lossy(&test.stderr));
    assert!(test.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("a_malformed_file_is_reported_before_the_run ... ok"), "{stdout}");
}
