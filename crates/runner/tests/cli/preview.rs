//! `taskferry preview` shows what `run` would do with the first records, and touches nothing.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Tenant, page};

/// A job with one task. The level of the task is H1 in every third job, and H4 in all others.
fn job(number: usize) -> Value {
    let level = if number.is_multiple_of(3) { "H1" } else { "H4" };
    json!({"external_id": format!("j{number}"), "name": format!("Secret title {number}"), "tasks": [
        {"task_id": format!("t{number}"), "task": "Plan the week", "ai_impact": {"level": level},
         "linked_skills": [{"skill": "Python", "skill_id": "s1"}]}
    ]})
}

const STAGES: &str = r#"
[[transform]]
type = "filter_ai_impact"
levels = ["H1"]
missing = "keep"

[[transform]]
type = "flatten_hierarchy"

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills.csv"

[[sink.transform]]
type = "jq"
filter = "{id: .task_id, title: .job_name}"
"#;

/// A tenant with this many pages, and a context with its pipeline.
fn tenant(pages: usize) -> (Tenant, Context) {
    let tenant = Tenant::with_listing(pages, job, |_| {});
    let mut context = Context::new();
    context.set("XDG_CACHE_HOME", context.path("cache").to_str().unwrap());
    let (transforms, own) = STAGES.split_once("[[sink.transform]]").unwrap();
    let pipeline = tenant.pipeline().replace("\"ai_impact\"]", "\"ai_impact\", \"linked_skills\"]");
    let (source, sink) = pipeline.split_once("[[sink]]").unwrap();
    let text =
        format!("name = \"jobs\"\n{source}{transforms}[[sink]]{sink}\n[[sink.transform]]{own}");
    context.write("jobs.toml", &text);
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Python,Python Programming\n");
    (tenant, context)
}

/// The number of requested pages.
fn requests(tenant: &Tenant) -> usize {
    tenant.requests().iter().filter(|request| request.target != "/oauth/token").count()
}

#[test]
fn each_stage_is_shown_as_a_difference_and_drops_name_their_option() {
    let (_tenant, context) = tenant(1);
    let shown =
        context.taskferry(&["preview", "jobs.toml", "-n", "2", "--show-values"]).with_code(0);
    let (first, second) = shown.stdout.split_once("\nrecord 2 of 2").unwrap();
    insta::assert_snapshot!(first, @r#"
    record 1 of 2: page 1 (the first), record 1, id `j0`
      source techwolf jobs.toml:3:1
          {
            "external_id": "j0",
            "name": "Secret title 0",
            "tasks": [
              {
                "task_id": "t0",
                "task": "Plan the week",
                "ai_impact": {"level": "H1"},
                "linked_skills": [
                  {"skill": "Python", "skill_id": "s1"}
                ]
              }
            ]
          }
      transform filter_ai_impact jobs.toml:17:1: unchanged
      transform flatten_hierarchy jobs.toml:22:1: changes the record
          @@ record
          {
        -   "external_id": "j0",
        -   "name": "Secret title 0",
        -   "tasks": [
        -     {
        -       "task_id": "t0",
        -       "task": "Plan the week",
        -       "ai_impact": {"level": "H1"},
        -       "linked_skills": [
        -         {"skill": "Python", "skill_id": "s1"}
        -       ]
        -     }
        +   "job_external_id": "j0",
        +   "job_name": "Secret title 0",
        +   "task_id": "t0",
        +   "task": "Plan the week",
        +   "ai_impact_level": "H1",
        +   "ai_impact_rationale": null,
        +   "linked_skills": [
        +     {"skill": "Python", "skill_id": "s1"}
            ],
        +   "domain": null,
        +   "subdomain": null,
        +   "cluster": null,
        +   "canonical_task": null
          }
      transform rename_skills jobs.toml:25:1: changes the record
        `mapping` (jobs.toml:28:1) renames the skill `Python` to `Python Programming`
          @@ linked_skills[0]
            "ai_impact_rationale": null,
            "linked_skills": [
        -     {"skill": "Python", "skill_id": "s1"}
        +     {"skill": "Python Programming", "skill_id": "s1"}
            ],
            "domain": null,
      transform jq of sink `file` jobs.toml:34:1: changes the record
          @@ record
          {
        -   "job_external_id": "j0",
        -   "job_name": "Secret title 0",
        -   "task_id": "t0",
        -   "task": "Plan the week",
        -   "ai_impact_level": "H1",
        -   "ai_impact_rationale": null,
        -   "linked_skills": [
        -     {"skill": "Python Programming", "skill_id": "s1"}
        -   ],
        -   "domain": null,
        -   "subdomain": null,
          … 2 more lines
        +   "id": "t0",
        +   "title": "Secret title 0"
          }
      sink file jobs.toml:30:1: accepts 1 record (row 1)
    "#);
    assert!(
        second.starts_with(": page 1 (the first), record 2, id `j1`\n  source techwolf"),
        "{second}"
    );
    let (_, after_source) = second.split_once("\n      }\n").unwrap();
    insta::assert_snapshot!(after_source, @r#"
      transform filter_ai_impact jobs.toml:17:1: drops the record
        `levels` (jobs.toml:19:1) drops the task `t1`: its level is H4
        `empty_jobs` (default, jobs.toml:17:1) drops the job: no task remains

    2 records shown, 5 read (1 page)
    options without an effect on the 5 records read:
      `missing` of transform `filter_ai_impact` (jobs.toml:20:1)
    "#);
    assert_eq!(shown.stderr, "");
}

#[test]
fn as_many_pages_are_requested_as_needed_and_none_twice() {
    let (tenant, context) = tenant(3);
    context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    assert_eq!(requests(&tenant), 1, "three records are on the first page");
    let again = context.taskferry(&["preview", "jobs.toml", "-n", "7"]).with_code(0);
    again.assert_stderr("using 1 page that an earlier preview read");
    assert_eq!(requests(&tenant), 2, "the second page is read after the kept one");
    context.taskferry(&["preview", "jobs.toml", "-n", "10"]).with_code(0);
    assert_eq!(requests(&tenant), 2, "both pages are kept");
    context.taskferry(&["preview", "jobs.toml", "--refresh"]).with_code(0);
    assert_eq!(requests(&tenant), 3);
    // Kept pages with other fields are not used.
    let text = context
        .read("jobs.toml")
        .replace("\"linked_skills\"]", "\"linked_skills\", \"weekly_hours\"]");
    context.write("jobs.toml", &text);
    context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    assert_eq!(requests(&tenant), 4);
}

#[test]
fn nothing_is_delivered_no_state_is_kept_and_the_pages_are_private() {
    let (_tenant, context) = tenant(1);
    context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    assert!(!context.path(".taskferry").exists());
    let mut files = context.files();
    files.retain(|name| name != "skills.csv");
    let [kept] = &files[..] else { panic!("{files:?}") };
    assert!(kept.starts_with("cache/taskferry/preview/"), "{kept}");
    let mode =
        |name: &str| std::fs::metadata(context.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(kept), mode("cache/taskferry/preview")), (0o600, 0o700));
    let text = context.read(kept);
    for secret in ["canary-token", "client-1", taskferry_testkit::CLIENT_SECRET] {
        assert!(!text.contains(secret) && !kept.contains(secret), "{secret}");
    }
}

#[test]
fn texts_are_masked_unless_standard_output_is_a_terminal() {
    let (_tenant, context) = tenant(1);
    for arguments in [&["preview", "jobs.toml"][..], &["preview", "jobs.toml", "--json"]] {
        let shown = context.taskferry(arguments).with_code(0);
        for text in ["Secret title", "Plan the week", "Python"] {
            assert!(!shown.stdout.contains(text), "{text}: {}", shown.stdout);
        }
        assert!(shown.stdout.contains("H1") && shown.stdout.contains("t0"), "{}", shown.stdout);
        assert_eq!(shown.stderr.matches("text values are masked").count(), 1, "{}", shown.stderr);
    }
}

#[test]
fn if_the_first_records_are_dropped_a_delivered_record_is_shown_too() {
    let (tenant, context) = tenant(4);
    let text = context.read("jobs.toml");
    // This job is on the third page.
    let filter = "[[transform]]\ntype = \"jq\"\nfilter = 'select(.external_id == \"j12\")'\n\n[[transform]]\ntype = \"filter";
    context.write("jobs.toml", &text.replacen("[[transform]]\ntype = \"filter", filter, 1));
    let shown = context.taskferry(&["preview", "jobs.toml", "-n", "1", "--json"]).with_code(0);
    let document: Value = serde_json::from_str(&shown.stdout).unwrap();
    let ids: Vec<_> =
        document["records"].as_array().unwrap().iter().map(|it| &it["origin"]["job"]).collect();
    assert_eq!(ids, ["j0", "j12"]);
    assert_eq!(requests(&tenant), 3);
    let limited =
        context.taskferry(&["preview", "jobs.toml", "-n", "1", "--max-pages", "2"]).with_code(0);
    limited.assert_stderr(
        "no record is delivered; 10 records (2 pages) were read; `--max-pages` raises the limit",
    );
    let selected = context.taskferry(&["preview", "jobs.toml", "--id", "j0"]).with_code(0);
    selected.assert_stderr("none of the shown records is delivered; 5 records (1 page) were read");
}

#[test]
fn options_that_never_had_an_effect_are_listed() {
    let (_tenant, context) = tenant(1);
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Cobol,COBOL\n");
    let shown = context.taskferry(&["preview", "jobs.toml", "--json"]).with_code(0);
    let document: Value = serde_json::from_str(&shown.stdout).unwrap();
    let idle = document["options_without_effect"].as_array().unwrap();
    let idle: Vec<_> = idle.iter().map(|it| (&it["stage"], &it["option"])).collect();
    assert_eq!(
        idle,
        [
            (&json!("filter_ai_impact"), &json!("missing")),
            (&json!("rename_skills"), &json!("mapping"))
        ]
    );
    assert_eq!((&document["schema_version"], &document["records_read"]), (&json!(1), &json!(5)));
}

#[test]
fn records_are_selected_by_id_and_by_expression() {
    let (_tenant, context) = tenant(3);
    let ids = |arguments: &[&str]| -> Vec<Value> {
        let all = [&["preview", "jobs.toml", "--json"], arguments].concat();
        let document: Value =
            serde_json::from_str(&context.taskferry(&all).with_code(0).stdout).unwrap();
        document["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["origin"]["job"].clone())
            .collect()
    };
    assert_eq!(ids(&["--id", "j11"]), ["j11"]);
    assert_eq!(
        ids(&["-n", "2", "--where", ".external_id | endswith(\"3\") # a comment"]),
        ["j3", "j13"]
    );
    let none = context.taskferry(&["preview", "jobs.toml", "--id", "j-unknown"]).with_code(9);
    none.assert_stderr("no record has the id `j-unknown`; 15 records (3 pages) were read");
    let wrong = context.taskferry(&["preview", "jobs.toml", "--where", ".a |"]).with_code(2);
    wrong.assert_stderr("`--where` is not a jq expression");
    let failing =
        context.taskferry(&["preview", "jobs.toml", "--where", ".tasks + 1"]).with_code(9);
    failing.assert_stderr("`--where` failed for 15 records");
    let wrong = context.taskferry(&["preview", "jobs.toml", "--stage", "nope"]).with_code(2);
    wrong.assert_stderr("the pipeline has no stage `nope`; its stages are `techwolf`,");
}

#[test]
fn records_from_a_file_need_no_request_and_no_credentials() {
    let (tenant, mut context) = tenant(1);
    context.set("CLIENT_SECRET", "");
    let records = [job(3).to_string(), job(6).to_string()];
    for (name, text) in [
        ("lines.ndjson", format!("{}\n\n{}\n", records[0], records[1])),
        ("list.json", format!("[\n{},\n{}\n]", records[0], records[1])),
        ("one.json", format!("{:#}", job(3))),
        ("page.json", json!({"has_next": false, "records": [job(3), job(6)]}).to_string()),
    ] {
        context.write(name, &text);
        let shown =
            context.taskferry(&["preview", "jobs.toml", "--json", "--input", name]).with_code(0);
        let document: Value = serde_json::from_str(&shown.stdout).unwrap();
        assert_eq!(document["records"][0]["delivered"], json!(true), "{name}");
    }
    assert_eq!(tenant.requests().len(), 0);
    for (text, message) in [
        (
            "{\"external_id\": \"j1\"}\n{\"external_id\": \"j2\"}\n{broken\n",
            "bad.json:3: not a JSON object: key must be a string",
        ),
        ("{\n  \"a\": 1,\n  \"b\" 2\n}\n", "bad.json:3: not JSON: expected `:`"),
        (
            "[{}, 5]",
            "bad.json:1: item 2 of the list: a record is a JSON object, but this is a number",
        ),
        ("{}\n[]\n", "bad.json:2: a record is a JSON object, but this is a list"),
        ("\n", "`bad.json` contains no record"),
    ] {
        context.write("bad.json", text);
        let wrong =
            context.taskferry(&["preview", "jobs.toml", "--input", "bad.json"]).with_code(2);
        wrong.assert_stderr(message);
    }
}

#[test]
fn a_refused_record_shows_its_reason_and_the_records_after_it_are_shown() {
    let (_tenant, context) = tenant(1);
    context.write(
        "records.ndjson",
        &format!("{}\n{}\n", json!({"external_id": "bad", "tasks": "none"}), job(3)),
    );
    let arguments = ["preview", "jobs.toml", "--input", "records.ndjson", "--show-values"];
    let shown = context.taskferry(&arguments).with_code(0);
    assert!(shown.stdout.contains("transform filter_ai_impact jobs.toml:"), "{}", shown.stdout);
    assert!(shown.stdout.contains("refuses the record\n    refused: `tasks` "), "{}", shown.stdout);
    assert!(shown.stdout.contains("a run stops here (`on_error = \"fail\"`)"), "{}", shown.stdout);
    assert!(shown.stdout.contains("accepts 1 record (row 1)"), "{}", shown.stdout);
    assert_eq!(shown.stderr, "", "the log does not repeat it");
}

#[test]
fn a_failed_source_ends_a_preview_with_the_exit_code_of_a_run() {
    let tenant = Tenant::start(|_| page(&["j1"], Some("j1")));
    let context = Context::with_pipeline(&tenant.pipeline());
    let failed = context.taskferry(&["preview", "jobs.toml", "--id", "j2"]).with_code(3);
    failed.assert_stderr("error: source `techwolf`:");
}

#[test]
fn a_saved_change_is_shown_without_a_request_until_ctrl_c() {
    let (tenant, context) = tenant(1);
    let mut watching = context.start(&[
        "preview",
        "jobs.toml",
        "-n",
        "1",
        "--stage",
        "filter_ai_impact",
        "--watch",
    ]);
    watching.wait_for_line("watching 2 files, Ctrl-C ends");
    let text = context.read("jobs.toml");
    context.write("jobs.toml", &text.replace("levels", "levls"));
    watching.wait_for_line("unknown");
    watching.wait_for_line("watching 2 files");
    context.write("jobs.toml", &text.replace("[\"H1\"]", "[\"H4\"]"));
    let line = watching.wait_for_line("watching 2 files");
    let milliseconds: u64 = line.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!(milliseconds < 5000, "{line}");
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Python,Snakes\n");
    watching.wait_for_line("watching 2 files");
    watching.signal("INT");
    let ended = watching.wait().with_code(0);
    assert!(
        ended.stdout.contains("unchanged") && ended.stdout.contains("drops the record"),
        "{}",
        ended.stdout
    );
    assert_eq!(requests(&tenant), 1);
}

#[test]
fn the_shown_records_become_a_test_with_other_ids_and_texts() {
    let (_tenant, context) = tenant(1);
    let text = context.read("jobs.toml").replace("[\"H1\"]", "[\"H4\"]");
    context.write("jobs.toml", &text);
    let record = ["preview", "jobs.toml", "-n", "2", "--record", "two jobs"];
    let shown = context.taskferry(&record).with_code(0);
    let recorded = "recorded `two jobs` in jobs.test.toml: 2 in, 1 out, 1 dropped";
    shown.assert_stderr(recorded);
    assert!(shown.stdout.contains("record 2 of 2"), "{}", shown.stdout);
    let text = context.read("jobs.test.toml");
    for original in ["Secret title", "\"j0\"", "\"t0\"", "Plan the week"] {
        assert!(!text.contains(original), "{original}: {text}");
    }
    assert!(text.contains("\"external_id\": \"job-2\""), "{text}");
    let taken = context.taskferry(&record).with_code(2);
    taken.assert_stderr("there is already a test `two jobs`");
    assert_eq!(taken.stdout, "", "the name is checked first");

    let id = ["preview", "jobs.toml", "--id", "j1", "--record", "skills", "--verbatim"];
    let stage = ["--stage", "rename_skills"];
    context.taskferry(&[&id[..], &stage].concat()).with_code(0);
    let text = context.read("jobs.test.toml");
    let (_, text) = text.split_once("name = \"skills\"").unwrap();
    assert!(text.contains("stage = \"rename_skills\""), "{text}");
    assert!(
        text.contains("\"job_external_id\": \"j1\"") && !text.contains("\"tasks\""),
        "the input is what the transform receives: {text}"
    );
    let unreached = ["preview", "jobs.toml", "--id", "j0", "--record", "none"];
    let ended = context.taskferry(&[&unreached[..], &stage].concat()).with_code(2);
    ended.assert_stderr("no record reaches the stage");
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(0);
    assert!(ended.stderr.ends_with("2 passed\n"), "{}", ended.stderr);
    context.taskferry(&["preview", "jobs.toml", "--record", "x", "--set", "name=x"]).with_code(2);
}

#[test]
fn kept_pages_that_another_user_may_have_changed_are_requested_again() {
    let (tenant, context) = tenant(1);
    context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    let kept = context.files().into_iter().find(|name| name.contains("/preview/")).unwrap();
    let allow = |name: &str, mode: u32| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(context.path(name), mode).unwrap();
    };
    for (count, (name, mode)) in
        [(kept.as_str(), 0o666), ("cache/taskferry/preview", 0o777)].into_iter().enumerate()
    {
        allow(name, mode);
        context.taskferry(&["preview", "jobs.toml"]).with_code(0);
        assert_eq!(requests(&tenant), count + 2, "{name}");
    }
    context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    assert_eq!(requests(&tenant), 3, "both are private again");
}
