//! Outputs that would overwrite inputs or each other.

use std::fs::hard_link;
use std::os::unix::fs::symlink;
use taskferry_testkit::{Context, Outcome};

/// A pipeline with all kinds of inputs that writes to this path.
fn pipeline(path: &str, more: &str) -> String {
    format!(
        r#"name = "jobs"

[source]
type = "techwolf"
url = "sandbox:?data=data/jobs.ndjson"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills.csv"

[[transform]]
type = "jq"
file = "rows.jq"
args = {{ key = "${{file:secrets/key}}" }}

[[sink]]
type = "file"
path = "{path}"
{more}"#
    )
}

fn context() -> Context {
    let context = Context::new();
    context.write("data/jobs.ndjson", "{\"external_id\":\"a\",\"tasks\":[]}\n");
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Excel,MS Excel\n");
    context.write("rows.jq", ".");
    context.write("secrets/key", "canary-key\n");
    context.write("overlay.toml", "description = \"x\"\n");
    context
}

/// Every file below the working directory with its content.
fn snapshot(context: &Context) -> Vec<(String, String)> {
    let mut files = context.files();
    files.extend(["jobs.toml", "overlay.toml"].map(str::to_owned));
    files.into_iter().map(|name| (name.clone(), context.read(&name))).collect()
}

/// Checks that `check` and `run` refuse the pipeline and write nothing.
fn refused(context: &Context, more: &[&str]) -> Outcome {
    let before = snapshot(context);
    let ended = ["check", "run"].map(|command| {
        let arguments = [&[command, "jobs.toml", "--overlay", "overlay.toml"], more].concat();
        context.taskferry(&arguments).with_code(2)
    });
    assert_eq!(ended[0].stderr, ended[1].stderr);
    assert_eq!(snapshot(context), before);
    let [ended, _] = ended;
    ended
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let context = context();
    symlink(context.path("data"), context.path("link")).unwrap();
    symlink("rows.jq", context.path("linked.jq")).unwrap();
    hard_link(context.path("skills.csv"), context.path("other-name")).unwrap();
    for (path, input) in [
        ("jobs.toml", "the pipeline file"),
        ("./data/../overlay.toml", "an overlay"),
        ("link/jobs.ndjson", "source.url"),
        ("linked.jq", "transform[1].file"),
        ("other-name", "transform[0].mapping"),
        ("secrets/key", "transform[1].args.key"),
        ("data", "source.url"),
        ("skills.csv/out", "transform[0].mapping"),
    ] {
        context.write("jobs.toml", &pipeline(path, "format = \"ndjson\""));
        let format = if path.contains(".csv") { "csv" } else { "ndjson" };
        let ended = refused(&context, &["--set", &format!("sink.0.format={format}")]);
        assert!(ended.stderr.contains("overwritten-input"), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains(input), "{path}: {}", ended.stderr);
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
    context.write("jobs.toml", &pipeline("./skills.csv", "format = \"csv\""));
    insta::assert_snapshot!(refused(&context, &[]).stderr, @r#"
    overwritten-input

      × `./skills.csv` would overwrite an input of this pipeline, which `transform[0].mapping` reads
        ╭─[jobs.toml:11:11]
     11 │ mapping = "skills.csv"
        ·           ──────┬─────
        ·                 ╰── the input is read here
        ╰────
        ╭─[jobs.toml:20:8]
     20 │ path = "./skills.csv"
        ·        ───────┬──────
        ·               ╰── this output
        ╰────
      help: choose another path for the output

    1 error; nothing was run
    run `taskferry explain overwritten-input` for details
    "#);
}

#[test]
fn an_output_in_the_state_folder_is_refused() {
    let context = context();
    for (path, dir) in [
        (".taskferry/jobs/checkpoint.json", ".taskferry"),
        ("state/out.ndjson", "state"),
        ("jobs/run.json", "."),
        ("out", "out/state"),
    ] {
        context.write("jobs.toml", &pipeline(path, "format = \"ndjson\""));
        let dir = format!("state.dir={dir}");
        let sink = "sink.0.format=json";
        let arguments = if path.ends_with("json") && !path.ends_with("ndjson") {
            vec!["--set", &dir, "--set", sink]
        } else {
            vec!["--set", &dir]
        };
        let ended = refused(&context, &arguments);
        assert!(ended.stderr.contains("output-in-state"), "{path}: {}", ended.stderr);
    }
    context.write("jobs.toml", &pipeline("out/jobs.ndjson", ""));
    context.taskferry(&["check", "jobs.toml", "--set", "state.dir=."]).with_code(0);
}

#[test]
fn overlapping_outputs_are_refused() {
    let context = context();
    context.write("sub/x", "");
    symlink("sub", context.path("here")).unwrap();
    let second = |path: &str| format!("\n[[sink]]\ntype = \"file\"\npath = \"{path}\"\n");
    let dead_letters = |path: &str| format!("\n[dead_letter]\npath = \"{path}\"\n");
    for (first, other, code) in [
        ("o", ".o.part", "duplicate-output"),
        ("sub/.o.rows", "here/o", "duplicate-output"),
        ("here/o", "./sub/o", "duplicate-output"),
        ("o", "o/x", "nested-outputs"),
        ("here/o/x/y", "sub/o", "nested-outputs"),
    ] {
        context.write("jobs.toml", &pipeline(first, &second(other)));
        let ended = refused(&context, &[]);
        assert!(ended.stderr.contains(code), "{first} {other}: {}", ended.stderr);
    }
    let path = "./o/{run_id}.ndjson";
    context.write("jobs.toml", &pipeline("o/{run_id}.ndjson", &dead_letters(path)));
    let ended = refused(&context, &[]);
    ended.assert_stderr("duplicate-output");
    ended.assert_stderr(format!("two outputs write to `{path}`"));
    context.write("jobs.toml", &pipeline("o-{run_id}", &second("p-{run_id}")));
    context.taskferry(&["check", "jobs.toml"]).with_code(0);
    context.write("jobs.toml", &pipeline("o", &second("o/x")));
    insta::assert_snapshot!(refused(&context, &[]).stderr, @r#"
    nested-outputs

      × `o/x` and `o` can't both be files: one is a parent folder of the other
        ╭─[jobs.toml:20:8]
     20 │ path = "o"
        ·        ─┬─
        ·         ╰── the other output
        ╰────
        ╭─[jobs.toml:24:8]
     24 │ path = "o/x"
        ·        ──┬──
        ·          ╰── this output
        ╰────
      help: choose another path for one of them

    1 error; nothing was run
    run `taskferry explain nested-outputs` for details
    "#);
}

#[test]
fn a_summary_or_metrics_file_that_replaces_a_file_is_refused() {
    let context = context();
    context.write("jobs.toml", &pipeline("out/jobs.ndjson", ""));
    let before = snapshot(&context);
    for option in ["--summary", "--metrics-file"] {
        for (path, why) in [
            ("jobs.toml", "the pipeline file"),
            ("data/jobs.ndjson", "`source.url`"),
            ("./rows.jq", "`transform[1].file`"),
            (".taskferry/jobs/run.json", "is in the state folder"),
            ("out/.jobs.ndjson.part", "use the same temporary file"),
            ("out/jobs.ndjson/x", "can't both be files"),
        ] {
            let arguments = ["run", "jobs.toml", "--overlay", "overlay.toml", option, path];
            let ended = context.taskferry(&arguments).with_code(2);
            assert!(ended.stderr.contains(why), "{path}: {}", ended.stderr);
            assert_eq!(snapshot(&context), before);
        }
    }
}

#[test]
fn a_dead_letter_file_that_is_an_input_is_refused() {
    let context = context();
    for (path, reader) in [
        ("data/jobs.ndjson", "source.url"),
        ("skills.csv", "transform[0].mapping"),
        ("rows.jq", "transform[1].file"),
    ] {
        let text = pipeline("out/x.csv", &format!("[dead_letter]\npath = \"{path}\""));
        context.write("jobs.toml", &text);
        let check = ["check", "jobs.toml", "--log", "json"];
        let stderr = context.taskferry(&check).with_code(2).stderr;
        assert!(stderr.contains(&format!("which `{reader}` reads")), "{stderr}");
    }
}

#[test]
fn a_path_with_unexpanded_shell_syntax_is_refused() {
    let context = context();
    for (key, path, instead) in [
        ("sink.0.path", "~/x.ndjson", "${HOME}/x.ndjson"),
        ("dead_letter.path", "~/{run_id}.dead.ndjson", "${HOME}/{run_id}.dead.ndjson"),
        ("state.dir", "~/state", "${HOME}/state"),
        ("state.dir", "~", "${HOME}"),
    ] {
        context.write("jobs.toml", &pipeline("out/x.ndjson", ""));
        let set = format!("{key}={path}");
        let stderr = refused(&context, &["--set", &set]).stderr;
        assert!(stderr.contains("tilde-in-path"), "{stderr}");
        assert!(stderr.contains(&format!("`~` in `{path}` is not expanded")), "{stderr}");
        assert!(stderr.contains(&format!("write the full path, or `{instead}`")), "{stderr}");
    }
    // In another position, `~` is an ordinary character.
    let set = ["check", "jobs.toml", "--set", "sink.0.path=out/~x.ndjson"];
    context.taskferry(&set).with_code(0);
}

/// Runs a pipeline that writes to this path. Returns the warning that it has replaced the file of another pipeline.
fn warned_of_replaced_file(
    context: &Context,
    name: &str,
    path: &str,
    more: &[&str],
) -> Option<String> {
    let source = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=3\"\nlimit = 1\n";
    let file = format!("{name}.toml");
    let sink = format!("[[sink]]\ntype = \"file\"\npath = \"{path}\"\n");
    context.write(&file, &format!("{source}{sink}"));
    let ended = context.taskferry(&[&["run", &file], more].concat()).with_code(0);
    let mut lines = ended.stderr.lines().filter(|line| line.contains("this run replaced"));
    lines.next().map(|line| line.split_once(" this run").unwrap().1.to_owned())
}

#[test]
fn a_replaced_file_of_another_pipeline_is_a_warning() {
    let context = Context::new();
    let warning = |name: &str| warned_of_replaced_file(&context, name, "out/jobs.ndjson", &[]);
    assert_eq!(warning("one"), None);
    assert_eq!(warning("one"), None, "an export replaces the last one of the same pipeline");
    let warned = warning("two").unwrap();
    insta::assert_snapshot!(warned, @" replaced `out/jobs.ndjson`, which the pipeline `one` published in run [run]; give each pipeline a path of its own, for example with `{pipeline}`");
    assert!(warning("one").unwrap().contains("the pipeline `two` published"));
    assert_eq!(warning("one"), None, "the file belongs to this pipeline again");
    for (last, next) in [("z", "a"), ("a", "z"), ("z", "one")] {
        warning(last);
        let warned = warning(next).unwrap();
        assert!(warned.contains(&format!("the pipeline `{last}` published")), "the last: {warned}");
    }
    let size = context.read("out/jobs.ndjson").len();
    context.write("out/jobs.ndjson", &" ".repeat(size));
    assert_eq!(warning("two"), None, "the file no longer belongs to another pipeline");
    let copy = context.read("out/jobs.ndjson");
    context.write("out/jobs.ndjson", &copy);
    assert!(warning("one").is_some(), "a copy still belongs to the other pipeline");
}

#[test]
fn a_replaced_file_of_an_experiment_or_a_shard_of_another_pipeline_is_a_warning() {
    let context = Context::new();
    let warning =
        |name: &str, path: &str, more: &[&str]| warned_of_replaced_file(&context, name, path, more);
    let experiment = ["--set", "source.include=[\"ai_impact\"]"];
    assert_eq!(warning("one", "out/jobs.ndjson", &experiment), None);
    let warned = warning("two", "out/jobs.ndjson", &[]).unwrap();
    assert!(warned.contains("the pipeline `one` published"), "{warned}");
    assert_eq!(warning("one", "out/{shard}.ndjson", &[]), None);
    assert_eq!(warning("one", "out/{shard}.ndjson", &["--shard", "1/2"]), None);
    let warned = warning("two", "out/1-of-2.ndjson", &[]).unwrap();
    assert!(warned.contains("the pipeline `one` published"), "{warned}");
}
