//! `docs/reliability.md` names existing tests, and `docs/running.md` explains every exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use taskferry_testkit::{Context, project_file};

fn page() -> String {
    fs::read_to_string(project_file("docs/reliability.md")).unwrap()
}

#[test]
fn every_documented_fault_cites_existing_tests() {
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

/// The exit codes and their meanings in the help of `run`.
fn exit_codes() -> BTreeMap<String, String> {
    let help = Context::new().taskferry(&["run", "--help"]).with_code(0).stdout;
    let (_, list) = help.split_once("Exit codes:\n").unwrap();
    let entry = |line: &str| {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        (code.to_owned(), meaning.trim().to_owned())
    };
    list.trim_end().lines().map(entry).collect()
}

/// The table of exit codes in `docs/running.md`.
fn documented_exit_codes() -> BTreeMap<String, String> {
    let page = fs::read_to_string(project_file("docs/running.md")).unwrap();
    let (_, table) = page.split_once("| code | meaning |\n|---|---|\n").unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.map(|(code, meaning)| (code.to_owned(), meaning.to_owned())).collect()
}

/// The exit codes after which, according to that table, the next run resumes.
pub(crate) fn exit_codes_that_resume() -> Vec<i32> {
    let rows = documented_exit_codes().into_iter();
    let resumes = rows.filter(|(_, meaning)| meaning.contains("the next run resumes"));
    resumes.map(|(code, _)| code.parse().unwrap()).collect()
}

#[test]
fn the_page_lists_the_exit_codes_with_their_meanings() {
    let (documented, codes) = (documented_exit_codes(), exit_codes());
    assert!(documented.keys().eq(codes.keys()), "{documented:?}\n{codes:?}");
    for (code, meaning) in &codes {
        let rest = documented[code].strip_prefix(meaning.as_str());
        let is_whole = rest.is_some_and(|rest| rest.starts_with([' ', ';', ':', ',']));
        assert!(is_whole, "{code}: `{meaning}` in the code, `{}` on the page", documented[code]);
    }
}

#[test]
fn every_exit_code_is_tested_and_no_other_is_expected() {
    let mut tested = BTreeSet::new();
    for (path, text) in sources() {
        if path.components().any(|part| part.as_os_str() == "cli") {
            let calls = text.split(".with_code(").skip(1);
            let codes = calls.filter_map(|call| call.split(')').next()?.parse::<u8>().ok());
            tested.extend(codes.map(|code| code.to_string()));
        }
    }
    // A defect cannot be caused with the binary; `crates/engine/tests` tests it.
    tested.insert("1".to_owned());
    assert_eq!(tested, exit_codes().into_keys().collect());
}

/// The paths and texts of all Rust files of the crates.
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
