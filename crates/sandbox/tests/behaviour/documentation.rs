//! `docs/sandbox.md` and `promises.md` match the code and the tests.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_sandbox::{FAULTS, SETTINGS, Setting};

use crate::client::Client;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sandbox.md")
}

fn page() -> String {
    std::fs::read_to_string(path()).unwrap()
}

/// Compares a table of the page with the one generated from the code. `UPDATE_DOCS=1` replaces it.
fn assert_table(table: &str) {
    let page = page();
    if page.contains(table) {
        return;
    }
    let head = table.lines().next().unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let (before, rest) = page.split_once(head).unwrap();
        let after = rest.split_once("\n\n").unwrap().1;
        std::fs::write(path(), format!("{before}{table}\n{after}")).unwrap();
        return;
    }
    panic!("the table `{head}` of docs/sandbox.md is outdated: run this test with UPDATE_DOCS=1");
}

#[test]
fn the_tables_of_settings_and_faults_match_the_code() {
    let mut settings =
        "| setting | values | default | unknown behavior |\n|---|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let Setting { name, default, unknown, .. } = setting;
        let values = setting.values();
        writeln!(settings, "| `{name}` | {values} | `{default}` | {unknown} |").unwrap();
    }
    assert_table(&settings);
    let mut faults = "| fault | effect |\n|---|---|\n".to_owned();
    for fault in FAULTS {
        writeln!(faults, "| `{}` | {} |", fault.form, fault.about).unwrap();
    }
    assert_table(&faults);
}

/// The first cells of the table whose first row begins with `head`.
fn cells(page: &str, head: &str) -> Vec<String> {
    let table = page.split_once(head).unwrap().1.split_once("\n\n").unwrap().0;
    let rows = table.lines().skip(2);
    rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect()
}

#[tokio::test]
async fn the_tables_of_requests_and_statuses_match_the_description() {
    let (page, mut served, mut statuses) = (page(), BTreeSet::new(), BTreeSet::new());
    // No setting adds a status to those of the default settings. The description omits 405, the response to any other method.
    let client = Client::generated(1).await;
    let url = format!("{}/openapi.json", client.sandbox.url());
    let document: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            statuses.extend(responses.keys().filter(|status| !status.starts_with('2')).cloned());
            served.insert(format!("`{} {path}`", method.to_uppercase()));
        }
    }
    statuses.insert("405".to_owned());
    let documented = cells(&page, "| request |");
    assert_eq!(documented.iter().cloned().collect::<BTreeSet<_>>(), served);
    assert_eq!(documented.len(), served.len());
    assert_eq!(cells(&page, "| status |"), statuses.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_promise_cites_existing_tests() {
    let rows: Vec<_> = PROMISES.lines().filter(|line| line.starts_with("| \"")).collect();
    assert_eq!(rows.len(), 36, "a sentence of the page is missing or listed twice");
    let sources = sources();
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit_once('|').unwrap().1;
        let tests: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            let (file, name) =
                test.split_once("::").unwrap_or_else(|| panic!("`{test}` is no FILE::TEST"));
            let found = sources
                .iter()
                .any(|(path, text)| path.ends_with(file) && text.contains(&format!("fn {name}()")));
            assert!(found, "there is no test `{test}`");
        }
    }
}

const PROMISES: &str = include_str!("../promises.md");

/// The paths and texts of all test files of the sandbox and of the source `techwolf`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders =
        vec![root.join("crates/sandbox/tests"), root.join("crates/sources/techwolf/tests")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files
}
