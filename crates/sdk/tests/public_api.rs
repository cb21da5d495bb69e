//! The public API for plugin authors, as text. A change of it appears in the diff of `api.txt`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// If set, the test writes the files instead of comparing them.
const UPDATE: &str = "UPDATE_PUBLIC_API";

/// A program that runs rustdoc with the unstable option for JSON. The format of this JSON is the one of stable Rust 1.95. If
/// `RUSTC_BOOTSTRAP` were set for all programs, build scripts would see it, and crates would be compiled again.
fn rustdoc(folder: &Path) -> PathBuf {
    let program = folder.join("rustdoc");
    fs::write(&program, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// The public API of a crate of this workspace, one item per line.
fn public_api(package: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = folder.parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustdoc", "--quiet", "--locked", "--offline", "--lib", "--package", package]);
    cargo.arg("--target-dir").arg(target);
    cargo.args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    let output = cargo.env("RUSTDOC", rustdoc(folder)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json = target.join("doc").join(package.replace('-', "_")).with_extension("json");
    let builder = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true);
    builder.build().unwrap().to_string()
}

#[test]
fn the_public_api_matches_the_reviewed_text() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["json", "sdk"] {
        let (path, api) =
            (crates.join(name).join("api.txt"), public_api(&format!("taskferry-{name}")));
        if env::var_os(UPDATE).is_some() {
            fs::write(&path, &api).unwrap();
        }
        let reviewed = fs::read_to_string(&path).unwrap_or_default();
        let (shown, lines) =
            (path.display(), |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>());
        let (is, was) = (lines(&api), lines(&reviewed));
        let added: Vec<_> = is.iter().filter(|line| !was.contains(line)).collect();
        let removed: Vec<_> = was.iter().filter(|line| !is.contains(line)).collect();
        assert!(
            api == reviewed,
            "the public API of `{name}` has changed; run this test with {UPDATE}=1 and review {shown}\nadded: {added:#?}\ngone: {removed:#?}"
        );
    }
}
