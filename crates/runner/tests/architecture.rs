//! Which crate depends on which, as far as the manifests show it, and which module on which, as far as the paths in the
//! source files show it. `ARCHITECTURE.md` says why.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/modules.rs"]
mod modules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Crates whose modules may use each other in a cycle. The values of jq hold arrays and objects, which hold values.
const WITH_CYCLES: &[&str] = &["taskferry-transform-jq"];

/// The crates of the workspace, as Cargo describes them.
fn packages() -> Vec<Value> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// What each crate of the workspace depends on, tests aside, crates of ours first.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let used = all.filter(|dependency| dependency["kind"] != "dev");
        used.map(|dependency| text(&dependency["name"])).collect()
    };
    packages().iter().map(|package| (text(&package["name"]), of(package))).collect()
}

fn is_ours(name: &str) -> bool {
    name == "taskferry" || name.starts_with("taskferry-")
}

fn is_plugin(name: &str) -> bool {
    ["source", "transform", "sink"]
        .iter()
        .any(|role| name.starts_with(&format!("taskferry-{role}-")))
}

/// The crates that depend on any of `names`.
fn who_knows(names: &[&str]) -> Vec<String> {
    let knows = |used: &[String]| used.iter().any(|name| names.contains(&name.as_str()));
    let all = dependencies().into_iter();
    all.filter(|(_, used)| knows(used)).map(|(name, _)| name).collect()
}

#[test]
fn crates_know_only_those_below_them() {
    for (name, used) in dependencies() {
        let allowed: &[&str] = match name.as_str() {
            "taskferry-json" | "taskferry-files" => &[],
            "taskferry-sdk" | "taskferry-profile" => &["taskferry-json"],
            "taskferry-state" => &["taskferry-files"],
            "taskferry-http" | "taskferry-retry" | "taskferry-pipeline" => &["taskferry-sdk"],
            "taskferry-config" => &["taskferry-sdk", "taskferry-pipeline"],
            "taskferry-format" => &["taskferry-sdk", "taskferry-files"],
            "taskferry-engine" => {
                &["taskferry-sdk", "taskferry-pipeline", "taskferry-files", "taskferry-state"]
            }
            "taskferry-sandbox" => &["taskferry-profile", "taskferry-sdk"],
            "taskferry-telemetry" => {
                &["taskferry-sdk", "taskferry-pipeline", "taskferry-engine", "taskferry-http"]
            }
            plugin if is_plugin(plugin) => &[
                "taskferry-sdk",
                "taskferry-files",
                "taskferry-json",
                "taskferry-profile",
                "taskferry-format",
                "taskferry-http",
                "taskferry-retry",
            ],
            // The runner knows everybody; the example and the benches stand outside.
            _ => continue,
        };
        let known: Vec<&String> = used.iter().filter(|name| is_ours(name)).collect();
        let foreign: Vec<_> =
            known.iter().filter(|known| !allowed.contains(&known.as_str())).collect();
        assert!(foreign.is_empty(), "{name} must not know {foreign:?}");
    }
}

#[test]
fn nobody_but_the_runner_s_users_knows_the_runner() {
    let users = ["example-runner", "taskferry-bench-end-to-end"];
    assert_eq!(who_knows(&["taskferry"]), users);
}

#[test]
fn only_config_knows_toml() {
    assert_eq!(who_knows(&["toml", "toml_edit", "figment"]), ["taskferry-config"]);
}

#[test]
fn only_http_knows_an_http_client() {
    assert_eq!(who_knows(&["reqwest", "hyper", "ureq"]), ["taskferry-http"]);
}

#[test]
fn only_stages_that_speak_http_and_telemetry_use_it() {
    let expected = ["taskferry-sink-webhook", "taskferry-source-techwolf", "taskferry-telemetry"];
    assert_eq!(who_knows(&["taskferry-http"]), expected);
}

#[test]
fn only_telemetry_knows_open_telemetry_and_only_the_runner_knows_telemetry() {
    let crates = ["opentelemetry", "opentelemetry_sdk", "opentelemetry-otlp", "opentelemetry-http"];
    assert_eq!(who_knows(&crates), ["taskferry-telemetry"]);
    assert_eq!(who_knows(&["taskferry-telemetry"]), ["taskferry"]);
}

#[test]
fn only_the_jq_transform_knows_jaq() {
    let jaq = ["jaq-core", "jaq-std", "jaq-json", "jaq-all"];
    assert_eq!(who_knows(&jaq), ["taskferry-transform-jq"]);
}

#[test]
fn only_the_sandbox_knows_a_database_and_an_http_server() {
    assert_eq!(who_knows(&["rusqlite", "axum"]), ["taskferry-sandbox"]);
}

#[test]
fn core_json_and_profile_do_no_input_or_output() {
    let all = dependencies();
    for name in ["taskferry-sdk", "taskferry-json", "taskferry-profile"] {
        let used = &all[name];
        for doer in ["tokio", "reqwest", "tempfile", "rusqlite", "axum"] {
            assert!(!used.iter().any(|used| used == doer), "{name} uses {doer}");
        }
    }
}

#[test]
fn no_modules_of_a_crate_use_each_other_in_a_cycle() {
    let mut found = Vec::new();
    for package in packages() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let name = package["name"].as_str().unwrap();
        let src: PathBuf = manifest.with_file_name("src");
        if src.is_dir() && !WITH_CYCLES.contains(&name) {
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
