//! The invariants of `ARCHITECTURE.md`, checked in manifests and source files: dependencies of crates and modules, and
//! crates without input and output.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/io.rs"]
mod io;
#[path = "architecture/modules.rs"]
mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Crates whose modules may use each other in a cycle. The values of jq hold arrays and objects, which hold values.
const WITH_CYCLES: &[&str] = &["transform-jq"];

/// The crates that a plugin may depend on.
const BELOW_PLUGINS: &[&str] = &["sdk", "json", "files", "profile", "format", "http", "retry"];

/// Each crate of the workspace and its allowed dependencies in the workspace, except for tests. Names omit `taskferry-`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("files", &[]),
    ("sdk", &["json"]),
    ("profile", &["json", "sdk"]),
    ("state", &["files"]),
    ("retry", &["sdk"]),
    ("http", &["sdk"]),
    ("lookup", &["sdk", "http", "retry"]),
    ("format", &["sdk", "files"]),
    ("pipeline", &["sdk"]),
    ("config", &["sdk", "pipeline"]),
    ("engine", &["sdk", "pipeline", "files", "state"]),
    ("telemetry", &["sdk", "pipeline", "engine", "http"]),
    ("sandbox", &["profile", "sdk"]),
    ("source-techwolf", BELOW_PLUGINS),
    ("transform-aggregate", BELOW_PLUGINS),
    ("transform-changes", BELOW_PLUGINS),
    ("transform-command", BELOW_PLUGINS),
    ("transform-deduplicate", BELOW_PLUGINS),
    ("transform-filter-ai-impact", BELOW_PLUGINS),
    ("transform-flatten-hierarchy", BELOW_PLUGINS),
    ("transform-join", BELOW_PLUGINS),
    ("transform-jq", BELOW_PLUGINS),
    ("transform-rename-skills", BELOW_PLUGINS),
    ("transform-select", BELOW_PLUGINS),
    ("transform-wasm", BELOW_PLUGINS),
    ("sink-file", BELOW_PLUGINS),
    ("sink-stdout", BELOW_PLUGINS),
    ("sink-webhook", BELOW_PLUGINS),
    ("unified-features", &[]),
    ("testkit", &["sdk"]),
    ("taskferry", RUNNER),
    ("example-job-names", &["sdk"]),
    ("example-runner", &["taskferry", "example-job-names"]),
    ("benches", &["sdk"]),
    ("bench-end-to-end", &["taskferry", "sandbox"]),
];

const RUNNER: &[&str] = &[
    "config",
    "engine",
    "files",
    "pipeline",
    "retry",
    "sandbox",
    "sdk",
    "sink-file",
    "sink-stdout",
    "sink-webhook",
    "source-techwolf",
    "state",
    "telemetry",
    "transform-aggregate",
    "transform-changes",
    "transform-command",
    "transform-deduplicate",
    "transform-filter-ai-impact",
    "transform-flatten-hierarchy",
    "transform-join",
    "transform-jq",
    "transform-rename-skills",
    "transform-select",
    "transform-wasm",
    "unified-features",
];

/// External crates, and the crates of the workspace that may depend on them.
const CONFINED: &[(&[&str], &[&str])] = &[
    (&["toml", "toml_edit", "figment"], &["config"]),
    (&["reqwest", "hyper", "ureq"], &["http"]),
    (&["jaq-core", "jaq-std", "jaq-json", "jaq-all"], &["transform-jq"]),
    (&["rusqlite", "axum"], &["sandbox"]),
    (
        &["opentelemetry", "opentelemetry_sdk", "opentelemetry-otlp", "opentelemetry-http"],
        &["telemetry"],
    ),
    (&["taskferry-http"], &["lookup", "sink-webhook", "source-techwolf", "telemetry"]),
];

/// Crates without input and output: they exchange data through arguments, results and traits.
const WITHOUT_IO: &[&str] = &[
    "json",
    "sdk",
    "profile",
    "pipeline",
    "retry",
    "transform-aggregate",
    "transform-deduplicate",
    "transform-filter-ai-impact",
    "transform-flatten-hierarchy",
    "transform-join",
    "transform-rename-skills",
    "transform-select",
    "transform-wasm",
];

/// A crate of the workspace, from the metadata of Cargo.
struct Package {
    /// The name without `taskferry-`.
    name: String,
    /// The names of all dependencies except dev-dependencies.
    dependencies: Vec<String>,
    src: PathBuf,
    /// Whether Cargo compiles the library a second time, for unit tests.
    compiles_unit_tests: bool,
}

fn packages() -> Vec<Package> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = |package: &Value| package["targets"].as_array().unwrap().clone().into_iter();
    let is_library = |target: &Value| target["kind"] == serde_json::json!(["lib"]);
    let package = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let used = all.filter(|dependency| dependency["kind"] != "dev");
        Package {
            name: short(&text(&package["name"])),
            dependencies: used.map(|dependency| text(&dependency["name"])).collect(),
            src: Path::new(&text(&package["manifest_path"])).with_file_name("src"),
            compiles_unit_tests: targets(package).any(|it| is_library(&it) && it["test"] == true),
        }
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn short(name: &str) -> String {
    name.strip_prefix("taskferry-").unwrap_or(name).to_owned()
}

fn is_internal(name: &str) -> bool {
    ["taskferry", "example"].contains(&name.split('-').next().unwrap())
}

#[test]
fn every_crate_depends_only_on_the_crates_below_it() {
    let packages = packages();
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, names, "`ALLOWED` lists every crate of the workspace");
    for Package { name, dependencies, .. } in &packages {
        let (_, allowed) = ALLOWED.iter().find(|(listed, _)| listed == name).unwrap();
        let internal = dependencies.iter().filter(|name| is_internal(name));
        let foreign: Vec<String> =
            internal.map(|name| short(name)).filter(|it| !allowed.contains(&&**it)).collect();
        assert!(foreign.is_empty(), "{name} must not depend on {foreign:?}");
    }
}

#[test]
fn external_crates_stay_in_the_crates_they_are_confined_to() {
    let packages = packages();
    for (external, expected) in CONFINED {
        let is_user = |package: &&Package| {
            package.dependencies.iter().any(|name| external.contains(&name.as_str()))
        };
        let users: BTreeSet<&str> =
            packages.iter().filter(is_user).map(|package| package.name.as_str()).collect();
        assert_eq!(users, expected.iter().copied().collect(), "{external:?}");
    }
}

#[test]
fn crates_without_input_and_output_use_none() {
    let packages = packages();
    for name in WITHOUT_IO {
        let package = packages.iter().find(|package| package.name == *name).unwrap();
        let external = package.dependencies.iter().filter(|name| io::CRATES.contains(&&***name));
        let mut found: Vec<String> = external.map(|name| format!("the crate `{name}`")).collect();
        found.extend(io::uses(&package.src));
        assert!(found.is_empty(), "{name} does no input or output, but uses\n{}", found.join("\n"));
    }
}

#[test]
fn input_and_output_is_found_in_any_spelling() {
    for code in [
        "fn f() { std::fs::read(\"x\"); }",
        "use std::fs;",
        "use std::{fmt, net::{IpAddr, TcpStream}};",
        "use std::fs as disk;",
        "use std::io::{self, Read};\nfn f() { io::stdin().lock(); }",
        "fn f() { ::std::process::exit(1) }",
        "fn f() { std::env::var(\"HOME\"); }",
        "use tokio::fs::File;",
        "fn f(path: &Path) -> bool { path.exists() }",
        "fn f() { println!(\"x\") }",
        "use std::*;",
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lib.rs"), "mod inner;\n").unwrap();
        std::fs::write(folder.path().join("inner.rs"), code).unwrap();
        let found = io::uses(folder.path());
        assert!(!found.is_empty() && found[0].starts_with("crate::inner: "), "{code}: {found:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let code = "use std::io::{self, Read, Write};\n// std::fs::read\nfn f(reader: impl Read) -> io::Result<()> {}\n\
                mod tests {\n    use std::fs;\n}\n";
    std::fs::write(folder.path().join("lib.rs"), code).unwrap();
    assert_eq!(io::uses(folder.path()), Vec::<String>::new());
}

#[test]
fn modules_of_a_crate_form_no_cycles() {
    let mut found = Vec::new();
    for package in packages() {
        let Package { name, src, .. } = package;
        if src.is_dir() && !WITH_CYCLES.contains(&&*name) {
            found.extend(modules::cycles(&src).iter().map(|cycle| format!("{name}: {cycle}")));
        }
    }
    let help = "move what both use into a module below them, or pass it as an argument";
    assert!(found.is_empty(), "modules use each other; {help}:\n{}", found.join("\n"));
}

#[test]
fn a_cycle_of_modules_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("stage")).unwrap();
    write("lib.rs", "mod run;\nmod stage;\npub use stage::Stage;\n");
    write("run.rs", "use crate::{Stage as Step, stage::order::{self, Order}};\n");
    write("stage.rs", "mod order;\nuse std::fmt;\n// crate::run::Run\npub struct Stage;\n");
    write("stage/order.rs", "pub struct Order;\n");
    assert!(modules::cycles(folder.path()).is_empty());
    write("stage/order.rs", "fn f() { crate::run::start() }\nmod tests {\n    use super::*;\n}\n");
    let cycles = modules::cycles(folder.path());
    assert_eq!(Vec::from_iter(cycles), ["crate::run -> crate::stage::order -> crate::run"]);
}

/// The third-party crates that a build for this machine compiles, and the sets of features that each is compiled with.
fn features(selection: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let arguments = ["tree", "--prefix", "none", "--format", "{p}|{f}", "--offline"];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).args(selection).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()) {
        let (package, set) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        features.entry(package.to_owned()).or_default().insert(set.to_owned());
    }
    features
}

/// See `docs/decisions/0029-one-set-of-features.md`.
#[test]
fn the_binary_and_the_tests_use_the_same_features() {
    let tests = features(&["--workspace", "--edges", "no-build,no-proc-macro"]);
    let binary = features(&["--package", "taskferry", "--edges", "no-build,no-dev,no-proc-macro"]);
    let differences = binary.iter().filter(|(package, sets)| tests[*package] != **sets);
    let lines =
        differences.map(|(package, sets)| format!("{package}: {sets:?}, {:?}", tests[package]));
    let lines: Vec<String> = lines.collect();
    assert!(
        lines.is_empty(),
        "add features to crates/unified-features/Cargo.toml; the binary and the tests use:\n{}",
        lines.join("\n")
    );
}

fn has_unit_tests(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            has_unit_tests(&path)
        } else {
            fs::read_to_string(&path).is_ok_and(|text| text.contains("#[cfg(test)]"))
        }
    })
}

/// Without unit tests, `[lib] test = false` avoids a second compilation of the library. With unit tests, it would skip the tests.
#[test]
fn libraries_are_compiled_for_unit_tests_if_they_have_some() {
    for Package { name, src, compiles_unit_tests, .. } in packages() {
        if name.starts_with("example") {
            continue; // Authors copy its manifest.
        }
        let expected = has_unit_tests(&src);
        assert_eq!(compiles_unit_tests, expected, "`[lib] test` in the Cargo.toml of {name}");
    }
}
