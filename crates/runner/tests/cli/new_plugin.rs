//! `taskferry new transform`, `source` and `sink`: the new folders are the examples in `examples/templates` with other names.
//! `.ci/run` compiles and tests the examples.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use taskferry_testkit::{Context, Outcome, project_file};

const TEMPLATES: [(&str, &[&str]); 5] = [
    ("sink", &["sink"]),
    ("source", &["source"]),
    ("transform-async", &["transform", "--kind", "async"]),
    ("transform-ordered", &["transform", "--kind", "ordered"]),
    ("transform-stateless", &["transform"]),
];

/// Files that Cargo and taskferry write.
const IGNORED: [&str; 4] = ["Cargo.lock", "target", "out", ".taskferry"];

fn repository(path: &str) -> PathBuf {
    PathBuf::from(project_file(path))
}

/// The texts of all files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    fn add(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if IGNORED.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().unwrap().is_dir() {
                add(&entry.path(), &format!("{path}/"), found);
            } else {
                found.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    add(folder, "", &mut found);
    found
}

/// A context whose working directory looks like a checkout of taskferry.
fn checkout() -> Context {
    let context = Context::new();
    let version = env!("CARGO_PKG_VERSION");
    context.write("Cargo.toml", &format!("[workspace.package]\nversion = \"{version}\"\n"));
    context.write("crates/sdk/Cargo.toml", "[package]\nname = \"taskferry-sdk\"\n");
    context
}

fn create(context: &Context, arguments: &[&str], more: &[&str]) -> Outcome {
    context.taskferry(&[&["new"], arguments, more].concat())
}

#[test]
fn the_binary_contains_the_examples() {
    let mut archive = String::new();
    for (name, _) in TEMPLATES {
        for (path, text) in files(&repository(&format!("examples/templates/{name}"))) {
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}/{path}");
            assert!(!text.contains("==> "), "{name}/{path}");
            write!(archive, "==> {name}/{path} <==\n{text}\n").unwrap();
        }
    }
    let path = repository("crates/runner/src/command/new/templates.txt");
    if std::env::var_os("UPDATE_TEMPLATES").is_some() {
        fs::write(&path, &archive).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == archive,
        "write it anew: UPDATE_TEMPLATES=1 cargo test -p taskferry --test cli new_plugin"
    );
}

#[test]
fn a_crate_with_the_name_of_the_examples_is_the_example() {
    for (template, arguments) in TEMPLATES {
        let context = checkout();
        let place = ["my-plugin", "--path", ".", "--dir", "examples/templates"];
        create(&context, arguments, &place).with_code(0);
        let mut written = files(&context.path("examples/templates/my-plugin"));
        assert!(written.remove(".taskferry-template").unwrap().contains(template));
        assert!(
            written == files(&repository(&format!("examples/templates/{template}"))),
            "{template}: the examples need the versions and paths that `new/template.rs` replaces"
        );
    }
}

#[test]
fn every_file_gets_the_new_name() {
    for (template, arguments) in TEMPLATES {
        let context = Context::new();
        create(&context, arguments, &["drop-short-tasks"]).with_code(0);
        let written = files(&context.path("drop-short-tasks"));
        for (path, text) in &written {
            let old = ["my-plugin", "my_plugin", "MyPlugin", "git clone"];
            let found = old.iter().find(|old| text.contains(**old));
            assert_eq!(found, None, "{template}/{path}");
            assert!(path.starts_with('.') || !text.contains("crates/"), "{template}/{path}");
        }
        assert!(written["src/lib.rs"].contains("::<DropShortTasks>()"), "{template}");
        let manifest = &written["Cargo.toml"];
        let version = format!("\ntaskferry-sdk = \"{}\"\n", env!("CARGO_PKG_VERSION"));
        assert!(manifest.contains(&version), "{manifest}");
        let metadata = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
            .current_dir(context.path("drop-short-tasks"))
            .output()
            .unwrap();
        let (out, err) = (metadata.stdout, metadata.stderr);
        let metadata = serde_json::from_slice(&out);
        let metadata: Value =
            metadata.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&err)));
        let packages = metadata["packages"].as_array().unwrap();
        let names: BTreeSet<&str> = packages.iter().filter_map(|it| it["name"].as_str()).collect();
        let expected = BTreeSet::from(["drop-short-tasks", "drop-short-tasks-runner"]);
        assert_eq!(names, expected, "{template}");
    }
}

#[test]
fn continuous_integration_clones_the_checkout_to_its_path() {
    let context = checkout();
    let absolute = context.path("").display().to_string();
    let absolute = absolute.trim_end_matches('/');
    for (name, path, seen) in [("mine", ".", ".."), ("yours", absolute, absolute)] {
        create(&context, &["transform"], &[name, "--path", path]).with_code(0);
        let steps = context.read(&format!("{name}/.github/workflows/ci.yml"));
        let expected = format!(
            "          sudo install -d -o \"$USER\" {seen}\n          git clone --depth 1 https://github.com/taskferry/taskferry {seen}\n"
        );
        assert!(steps.contains(&expected), "{steps}");
    }
}

#[test]
fn the_files_are_listed_with_the_next_commands() {
    let context = checkout();
    context.write("Cargo.lock", "version = 4\n");
    let ended = create(&context, &["transform"], &["drop-short-tasks", "--path", "."]).with_code(0);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @"
    wrote drop-short-tasks/.github/workflows/ci.yml
    wrote drop-short-tasks/.gitignore
    wrote drop-short-tasks/Cargo.toml
    wrote drop-short-tasks/README.md
    wrote drop-short-tasks/pipeline.test.toml
    wrote drop-short-tasks/pipeline.toml
    wrote drop-short-tasks/runner/Cargo.toml
    wrote drop-short-tasks/runner/src/main.rs
    wrote drop-short-tasks/src/config.rs
    wrote drop-short-tasks/src/lib.rs
    wrote drop-short-tasks/src/transform.rs
    wrote drop-short-tasks/tests/transform.rs
    wrote drop-short-tasks/.taskferry-template
    wrote drop-short-tasks/Cargo.lock

      cd drop-short-tasks
      cargo test                                                 # compiles the SDK, runs the tests
      cargo run -p drop-short-tasks-runner -- run pipeline.toml  # compiles taskferry, runs the pipeline
    ");
    assert_eq!(context.read("drop-short-tasks/Cargo.lock"), "version = 4\n");
    let ended = create(&context, &["sink"], &["sqlite"]).with_code(0);
    let (_, next) = ended.stderr.split_once("\n\n").unwrap();
    insta::assert_snapshot!(next.replace("\n  ", "\n").trim(), @"
    cd sqlite
    cargo test                                                 # compiles the SDK, runs the tests
    cargo run -p sqlite-runner -- run pipeline.toml --sandbox  # compiles taskferry, runs the pipeline
    The crate does not compile yet: it depends on taskferry-sdk 0.1.0 from the registry, and taskferry is not published there. Use `--path CHECKOUT` to depend on a checkout of taskferry.
    ");
}

#[test]
fn a_name_that_can_not_be_used_is_explained() {
    let context = Context::new();
    let mut messages = String::new();
    for name in
        ["DropShortTasks", "../x", "", "a\u{1b}[31m", "async", "serde", "jq", "record", "option"]
    {
        let ended = create(&context, &["transform"], &["--", name]).with_code(2);
        messages.push_str(&ended.stderr);
    }
    insta::assert_snapshot!(messages, @r#"
    error: `DropShortTasks` is not a valid name for a crate and its folder
      help: write `drop-short-tasks`
    error: `../x` is not a valid name for a crate and its folder
      help: use at most 40 lower-case letters and digits, in words with `-` between them, and begin with a letter
    error: `` is not a valid name for a crate and its folder
      help: use at most 40 lower-case letters and digits, in words with `-` between them, and begin with a letter
    error: `a\u{1b}[31m` is not a valid name for a crate and its folder
      help: use at most 40 lower-case letters and digits, in words with `-` between them, and begin with a letter
    error: `async` is a reserved name
      help: choose another name, for example `my-async`
    error: `serde` is a reserved name
      help: choose another name, for example `my-serde`
    error: this binary already has a transform with the type `jq`
      help: choose another name, for example `my-jq`
    error: the template already uses the name `Record`
      help: choose another name, for example `my-record`
    error: the template already uses the name `Option`
      help: choose another name, for example `my-option`
    "#);
    assert!(context.files().is_empty());
}

#[test]
fn a_folder_that_exists_is_kept() {
    let context = Context::new();
    context.write("drop-short-tasks/notes.txt", "mine");
    let ended = create(&context, &["transform"], &["drop-short-tasks"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: `drop-short-tasks` already exists, and is not overwritten
      help: choose another name, or another folder with `--dir`
    ");
    assert_eq!(context.files(), ["drop-short-tasks/notes.txt"]);
}

#[test]
fn a_path_that_is_not_this_version_of_taskferry_is_refused() {
    let context = checkout();
    let mut messages = String::new();
    context.write("newer/Cargo.toml", "[workspace.package]\nversion = \"9.0.0\"\n");
    context.write("newer/crates/sdk/Cargo.toml", "[package]\nname = \"taskferry-sdk\"\n");
    for path in ["crates", "nowhere", "newer"] {
        let ended = create(&context, &["transform"], &["mine", "--path", path]).with_code(2);
        messages.push_str(&ended.stderr);
    }
    insta::assert_snapshot!(messages, @"
    error: `crates` is not a checkout of taskferry
    error: `nowhere` is not a checkout of taskferry
    error: `newer` has version 9.0.0, but this taskferry has version 0.1.0; use the taskferry of the checkout
    ");
    assert!(!context.path("mine").exists());
}

#[test]
fn a_later_template_is_shown_as_a_patch_without_changes_of_the_author() {
    let context = checkout();
    create(&context, &["transform"], &["drop-short-tasks", "--path", "."]).with_code(0);
    let same = context.taskferry(&["new", "--diff", "drop-short-tasks"]).with_code(0);
    assert_eq!(same.stdout, "");
    insta::assert_snapshot!(same.stderr, @"the template has not changed since taskferry 0.1.0 wrote the folder");

    // As if an earlier taskferry had written the file: with another README, and with `.ignore` instead of `.gitignore`.
    let stamp = context.read("drop-short-tasks/.taskferry-template");
    let earlier = stamp
        .replace(&format!("taskferry: {}", env!("CARGO_PKG_VERSION")), "taskferry: 0.0.9")
        .replace("It marks long tasks.", "It marks.")
        .replace("==> .gitignore <==", "==> .ignore <==");
    context.write("drop-short-tasks/.taskferry-template", &earlier);
    context.write("drop-short-tasks/src/lib.rs", "//! Mine.\n");
    let ended = context.taskferry(&["new", "--diff", "drop-short-tasks"]).with_code(0);
    insta::assert_snapshot!(ended.stdout, @"
    --- /dev/null
    +++ b/.gitignore
    @@ -0,0 +1,3 @@
    +/target
    +/out
    +/.taskferry
    --- a/.ignore
    +++ /dev/null
    @@ -1,3 +0,0 @@
    -/target
    -/out
    -/.taskferry
    --- a/README.md
    +++ b/README.md
    @@ -1,6 +1,6 @@
     # drop-short-tasks
     
    -The transform `drop_short_tasks` for [taskferry](https://github.com/taskferry/taskferry). It marks.
    +The transform `drop_short_tasks` for [taskferry](https://github.com/taskferry/taskferry). It marks long tasks.
     
     | file | content |
     |---|---|
    ");
    insta::assert_snapshot!(ended.stderr, @"
    The template has changed since taskferry 0.0.9 wrote the folder. To apply the patch:
      taskferry new --diff drop-short-tasks | patch -p1 -d drop-short-tasks
      taskferry new --diff drop-short-tasks --accept
    ");

    context.taskferry(&["new", "--diff", "drop-short-tasks", "--accept"]).with_code(0);
    assert_eq!(context.read("drop-short-tasks/.taskferry-template"), stamp);
    let same = context.taskferry(&["new", "--diff", "drop-short-tasks"]).with_code(0);
    assert_eq!(same.stdout, "");
}

#[test]
fn a_folder_without_a_template_has_no_patch() {
    let context = Context::new();
    let mut messages = context.taskferry(&["new", "--diff"]).with_code(2).stderr;
    context.write("text/.taskferry-template", "any text\u{1b}[31m");
    messages += &context.taskferry(&["new", "--diff", "text"]).with_code(2).stderr;
    let unknown = "taskferry: 9.0.0\ntemplate: plugin 1\nname: mine\n";
    context.write("unknown/.taskferry-template", unknown);
    messages += &context.taskferry(&["new", "--diff", "unknown"]).with_code(2).stderr;
    insta::assert_snapshot!(messages, @"
    error: can't read `./.taskferry-template`: No such file or directory (os error 2)
      help: name a folder that `taskferry new transform`, `source` or `sink` has written
    error: `text/.taskferry-template` does not describe a template
      help: restore the file, for example from version control
    error: this taskferry has no template `plugin`
    ");
}
