//! `docs/reliability.md` names existing tests and quotes existing messages, and `docs/running.md` explains every exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use taskferry_testkit::{Context, project_file};

/// The cells of the tables of faults: fault, message, guarantee, tests.
fn faults() -> Vec<[String; 4]> {
    let page = fs::read_to_string(project_file("docs/reliability.md")).unwrap();
    let (_, faults) = page.split_once("\n## Faults\n").unwrap();
    let faults = faults.split("\n## ").next().unwrap().lines();
    let rows = faults.filter(|line| line.starts_with("| ") && !line.starts_with("| fault "));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(str::to_owned).collect();
    rows.map(|row| Vec::try_into(cells(row)).unwrap_or_else(|_| panic!("{row}"))).collect()
}

/// The texts between one or two back quotes.
fn quoted(mut cell: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    while let Some((_, rest)) = cell.split_once('`') {
        let (quote, rest) = rest.strip_prefix('`').map_or(("`", rest), |rest| ("``", rest));
        let (text, rest) = rest.split_once(quote).unwrap();
        texts.push(text);
        cell = rest;
    }
    texts
}

#[test]
fn messages_of_documented_faults_are_in_the_sources() {
    let own = |path: &Path| path.ends_with("cli/documentation.rs");
    let other = sources().into_iter().filter(|(path, _)| !own(path));
    // Literals as they are printed, without line continuations and escapes.
    let joined = other.map(|(_, text)| text.split("\\\n").map(str::trim_start).collect::<String>());
    let text =
        joined.collect::<String>().replace("\\\"", "\"").replace("{{", "{").replace("}}", "}");
    let faults = faults();
    let messages = faults.iter().flat_map(|[_, cell, ..]| quoted(cell));
    let parts = messages.flat_map(|message| message.split('…'));
    let parts = parts.map(|part| part.trim_matches([' ', ':', ',', ';']));
    let missing: Vec<&str> = parts.filter(|part| !text.contains(part)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_documented_fault_cites_existing_tests() {
    let faults = faults();
    assert!(faults.len() >= 60, "{}", faults.len());
    let sources = sources();
    for [fault, .., cited] in &faults {
        let tests = quoted(cited);
        assert!(!tests.is_empty(), "{fault}");
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
    let folders =
        ["crates", "examples/custom-runner"].map(|name| PathBuf::from(project_file(name)));
    let (mut folders, mut files) = (Vec::from(folders), Vec::new());
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

/// The commands are the lines that begin with a prompt.
#[test]
fn every_command_of_the_guide_for_plugins_is_accepted() {
    let mut count = 0;
    for page in ["README", "anatomy", "lookups", "publishing", "testing"] {
        let text = fs::read_to_string(project_file(&format!("docs/plugins/{page}.md"))).unwrap();
        for line in text.lines() {
            let command = line.strip_prefix("$ taskferry ");
            let command = command.or(line.strip_prefix("$ ./taskferry-custom "));
            let command = command.or(line.split_once("-runner -- ").map(|(_, command)| command));
            let Some(command) = command else { continue };
            let command = command.split(" | ").next().unwrap();
            let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
            let ended = Context::new().taskferry(&arguments);
            assert_eq!(ended.code, Some(0), "{page}: {line}\n{}", ended.stderr);
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}
