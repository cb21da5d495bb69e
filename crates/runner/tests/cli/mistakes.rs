//! Invalid pipeline files.

use std::fmt::Write;

use serde_json::json;
use taskferry_testkit::{Context, Outcome};

/// A valid file.
const GOOD: &str = r#"name = "jobs"

[source]
type = "techwolf"
url = "sandbox:?jobs=3"
include = ["ai_impact", "linked_skills"]

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]

[[sink]]
type = "stdout"
"#;

/// The output of `check` for a file; `run` prints the same and runs nothing.
fn checked(context: &Context, text: &str) -> Outcome {
    context.write("jobs.toml", text);
    let checked = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    let run = context.taskferry(&["run", "jobs.toml", "--summary", "out/s.json"]).with_code(2);
    assert_eq!((checked.stdout.as_str(), &checked.stderr), ("", &run.stderr));
    assert_eq!(run.stdout, "");
    assert_eq!(context.files(), [""; 0]);
    checked
}

/// The output for the valid file with one change.
fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    checked(&Context::new(), &GOOD.replace(from, to)).stderr
}

#[test]
fn a_valid_file_is_reported_as_valid() {
    let context = Context::new();
    context.write("jobs.toml", GOOD);
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
    assert_eq!(ended.stderr, "jobs.toml: ok, techwolf → filter_ai_impact → stdout\n");
}

#[test]
fn a_misspelt_key_is_marked() {
    insta::assert_snapshot!(changed("levels", "lvels"), @r#"
    key::unknown

      × unknown key `lvels`
        ╭─[jobs.toml:10:1]
     10 │ lvels = ["H1"]
        · ─────
        ╰────
      help: did you mean `levels`?

    1 mistake; nothing was run
    "#);
}

#[test]
fn a_wrong_type_is_marked() {
    insta::assert_snapshot!(changed("url =", "limit = \"many\"\nurl ="), @r#"
    value::type

      × expected a whole number, found a string
       ╭─[jobs.toml:5:9]
     5 │ limit = "many"
       ·         ──────
       ╰────

    1 mistake; nothing was run
    "#);
}

#[test]
fn an_unknown_plugin_is_marked() {
    insta::assert_snapshot!(changed("filter_ai_impact", "filter_impact"), @r#"
    plugin::unknown

      × there is no transform `filter_impact`
       ╭─[jobs.toml:9:8]
     9 │ type = "filter_impact"
       ·        ───────────────
       ╰────
      help: did you mean `filter_ai_impact`?

    1 mistake; nothing was run
    "#);
}

#[test]
fn an_unset_variable_is_marked() {
    insta::assert_snapshot!(changed("sandbox:?jobs=3", "https://${TENANT}.eu3.techwolf.ai"), @r#"
    variable::unset

      × the variable `TENANT` is not set
       ╭─[jobs.toml:5:16]
     5 │ url = "https://${TENANT}.eu3.techwolf.ai"
       ·                ─────────
       ╰────
      help: set it, or write a default: `${TENANT:-…}`; to try the pipeline without a tenant:
            `taskferry run jobs.toml --sandbox`

    1 mistake; nothing was run
    "#);
}

#[test]
fn a_broken_jq_expression_is_marked_inside_the_file() {
    let jq = "[[transform]]\ntype = \"jq\"\nfilter = '.hours = (.weekly_hours // 0'\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", jq), @"
    jq::syntax

      × `(` is not closed
        ╭─[jobs.toml:14:20]
     14 │ filter = '.hours = (.weekly_hours // 0'
        ·                    ─
        ╰────

    1 mistake; nothing was run
    ");
}

#[test]
fn a_broken_jq_expression_of_many_lines_is_marked_on_its_line() {
    let jq = "[[transform]]\ntype = \"jq\"\nfilter = '''\n  .tasks\n  | mapp(.task)\n  | $names\n'''\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", jq), @"
    jq::undefined

      × there is no function `mapp`
        ╭─[jobs.toml:16:5]
     16 │   | mapp(.task)
        ·     ────
        ╰────
      help: did you mean `map`?

    jq::undefined

      × there is no variable `$names`
        ╭─[jobs.toml:17:5]
     17 │   | $names
        ·     ──────
        ╰────
      help: pass it with `args`, or bind it with `… as $name | …`

    2 mistakes; nothing was run
    ");
}

#[test]
fn a_missing_mapping_file_is_marked() {
    let rename = "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills.csv\"\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", rename), @r#"
    file::unreadable

      × can't read the mapping `skills.csv`: No such file or directory (os error 2)
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills.csv"
        ·           ────────────
        ╰────
      help: the path resolves to skills.csv

    1 mistake; nothing was run
    "#);
}

#[test]
fn invalid_rows_of_a_mapping_are_reported_with_their_lines() {
    let context = Context::new();
    let rows = "vendor,skill,vendor_skill,rank\nworkday,Excel,MS Excel,first\nworkday,,Word,1\nworkday,Word\n";
    context.write("skills/workday.csv", rows);
    let rename = "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills/workday.csv\"\n\n[[sink]]";
    context.write("jobs.toml", &GOOD.replace("[[sink]]", rename));
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    mapping::row

      × skills/workday.csv:2: the rank `first` is not a whole number of at least 0
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    mapping::row

      × skills/workday.csv:3: `skill_id` and `skill` are both empty
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    mapping::row

      × skills/workday.csv:4: the row has 2 columns, the header has 4
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    3 mistakes; nothing was run
    "#);
}

#[test]
fn a_missing_dataset_is_marked() {
    insta::assert_snapshot!(changed("?jobs=3", "?data=jobs.ndjson"), @r#"
    sandbox::data

      × there is no dataset file `jobs.ndjson`
       ╭─[jobs.toml:5:22]
     5 │ url = "sandbox:?data=jobs.ndjson"
       ·                      ───────────
       ╰────
      help: a relative path starts at the pipeline file's folder

    1 mistake; nothing was run
    "#);
}

#[test]
fn an_invalid_parameter_of_the_sandbox_is_marked() {
    insta::assert_snapshot!(changed("?jobs=3", "?job=3&seed=x"), @r#"
    sandbox::url

      × unknown parameter `job`
       ╭─[jobs.toml:5:17]
     5 │ url = "sandbox:?job=3&seed=x"
       ·                 ───
       ╰────
      help: did you mean `jobs`?

    sandbox::url

      × `x` is not a seed
       ╭─[jobs.toml:5:28]
     5 │ url = "sandbox:?job=3&seed=x"
       ·                            ─
       ╰────
      help: write a whole number from 0 to 18446744073709551615

    2 mistakes; nothing was run
    "#);
}

#[test]
fn a_toml_syntax_error_is_marked() {
    insta::assert_snapshot!(changed("\"sandbox:?jobs=3\"", "sandbox:"), @"
    toml::syntax

      × invalid TOML: string values must be quoted, expected literal string
       ╭─[jobs.toml:5:7]
     5 │ url = ********
       ·       ────────
       ╰────

    1 mistake; nothing was run
    ");
}

#[test]
fn a_field_that_is_not_fetched_is_an_error_before_the_first_request() {
    insta::assert_snapshot!(changed("\"ai_impact\", ", ""), @r#"
    pipeline::missing_field

      × `filter_ai_impact` needs `ai_impact`, which the source does not fetch
       ╭─[jobs.toml:6:11]
     6 │ include = ["linked_skills"]
       ·           ────────┬────────
       ·                   ╰── `ai_impact` is not fetched
       ╰────
       ╭─[jobs.toml:9:8]
     9 │ type = "filter_ai_impact"
       ·        ─────────┬────────
       ·                 ╰── without it no task has a level and all would be dropped
       ╰────
      help: add "ai_impact" to `include` in [source]

    1 mistake; nothing was run
    "#);
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let text = r#"
nmae = "jobs"

[source]
type = "techwolf"
url = "${TENANT_URL}"
limit = 500

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]
at_most = "H2"

[[transform]]
type = "jq"
filter = ".a |"
on_error = "ignore"

[[transform]]
type = "rename_skills"
vendor = "workday"

[[sink]]
type = "file"
path = "out/{pipelin}.csv.gz"

[[sink]]
type = "webhok"
"#;
    let context = Context::new();
    context.write("jobs.toml", text);
    let ended = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(2);
    let mut told = String::new();
    for mistake in ended.log() {
        let text = |key: &str| mistake[key].as_str().unwrap_or("-").to_owned();
        let (line, column) = (&mistake["line"], &mistake["column"]);
        writeln!(told, "{}:{line}:{column}: {}", text("file"), text("message")).unwrap();
        writeln!(told, "  {} | {}", text("code"), text("help")).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    jobs.toml:2:1: unknown top-level key `nmae`
      key::unknown | did you mean `name`?
    jobs.toml:6:8: the variable `TENANT_URL` is not set
      variable::unset | set it, or write a default: `${TENANT_URL:-…}`; to try the pipeline without a tenant: `taskferry run jobs.toml --sandbox`
    jobs.toml:7:9: 500 is out of range, expected a whole number from 1 to 100
      value::invalid | -
    jobs.toml:11:1: `levels` and a range can't be used together
      key::conflict | keep either `levels`, or `at_least` and `at_most`
    jobs.toml:16:14: expected an expression, found the end of the expression
      jq::syntax | -
    jobs.toml:17:12: "ignore" is not one of the choices
      value::unknown | the choices are `fail`, `skip`, `dead_letter`
    jobs.toml:19:1: the key `mapping` is missing
      key::missing | add `mapping = …` to this table
    jobs.toml:25:8: unknown placeholder `{pipelin}`; the placeholders are {pipeline}, {date}, {time}, {run_id}, {shard}; did you mean `{pipeline}`?
      value::invalid | -
    jobs.toml:28:8: there is no sink `webhok`
      plugin::unknown | did you mean `webhook`?
    "#);
}

#[test]
fn a_mistake_is_one_line_of_json_in_the_json_format() {
    let context = Context::new();
    context.write("jobs.toml", &GOOD.replace("levels", "lvels"));
    for command in ["check", "run"] {
        let ended = context.taskferry(&[command, "jobs.toml", "--log", "json"]).with_code(2);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @r#"{"timestamp":"[instant]","level":"ERROR","message":"unknown key `lvels`","code":"key::unknown","file":"jobs.toml","line":10,"column":1,"help":"did you mean `levels`?"}"#);
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
            file::unreadable

              × can't read the pipeline file `pipelines/jobs.toml`: No such file or directory (os error 2)
              help: check the path; a relative path starts at the working directory

            1 mistake; nothing was run
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
    assert!(ended.stderr.contains("[bad.toml:13:8]"), "{}", ended.stderr);
    assert!(ended.stderr.contains("good.toml: ok"), "{}", ended.stderr);
}

#[test]
fn mistakes_outside_the_file_are_reported_with_their_origin() {
    let mut context = Context::new();
    context.write("jobs.toml", GOOD);
    context.write("overlay.toml", "[source]\nlimt = 5\n");
    context.set("TASKFERRY_SOURCE__LIMIT", "many");
    let arguments =
        ["check", "jobs.toml", "--overlay", "overlay.toml", "--set", "transform.0.missing=never"];
    let ended = context.taskferry(&arguments).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    key::unknown

      × unknown key `limt`
       ╭─[overlay.toml:2:1]
     2 │ limt = 5
       · ────
       ╰────
      help: did you mean `limit`?

    value::type

      × expected a whole number, found a string
       ╭─[environment:1:25]
     1 │ TASKFERRY_SOURCE__LIMIT=many
       ·                         ────
       ╰────

    value::unknown

      × "never" is not one of the choices
       ╭─[--set:1:21]
     1 │ transform.0.missing=never
       ·                     ─────
       ╰────
      help: the choices are `drop`, `keep`, `fail`

    3 mistakes; nothing was run
    "#);
}

#[test]
fn an_unwritable_summary_is_reported_before_the_run() {
    let context = Context::new();
    context.write("jobs.toml", GOOD);
    context.write("taken", "");
    let arguments = ["run", "jobs.toml", "--summary", "taken/summary.json"];
    let ended = context.taskferry(&arguments).with_code(2);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @"error: can't write the summary `taken/summary.json`: File exists (os error 17)");
    let ended = context.taskferry(&[&arguments[..], &["--log", "json"]].concat()).with_code(2);
    assert_eq!(ended.log()[0]["level"], "ERROR");

    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "jobs.toml"]).with_code(2);
    assert!(ended.stderr.contains("would overwrite the pipeline file"), "{}", ended.stderr);
    let sink = "sink=[{ type = \"file\", path = \"jobs.ndjson\" }]";
    let ended = context.taskferry(&["run", "jobs.toml", "--set", sink, "--summary", "jobs.ndjson"]);
    let ended = ended.with_code(2);
    assert!(ended.stderr.contains("two outputs write to `jobs.ndjson`"), "{}", ended.stderr);
}

#[test]
fn secrets_in_an_invalid_file_are_not_shown() {
    let text = r#"
[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"
auth = { client_id = "c", client_secret = "canary-1", tennant = "acme" }

[[sink]]
type = "webhook"
url = "https://hr.example.com/canary-2"
headers = { Authorization = "Bearer canary-3", "Not Good" = "canary-4" }
"#;
    let mut context = Context::new();
    context.write("jobs.toml", text);
    context.set("TASKFERRY_SOURCE__AUTH__TOKEN", "[\"canary-5\"]");
    let set = "sink.0.headers.X-Key={ a = \"canary-6\" }";
    for format in ["text", "json"] {
        let arguments = ["check", "jobs.toml", "--set", set, "--log", format];
        let ended = context.taskferry(&arguments).with_code(2);
        assert!(ended.stderr.contains("tennant"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
}

#[test]
fn a_warning_is_drawn_with_its_position_and_stops_nothing() {
    let mut context = Context::new();
    context.write("jobs.toml", GOOD);
    context.set("TASKFERRY_SOURCE_LIMIT", "1");
    context.set("TASKFERRY_SINK_0_FORMAT", "csv");
    context.set("TASKFERRY_SERVICE_HOST", "10.0.0.1");
    context.set("TASKFERRY_LOG", "warn");
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(ended.stderr, @"
    variable::unknown

      ⚠ the variable `TASKFERRY_SINK_0_FORMAT` does not set any option
       ╭─[environment:1:1]
     1 │ TASKFERRY_SINK_0_FORMAT=***
       · ───────────────────────
       ╰────
      help: did you mean `TASKFERRY_SINK__0__FORMAT`?

    variable::unknown

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
    assert!(ended.stderr.contains("did you mean `TASKFERRY_SOURCE__LIMIT`?"), "{}", ended.stderr);
    let warning = "environment:1:1: the variable `TASKFERRY_SOURCE_LIMIT` does not set any option";
    assert_eq!(context.json("summary.json")["warnings"][1], warning);
}

#[test]
fn a_number_without_a_unit_is_reported_with_a_suggestion() {
    insta::assert_snapshot!(changed("url =", "timeout = 30\nmax_page_bytes = 100\nurl ="), @r#"
    value::invalid

      × `30` has no unit; write "30s" for seconds, "30ms" or "30m"
       ╭─[jobs.toml:5:11]
     5 │ timeout = 30
       ·           ──
       ╰────

    value::invalid

      × `100` has no unit; write "100 B" for bytes, "100 KiB" or "100 MiB"
       ╭─[jobs.toml:6:18]
     6 │ max_page_bytes = 100
       ·                  ───
       ╰────

    2 mistakes; nothing was run
    "#);
}

#[test]
fn tables_with_too_few_brackets_are_named_once() {
    let two = |first: &str, second: &str| {
        let more = format!("{second}\ntype = \"jq\"\nfilter = \".\"\n\n[[sink]]");
        let text = GOOD.replace("[[sink]]", &more).replacen("[[transform]]", first, 1);
        checked(&Context::new(), &text).stderr
    };
    insta::assert_snapshot!(two("[[transform]]", "[transform]"), @"
    toml::brackets

      × `[transform]` must be `[[transform]]`: a pipeline can have several
        ╭─[jobs.toml:12:1]
     12 │ [transform]
        · ───────────
        ╰────
      help: write `[[transform]]` with two brackets

    1 mistake; nothing was run
    ");
    insta::assert_snapshot!(two("[transform]", "[[transform]]"), @"
    toml::brackets

      × `[transform]` must be `[[transform]]`: a pipeline can have several
       ╭─[jobs.toml:8:1]
     8 │ [transform]
       · ───────────
       ╰────
      help: write `[[transform]]` with two brackets

    1 mistake; nothing was run
    ");
    insta::assert_snapshot!(two("[transform]", "[transform]"), @"
    toml::brackets

      × `[transform]` must be `[[transform]]`: a pipeline can have several
       ╭─[jobs.toml:8:1]
     8 │ [transform]
       · ───────────
       ╰────
      help: write `[[transform]]` with two brackets

    1 mistake; nothing was run
    ");
}

#[test]
fn curly_quotation_marks_are_named() {
    insta::assert_snapshot!(changed("\"H1\"", "“H1”"), @r#"
    toml::syntax

      × invalid TOML: `“` is a curly quotation mark
        ╭─[jobs.toml:10:11]
     10 │ levels = **********
        ·           ───
        ╰────
      help: write straight ones: `"…"` or `'…'`

    1 mistake; nothing was run
    "#);
}

#[test]
fn an_index_past_the_end_of_a_list_is_reported() {
    let context = Context::new();
    context.write("jobs.toml", GOOD);
    let ended =
        context.taskferry(&["check", "jobs.toml", "--set", "sink.1.format=csv"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    layer::position

      × there is no position 1: the list has one entry, at position 0
       ╭─[--set:1:1]
     1 │ sink.1.format=***
       · ─────────────
       ╰────

    1 mistake; nothing was run
    ");
    let arguments = ["check", "jobs.toml", "--set", "sink.1.type=file", "--set", "sink.1.path=o"];
    context.taskferry(&arguments).with_code(0);
}

#[test]
fn missing_keys_do_not_hide_other_mistakes() {
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
    let said: Vec<&str> = ended.stderr.lines().filter(|line| line.contains('×')).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    × the key `url` is missing
    × 0 is out of range, expected a whole number from 1 to 100
    × the key `audience` is missing
    × the key `tenant` is missing
    × the variable `UNSET` is not set
    × credentials would be sent unencrypted: the URL begins with `http:`
    × the key `vendor` is missing
    × the key `mapping` is missing
    × "no" is not one of the choices
    × the key `path` is missing
    × "cvs" is not one of the choices
    "#);
}

#[test]
fn many_mistakes_of_one_kind_are_counted() {
    let many = |what: &dyn Fn(usize) -> String| (0..20_000).map(what).collect::<String>();
    let checked = |from: &str, to: &str| {
        let context = Context::new();
        context.write("jobs.toml", &GOOD.replace(from, to));
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
        assert!(stderr.contains("19900 more mistakes of this kind are not shown"), "{stderr}");
        assert!(stderr.lines().filter(|line| line.contains('×')).count() < 110, "{stderr}");
    }
    let stderr = checked("\"ai_impact\", ", &many(&|n| format!("\"k{n}\", ")));
    assert!(stderr.contains("`include` has 100 mistakes so far"), "{stderr}");
    assert!(stderr.len() < 200_000, "{}", stderr.len());
}
