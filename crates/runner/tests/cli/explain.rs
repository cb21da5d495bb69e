//! `taskferry explain`, and the table behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use taskferry_testkit::{Context, Outcome, project_file};

/// Parts of a source file that look like names but are not: headers, marks in schemas, and words of other programs.
const OTHER_WORDS: [&str; 18] = [
    "content-encoding",
    "content-length",
    "content-type",
    "from-a-secret-store",
    "idempotency-key",
    "kebab-case",
    "review-model-outputs",
    "transfer-encoding",
    "wasm-clock",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-gzip",
    "x-same-jobs",
    "x-same-output",
    "x-same-records",
    "x-sandbox",
    "x-taskferry-sandbox",
];

/// Examples that a test cannot check with the built-in plugins, or that would be longer than a page.
const UNCHECKED: [&str; 2] = ["oversized-jq", "unsupported-sandbox"];

/// A section of `docs/errors.md`: the wrong example, then the right one.
fn examples() -> BTreeMap<String, [String; 2]> {
    let page = fs::read_to_string(project_file("docs/errors.md")).unwrap();
    let sections = page.split("\n## `").skip(1).map(|section| {
        let (name, rest) = section.split_once('`').unwrap();
        let blocks: Vec<String> = rest
            .split("```")
            .skip(1)
            .step_by(2)
            .map(|block| block.split_once('\n').unwrap().1.trim_end().to_owned())
            .collect();
        (name.to_owned(), blocks.try_into().unwrap())
    });
    sections.collect()
}

/// The string literals of the crates' sources, without their unit tests.
fn literals() -> BTreeSet<String> {
    fn visit(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_other = matches!(name, "tests" | "target" | "testkit" | "benches");
            if path.is_dir() && !is_other {
                visit(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                found.extend(text.split('"').map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["config", "format", "http", "pipeline", "profile", "retry", "sdk"] {
        visit(Path::new(&project_file(&format!("crates/{folder}/src"))), &mut found);
    }
    visit(Path::new(&project_file("crates/runner/src/sandbox")), &mut found);
    for folder in ["sinks", "sources", "transforms"] {
        visit(Path::new(&project_file(&format!("crates/{folder}"))), &mut found);
    }
    found
}

fn is_name(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.contains('-') && text.split('-').all(word)
}

/// Runs `check` on an example in a folder with the files that the examples name.
fn checked(example: &str) -> Outcome {
    let mut context = Context::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(Vec::<String>::new()).unwrap().self_signed(&key).unwrap();
    context.write("client.pem", &key.serialize_pem());
    context.write("ca.pem", &certificate.pem());
    context.write("skills/workday.csv", "vendor,skill,vendor_skill\nworkday,Excel,MS Excel\n");
    context.write("tasks.jq", ".");
    fs::write(context.path("latin1.toml"), b"name = \"caf\xe9\"\n").unwrap();
    context.set("HOME", context.path("").to_string_lossy());
    context.set("TECHWOLF_TOKEN", "token");
    context.set("WEBHOOK_AUTHORIZATION", "Basic abc");
    context.set("WEBHOOK_SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
    let mut command = "taskferry check jobs.toml";
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut file = "jobs.toml";
    for line in example.lines() {
        let named = line.strip_prefix("# ").filter(|name| !name.contains(' '));
        match (line.strip_prefix("$ "), named) {
            (Some(given), _) => command = given,
            (None, Some(name)) => file = name,
            (None, None) => {
                let text = files.entry(file).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    let pipeline = files.entry("jobs.toml").or_default();
    if !pipeline.contains("[source]") {
        pipeline.push_str("\n[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"\n");
    }
    if !pipeline.contains("[sink]") {
        pipeline.push_str("\n[[sink]]\ntype = \"stdout\"\n");
    }
    for (name, text) in files {
        context.write(name, &text);
    }
    let (variables, arguments) = command.split_once("taskferry ").unwrap();
    for variable in variables.split_whitespace() {
        let (name, value) = variable.split_once('=').unwrap();
        context.set(name, value);
    }
    let arguments: Vec<&str> = arguments.split(' ').chain(["--log", "json"]).collect();
    context.taskferry(&arguments)
}

fn names(outcome: &Outcome) -> Vec<String> {
    let codes = outcome.log();
    codes.iter().filter_map(|line| Some(line["code"].as_str()?.to_owned())).collect()
}

#[test]
fn each_wrong_example_has_its_error_and_the_right_one_has_none() {
    let mut different = Vec::new();
    for (name, [wrong, right]) in examples() {
        if UNCHECKED.contains(&name.as_str()) {
            continue;
        }
        let found = names(&checked(&wrong));
        if found != [name.clone()] {
            different.push(format!("{name}: the wrong example has {found:?}"));
        }
        let right = checked(&right);
        let found = names(&right);
        if !found.is_empty() {
            different.push(format!("{name}: the right example has {found:?}:\n{}", right.stderr));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_name_in_the_sources_is_explained_and_every_explained_name_is_used() {
    let (explained, literals) = (examples(), literals());
    let used = literals.iter().filter(|text| is_name(text));
    let used: BTreeSet<&str> =
        used.map(String::as_str).filter(|name| !OTHER_WORDS.contains(name)).collect();
    let explained: BTreeSet<&str> = explained.keys().map(String::as_str).collect();
    assert_eq!(used, explained);
}

#[test]
fn the_page_of_errors_is_generated_from_the_table() {
    let printed = Context::new().taskferry(&["explain", "--markdown"]).with_code(0).stdout;
    let page = fs::read_to_string(project_file("docs/errors.md")).unwrap();
    assert!(printed == page, "run `taskferry explain --markdown > docs/errors.md`");
}

#[test]
fn a_name_is_explained_with_a_wrong_and_a_right_example() {
    let ended = Context::new().taskferry(&["explain", "unknown-key"]).with_code(0);
    insta::assert_snapshot!(ended.stdout, @r#"
    unknown-key: a table has a key that does not exist

      taskferry refuses unknown keys, because a misspelled option would have no effect. The message
      names the nearest key, or all keys of the table. `taskferry plugins TYPE` describes the keys of a
      plugin.

      Wrong:

          [source]
          type = "techwolf"
          url = "sandbox:"
          limt = 50

      Right:

          [source]
          type = "techwolf"
          url = "sandbox:"
          limit = 50
    "#);
}

#[test]
fn paragraphs_and_lists_are_indented() {
    let ended = Context::new().taskferry(&["explain", "unknown-variable"]).with_code(0);
    let (details, _) = ended.stdout.split_once("  Wrong:").unwrap();
    insta::assert_snapshot!(details, @"
    unknown-variable: a variable has no effect, because its name is misspelt

      - In the environment: a warning about a variable that begins with `TASKFERRY_` and sets no option.
      - In `[test.env]`: an error about an unused variable, if the pipeline uses a variable with a
        similar name.

      `TASKFERRY_SOURCE__LIMIT` sets the option `source.limit`, and `TASKFERRY_SINK__0__PATH` sets the
      path of the first sink. Two underscores separate the parts of the path.
    ");
}

#[test]
fn an_exit_code_is_explained() {
    let ended = Context::new().taskferry(&["explain", "8"]).with_code(0);
    insta::assert_snapshot!(ended.stdout, @"
    exit code 8: the export does not meet `[expect]`, removals were withheld, or a test failed

      The message, or the output of the test, names the reason:

      - `min_jobs`, `max_drop_percent`: too few jobs, for example because the credentials see only a
        part of the jobs.
      - `min_records`: too few records for a sink, for example because a transform drops too many
        records.
      - `drift`: the fields of the records differ from the last complete run.
      - `max_age`: the run took too long.
      - `changes`: too many records are missing, so the transform withheld the removals.
      - `merge`: the shards are not a complete export.
      - `test`: the output shows the differences.

      If the export does not meet an option of `[expect]`, nothing was published unless `publish_anyway
      = true`. If the export is right, run once with the `--set` option in the message, for example
      `--set expect.max_drop_percent=100`. Later runs are compared with this export.

      If removals were withheld, all other records were published. Find out why the records are missing.
      Then accept the removals with the command in the message, or run again when the records are back.
    ");
}

#[test]
fn the_list_has_every_name_and_every_exit_code() {
    let list = Context::new().taskferry(&["explain"]).with_code(0).stdout;
    for name in examples().keys() {
        assert!(list.contains(&format!("  {name} ")), "{name}: {list}");
    }
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "130", "143"] {
        assert!(list.contains(&format!("\n  {code} ")), "{code}: {list}");
    }
}

#[test]
fn a_similar_name_is_suggested() {
    let said = |name: &str| Context::new().taskferry(&["explain", name]).with_code(2).stderr;
    let unknown = "error: no error or warning has the name";
    assert_eq!(
        said("unknwon-key"),
        format!("{unknown} `unknwon-key`; did you mean `unknown-key`?\n")
    );
    assert_eq!(
        said("unknown key"),
        format!("{unknown} `unknown key`; did you mean `unknown-key`?\n")
    );
    assert_eq!(said("jq"), format!("{unknown} `jq`; did you mean `invalid-jq`?\n"));
    assert_eq!(
        said("banana"),
        format!("{unknown} `banana`; `taskferry explain` lists all names\n")
    );
    assert_eq!(
        said("10"),
        "error: taskferry has no exit code 10; the codes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143\n"
    );
}
