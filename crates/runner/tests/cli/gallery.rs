//! Wrong pipeline files, as people write them, and the output of `check` for each.
//!
//! `gallery/NAME.toml` is a pipeline file with one error of a kind, `gallery/NAME.snap` the output. Lines at the top give further
//! arguments of the command and its environment. Files that the pipelines name are in `gallery/files`. Read every changed
//! snapshot as the person who wrote the file: would you know what to change?

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_testkit::Context;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gallery")
}

/// The rest of the first line that begins with `# KEY:`.
fn header<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut lines = text.lines().take_while(|line| line.starts_with('#'));
    lines.find_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(": "))
}

fn copy_files(from: &Path, context: &Context, name: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy_files(&path, context, &format!("{name}/"));
        } else {
            fs::create_dir_all(context.path(&name).parent().unwrap()).unwrap();
            fs::copy(&path, context.path(&name)).unwrap();
        }
    }
}

/// The output of `check`, and the exit code.
fn checked(text: &str) -> String {
    let mut context = Context::new();
    copy_files(&folder().join("files"), &context, "");
    let environment = header(text, "environment").unwrap_or("TECHWOLF_CLIENT_SECRET=x");
    for (name, value) in environment.split(' ').filter_map(|one| one.split_once('=')) {
        context.set(name, value);
    }
    context.write("jobs.toml", text);
    let further = header(text, "arguments").unwrap_or_default().split_whitespace();
    let arguments: Vec<&str> = ["check", "jobs.toml"].into_iter().chain(further).collect();
    let ended = context.taskferry(&arguments);
    assert_eq!(ended.stdout, "");
    let folder = context.path("").display().to_string();
    format!("{}[exit code {}]", ended.stderr.replace(&folder, "[folder]/"), ended.code.unwrap())
}

#[test]
fn each_wrong_file_has_the_reviewed_message() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_str()?.strip_suffix(".toml").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 100);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../gallery");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in names {
            let text = fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
            insta::assert_snapshot!(name.as_str(), checked(&text));
        }
    });
}
