//! `docs/reliability.md` names existing tests, and `docs/running.md` lists the exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use taskferry_testkit::project_file;

fn page() -> String {
    fs::read_to_string(project_file("docs/reliability.md")).unwrap()
}

#[test]
fn every_fault_is_held_by_tests_that_exist() {
    let page = page();
    let (_, faults) = page.split_once("\n## Faults\n").unwrap();
    let faults = faults.split("\n## ").next().unwrap();
    let rows: Vec<&str> = faults
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault "))
        .collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    let sources = sources();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 4, "{row}");
        let tests: Vec<&str> = cells[3].split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            let (file, name) =
                test.split_once("::").unwrap_or_else(|| panic!("`{test}` is no FILE::TEST"));
            let is_there = |(path, text): &(PathBuf, String)| {
                path.ends_with(file) && text.contains(&format!("fn {name}("))
            };
            assert!(sources.iter().any(is_there), "there is no test `{test}`");
        }
    }
}

#[test]
fn every_exit_code_is_listed() {
    let page = fs::read_to_string(project_file("docs/running.md")).unwrap();
    let (_, table) = page.split_once("| code | meaning |").unwrap();
    let codes: Vec<&str> = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.split(" |").next())
        .flat_map(|codes| codes.split(" / "))
        .collect();
    assert_eq!(codes.len(), 11, "{codes:?}");
}

/// All Rust files of the crates, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let (mut folders, mut files) = (vec![PathBuf::from(project_file("crates"))], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("rs").as_os_str()) {
                files.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}
