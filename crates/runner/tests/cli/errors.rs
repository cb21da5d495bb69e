//! Invalid pipeline files.

use std::fmt::Write;

use serde_json::json;
use taskferry_testkit::{Context, Outcome};

/// A valid file.
pub(crate) const GOOD: &str = include_str!("errors/good.toml");

/// The output of `check` for a file; `run` prints the same and runs nothing.
pub(crate) fn checked(context: &Context, text: &str) -> Outcome {
    context.write("jobs.toml", text);
    let checked = context.taskferry(&["check", "jobs.toml", "--env"]).with_code(2);
    let run = context.taskferry(&["run", "jobs.toml", "--summary", "out/s.json"]).with_code(2);
    assert_eq!((checked.stdout.as_str(), &checked.stderr), ("", &run.stderr));
    assert_eq!(run.stdout, "");
    assert_eq!(context.files(), [""; 0]);
    checked
}

/// The output for the valid file with one change.
pub(crate) fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    checked(&Context::new(), &GOOD.replace(from, to)).stderr
}

#[test]
fn a_valid_file_is_reported_as_valid() {
    let context = Context::with_pipeline(GOOD);
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
    assert_eq!(ended.stderr, "jobs.toml: ok, techwolf → filter_ai_impact → stdout\n");
}

#[test]
fn an_error_is_marked_in_its_line() {
    let mut drawn = String::new();
    for (name, from, to) in [
        ("a misspelt key", "levels", "lvels"),
        ("a wrong type", "url =", "limit = \"many\"\nurl ="),
        ("an unknown plugin", "filter_ai_impact", "filter_impact"),
        ("an unset variable", "sandbox:?jobs=3", "https://${TENANT}.eu3.techwolf.ai"),
    ] {
        writeln!(drawn, "{name}:\n{}", changed(from, to)).unwrap();
    }
    insta::assert_snapshot!(drawn, @r#"
    a misspelt key:
    unknown-key

      × unknown key `lvels`
        ╭─[jobs.toml:10:1]
     10 │ lvels = ["H1"]
        · ─────
        ╰────
      help: did you mean `levels`?

    1 error; nothing was run
    run `taskferry explain unknown-key` for details

    a wrong type:
    wrong-type

      × expected a whole number, found a string
       ╭─[jobs.toml:5:9]
     5 │ limit = "many"
       ·         ──────
       ╰────

    1 error; nothing was run
    run `taskferry explain wrong-type` for details

    an unknown plugin:
    unknown-plugin

      × there is no transform `filter_impact`
       ╭─[jobs.toml:9:8]
     9 │ type = "filter_impact"
       ·        ───────────────
       ╰────
      help: did you mean `filter_ai_impact`? Otherwise, the available transforms are `aggregate`,
            `changes`, `command`, `deduplicate`, `filter_ai_impact`, `flatten_hierarchy`, `join`,
            `jq`, `rename_skills`, `select`; `taskferry build --with CRATE` adds the plugins of a
            crate

    1 error; nothing was run
    run `taskferry explain unknown-plugin` for details

    an unset variable:
    unset-variable

      × the variable `TENANT` is not set
       ╭─[jobs.toml:5:16]
     5 │ url = "https://${TENANT}.eu3.techwolf.ai"
       ·                ─────────
       ╰────
      help: set the environment variable, or write a default: `${TENANT:-…}`; to try the pipeline
            without a tenant: `taskferry run jobs.toml --sandbox`

    1 error; nothing was run
    run `taskferry explain unset-variable` for details
    "#);
}

#[test]
fn all_errors_of_a_file_are_reported_at_once() {
    let context = Context::with_pipeline(include_str!("errors/many.toml"));
    let ended = context.taskferry(&["check", "jobs.toml", "--env", "--log", "json"]).with_code(2);
    let mut reported = String::new();
    for diagnostic in ended.log() {
        let text = |key: &str| diagnostic[key].as_str().unwrap_or("-").to_owned();
        let (line, column) = (&diagnostic["line"], &diagnostic["column"]);
        writeln!(reported, "{}:{line}:{column}: {}", text("file"), text("message")).unwrap();
        writeln!(reported, "  {} | {}", text("code"), text("help")).unwrap();
    }
    insta::assert_snapshot!(reported, @r#"
    jobs.toml:2:1: unknown top-level key `nmae`
      unknown-key | did you mean `name`?
    jobs.toml:6:8: the variable `TENANT_URL` is not set
      unset-variable | set the environment variable, or write a default: `${TENANT_URL:-…}`; to try the pipeline without a tenant: `taskferry run jobs.toml --sandbox`
    jobs.toml:7:9: 500 is out of range, expected a whole number from 1 to 100
      invalid-value | -
    jobs.toml:11:1: `levels` and a range can't be used together
      conflicting-options | keep either `levels`, or `at_least` and `at_most`
    jobs.toml:16:14: expected an expression, found the end of the expression
      invalid-jq | -
    jobs.toml:17:12: "ignore" is not one of the choices
      unknown-choice | did you mean "skip"? The choices are `fail`, `skip`, `dead_letter`
    jobs.toml:19:1: the key `mapping` is missing
      missing-key | add `mapping = …` to this table
    jobs.toml:25:8: unknown placeholder `{pipelin}`; the placeholders are {pipeline}, {date}, {time}, {run_id}, {shard}; did you mean `{pipeline}`?
      invalid-value | -
    jobs.toml:28:8: there is no sink `webhok`
      unknown-plugin | did you mean `webhook`? Otherwise, the available sinks are `file`, `stdout`, `webhook`; `taskferry build --with CRATE` adds the plugins of a crate
    "#);
}

#[test]
fn an_error_is_one_line_of_json_in_the_json_format() {
    let context = Context::with_pipeline(&GOOD.replace("levels", "lvels"));
    for command in ["check", "run"] {
        let ended = context.taskferry(&[command, "jobs.toml", "--log", "json"]).with_code(2);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @r#"{"timestamp":"[instant]","level":"ERROR","message":"unknown key `lvels`","code":"unknown-key","file":"jobs.toml","line":10,"column":1,"help":"did you mean `levels`?","related":[]}"#);
        }
    }
}

#[test]
fn a_missing_file_is_reported() {
    let context = Context::new();
    for command in ["check", "run"] {
        let ended = context.taskferry(&[command, "pipelines/jobs.toml"]).with_code(2);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @"
    unreadable-file

      × can't read the pipeline file `pipelines/jobs.toml`: No such file or directory (os error 2)
      help: check the path; a relative path starts at the working directory

    1 error; nothing was run
    run `taskferry explain unreadable-file` for details
    ");
        }
    }
}

#[test]
fn every_file_is_checked_even_after_an_invalid_one() {
    let context = Context::new();
    context.write("good.toml", GOOD);
    context.write("bad.toml", &GOOD.replace("\"stdout\"", "\"stdot\""));
    let ended = context.taskferry(&["check", "bad.toml", "good.toml"]).with_code(2);
    ended.assert_stderr("[bad.toml:13:8]");
    ended.assert_stderr("good.toml: ok");
}

#[test]
fn errors_outside_the_file_are_reported_with_their_origin() {
    let mut context = Context::with_pipeline(GOOD);
    context.write("overlay.toml", "[source]\nlimt = 5\n");
    context.set("TASKFERRY_SOURCE__LIMIT", "many");
    let arguments =
        ["check", "jobs.toml", "--overlay", "overlay.toml", "--set", "transform.0.missing=never"];
    let ended = context.taskferry(&arguments).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    unknown-key

      × unknown key `limt`
       ╭─[overlay.toml:2:1]
     2 │ limt = 5
       · ────
       ╰────
      help: did you mean `limit`?

    wrong-type

      × expected a whole number, found a string
       ╭─[environment:1:25]
     1 │ TASKFERRY_SOURCE__LIMIT=many
       ·                         ────
       ╰────

    unknown-choice

      × "never" is not one of the choices
       ╭─[--set:1:21]
     1 │ transform.0.missing=never
       ·                     ─────
       ╰────
      help: the choices are `drop`, `keep`, `fail`

    3 errors; nothing was run
    run `taskferry explain unknown-key` for details
    "#);
}

#[test]
fn an_unwritable_summary_is_reported_before_the_run() {
    let context = Context::with_pipeline(GOOD);
    context.write("taken", "");
    let arguments = ["run", "jobs.toml", "--summary", "taken/summary.json"];
    let ended = context.taskferry(&arguments).with_code(2);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @"error: can't write the summary `taken/summary.json`: File exists (os error 17)");
    let ended = context.taskferry(&[&arguments[..], &["--log", "json"]].concat()).with_code(2);
    assert_eq!(ended.log()[0]["level"], "ERROR");

    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "jobs.toml"]).with_code(2);
    ended.assert_stderr("would overwrite the pipeline file");
    let sink = "sink=[{ type = \"file\", path = \"jobs.ndjson\" }]";
    let ended = context.taskferry(&["run", "jobs.toml", "--set", sink, "--summary", "jobs.ndjson"]);
    let ended = ended.with_code(2);
    ended.assert_stderr("two outputs write to `jobs.ndjson`");
}

#[test]
fn secrets_in_an_invalid_file_are_not_shown() {
    let mut context = Context::with_pipeline(include_str!("errors/secrets.toml"));
    context.set("TASKFERRY_SOURCE__AUTH__TOKEN", "[\"canary-5\"]");
    let set = "sink.0.headers.X-Key={ a = \"canary-6\" }";
    for format in ["text", "json"] {
        let arguments = ["check", "jobs.toml", "--set", set, "--log", format];
        let ended = context.taskferry(&arguments).with_code(2);
        ended.assert_stderr("tennant");
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
}

#[test]
fn a_warning_is_drawn_with_its_position_and_stops_nothing() {
    let mut context = Context::with_pipeline(GOOD);
    context.set("TASKFERRY_SOURCE_LIMIT", "1");
    context.set("TASKFERRY_SINK_0_FORMAT", "csv");
    context.set("TASKFERRY_SERVICE_HOST", "10.0.0.1");
    context.set("TASKFERRY_LOG", "warn");
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(ended.stderr, @"
    unknown-variable

      ⚠ the variable `TASKFERRY_SINK_0_FORMAT` does not set any option
       ╭─[environment:1:1]
     1 │ TASKFERRY_SINK_0_FORMAT=***
       · ───────────────────────
       ╰────
      help: did you mean `TASKFERRY_SINK__0__FORMAT`?

    unknown-variable

      ⚠ the variable `TASKFERRY_SOURCE_LIMIT` does not set any option
       ╭─[environment:1:1]
     1 │ TASKFERRY_SOURCE_LIMIT=*
       · ──────────────────────
       ╰────
      help: did you mean `TASKFERRY_SOURCE__LIMIT`?

    jobs.toml: ok, techwolf → filter_ai_impact → stdout
    ");
    let ended = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(0);
    let log = ended.log();
    assert_eq!((&log[0]["level"], &log[2]["level"]), (&json!("WARN"), &json!("INFO")));

    let arguments = ["run", "jobs.toml", "--quiet", "--summary", "summary.json"];
    let ended = context.taskferry(&arguments).with_code(0);
    ended.assert_stderr("did you mean `TASKFERRY_SOURCE__LIMIT`?");
    let once = "the variable `TASKFERRY_SOURCE_LIMIT` does not set any option";
    assert_eq!(ended.stderr.matches(once).count(), 1, "{}", ended.stderr);
    let log = context.taskferry(&["run", "jobs.toml", "--log", "json"]).with_code(0).log();
    assert_eq!(log.iter().filter(|line| line["message"] == once).count(), 1, "{log:?}");
    let repeated = |line: &&serde_json::Value| {
        line["message"].as_str().is_some_and(|message| message.contains("environment:1:1"))
    };
    assert_eq!(log.iter().filter(repeated).count(), 0, "{log:?}");
    let warning = "environment:1:1: the variable `TASKFERRY_SOURCE_LIMIT` does not set any option";
    assert_eq!(context.json("summary.json")["warnings"][1], warning);
}

#[test]
fn missing_keys_do_not_hide_other_errors() {
    let text = r#"[source]
type = "techwolf"
limit = 0

[source.auth]
client_id = "c"
client_secret = "${UNSET}"
token_url = "http://example.com/oauth/token"

[[transform]]
type = "rename_skills"
unmapped = "no"

[[sink]]
type = "file"
format = "cvs"
compression = "gzip"
"#;
    let ended = checked(&Context::new(), text);
    let messages: Vec<&str> = ended.stderr.lines().filter(|line| line.contains('×')).collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    × the key `url` is missing
    × 0 is out of range, expected a whole number from 1 to 100
    × the key `audience` is missing
    × the key `tenant` is missing
    × the variable `UNSET` is not set
    × the URL begins with `http:`, so credentials would be sent unencrypted
    × the key `vendor` is missing
    × the key `mapping` is missing
    × "no" is not one of the choices
    × the key `path` is missing
    × "cvs" is not one of the choices
    "#);
}

#[test]
fn many_errors_of_one_kind_are_counted() {
    let many = |what: &dyn Fn(usize) -> String| (0..20_000).map(what).collect::<String>();
    let checked = |from: &str, to: &str| {
        let context = Context::with_pipeline(&GOOD.replace(from, to));
        context.taskferry(&["check", "jobs.toml"]).with_code(2).stderr
    };
    for (from, to) in [
        ("[source]\n", format!("[source]\n{}", many(&|n| format!("k{n} = {n}\n")))),
        (
            "[source]\n",
            format!("[source.auth]\n{}[source]\n", many(&|n| format!("k{n} = \"secret {n}\"\n"))),
        ),
        ("name = \"jobs\"\n", many(&|n| format!("k{n} = {n}\n"))),
        ("name = \"jobs\"\n", many(&|n| format!("k{n} {n}\n"))),
    ] {
        let stderr = checked(from, &to);
        assert!(stderr.contains("19900 more errors with the code `"), "{stderr}");
        assert!(stderr.lines().filter(|line| line.contains('×')).count() < 110, "{stderr}");
    }
    let stderr = checked("\"ai_impact\", ", &many(&|n| format!("\"k{n}\", ")));
    assert!(stderr.contains("`include` has at least 100 errors"), "{stderr}");
    assert!(stderr.len() < 200_000, "{}", stderr.len());
}
