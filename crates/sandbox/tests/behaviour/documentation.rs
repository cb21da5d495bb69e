//! `docs/sandbox.md` says what is true.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_sandbox::{FAULTS, SETTINGS};

use crate::client::Client;

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join("docs/sandbox.md")).unwrap()
}

#[test]
fn the_table_of_settings_is_that_of_the_code() {
    let mut table = String::from(
        "| setting | values | default | what is unknown, and why this default |\n|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        writeln!(
            table,
            "| `{}` | {} | `{}` | {} Because {}. |",
            setting.name,
            setting.values(),
            setting.default,
            setting.unknown,
            setting.reason
        )
        .unwrap();
    }
    assert!(page().contains(&table), "the table in docs/sandbox.md has to be:\n\n{table}");
}

#[test]
fn the_table_of_faults_is_that_of_the_code() {
    let mut table = String::from("| fault | what happens |\n|---|---|\n");
    for fault in FAULTS {
        writeln!(table, "| `{}` | {} |", fault.form, fault.about).unwrap();
    }
    assert!(page().contains(&table), "the table in docs/sandbox.md has to be:\n\n{table}");
}

/// The first cells of the table whose first row begins with `head`.
fn cells(page: &str, head: &str) -> Vec<String> {
    let table = page.split_once(head).unwrap().1.split_once("\n\n").unwrap().0;
    let rows = table.lines().skip(2);
    rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect()
}

#[tokio::test]
async fn the_tables_of_requests_and_statuses_are_those_of_the_description() {
    let (page, mut served, mut statuses) = (page(), BTreeSet::new(), BTreeSet::new());
    // Settings only change which of the statuses an answer has; 405 is the answer to what is not described.
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
    served.insert("`GET /`".to_owned());
    statuses.insert("405".to_owned());
    let documented = cells(&page, "| request |");
    assert_eq!(documented.iter().cloned().collect::<BTreeSet<_>>(), served);
    assert_eq!(documented.len(), served.len());
    assert_eq!(cells(&page, "| status |"), statuses.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_sentence_is_held_by_tests_that_exist() {
    let page = page();
    let (_, part) = page.split_once("## Every sentence, and the test that holds it").unwrap();
    let part = part.split("\n## ").next().unwrap();
    let rows: Vec<_> = part.lines().filter(|line| line.starts_with("| \"")).collect();
    assert_eq!(rows.len(), 36, "a sentence of the page is missing, or there twice");
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

/// All test files of the sandbox and of the source, with their text.
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
