//! `taskferry test`: the tests of pipelines.

use serde_json::{Value, json};
use taskferry_testkit::{Context, project_file};

pub(super) const PIPELINE: &str = include_str!("pipeline_tests/pipeline.toml");

const INPUT: &str = r#"
input = '''
{"external_id": "j1", "tasks": [
  {"task_id": "t1", "task": "Write", "weekly_hours": 1.50, "ai_impact": {"level": "H1"}},
  {"task_id": "t2", "task": "Read", "weekly_hours": 2, "ai_impact": {"level": "H4"}}
]}
{"external_id": "j2", "tasks": []}
'''
"#;

/// A folder with the pipeline, and with these tests beside it. Only `CLIENT_SECRET` is set.
pub(super) fn with_tests(tests: &str) -> Context {
    let context = Context::with_pipeline(PIPELINE);
    context.write("jobs.test.toml", tests);
    context
}

/// A test with the input above.
pub(super) fn case(name: &str, more: &str) -> String {
    format!("[[test]]\nname = \"{name}\"{INPUT}{more}\n\n")
}

/// The result of one test with these assertions: its exit code and what it prints.
fn result(more: &str) -> (i32, String) {
    let ended = with_tests(&case("one", more)).taskferry(&["test", "jobs.toml"]);
    (ended.code.unwrap(), ended.stderr)
}

#[test]
fn tests_run_without_any_secret_or_variable() {
    let row = r#"[{ job_external_id = "j1", task_id = "t1", task = "Write", weekly_hours = 1.5, ai_impact_level = "H1" }]"#;
    let tests = [
        case("rows", "match = \"subset\"\nexpect = [{ task = \"Write\" }]\nexpect_dropped = 1"),
        case("jq", "expect_jq = '.ai_impact_level == \"H1\"'\nexpect_refused = 0"),
        case("one stage", "stage = \"filter_ai_impact\"\nexpect_jq = '.tasks | length == 1'"),
        case(
            "the sink",
            "stage = \"hours\"\nexpect = [{ region = \"emea\", task = \"Write\", minutes = 90 }]",
        ),
        case(
            "a variable",
            "stage = \"hours\"\nexpect_jq = '.region == \"apac\"'\n[test.env]\nREGION = \"apac\"",
        ),
        format!(
            "[[test]]\nname = \"its own transform\"\nstage = \"short\"\ninput = {row}\nexpect_jq = '.minutes == 90'\n"
        ),
    ];
    let mut context = with_tests(&tests.concat());
    context.set("REGION", "from outside");
    context.set("TASKFERRY_TRANSFORM__0__LEVELS", "[\"H5\"]");
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(0);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @r"
    ok      jobs.test.toml: rows
    ok      jobs.test.toml: jq
    ok      jobs.test.toml: one stage
    ok      jobs.test.toml: the sink
    ok      jobs.test.toml: a variable
    ok      jobs.test.toml: its own transform
    6 passed
    ");
    assert!(context.files().is_empty(), "a test writes nothing: {:?}", context.files());
}

#[test]
fn a_failed_test_shows_its_input_each_stage_and_the_difference() {
    let expected = "match = \"subset\"\nexpect = [{ task = \"Write\", weekly_hours = 2 }]";
    let ended = with_tests(&case("hours", expected)).taskferry(&["test", "jobs.toml"]).with_code(8);
    insta::assert_snapshot!(ended.stderr, @r#"
    FAILED  jobs.test.toml:1: hours
      the records differ from `expect`
        - expected  + found
          @@ record
          {
            "task": "Write",
        -   "weekly_hours": 2
        +   "weekly_hours": 1.50
          }
      input 1 of 2
          {
            "external_id": "j1",
            "tasks": [
              {
                "task_id": "t1",
                "task": "Write",
                "weekly_hours": 1.50,
                "ai_impact": {"level": "H1"}
              },
              {
                "task_id": "t2",
                "task": "Read",
                "weekly_hours": 2,
                "ai_impact": {"level": "H4"}
              }
            ]
          }
      transform filter_ai_impact jobs.toml:14:1: changes the record
        `levels` (jobs.toml:16:1) drops the task `t2`: its level is H4
          @@ tasks[1]
                "ai_impact": {"level": "H1"}
              }
        -     {
        -       "task_id": "t2",
        -       "task": "Read",
        -       "weekly_hours": 2,
        -       "ai_impact": {"level": "H4"}
        -     }
            ]
          }
      transform flatten_hierarchy jobs.toml:18:1: changes the record
          @@ record
          {
        -   "external_id": "j1",
        -   "tasks": [
        -     {
        -       "task_id": "t1",
        -       "task": "Write",
        -       "weekly_hours": 1.50,
        -       "ai_impact": {"level": "H1"}
        -     }
        -   ]
        +   "job_external_id": "j1",
        +   "task_id": "t1",
        +   "task": "Write",
        +   "weekly_hours": 1.50,
        +   "ai_impact_level": "H1",
        +   "ai_impact_rationale": null,
        +   "domain": null,
        +   "subdomain": null,
        +   "cluster": null,
        +   "canonical_task": null
          }
      input 2 of 2
          {
            "external_id": "j2",
            "tasks": []
          }
      transform filter_ai_impact jobs.toml:14:1: drops the record
        `empty_jobs` (default, jobs.toml:14:1) drops the job: no task remains
    0 passed, 1 failed
    "#);
}

#[test]
fn each_expectation_can_fail() {
    for (more, says) in [
        ("expect = []", "expected 0 records, found 1"),
        (
            "match = \"unordered\"\nexpect = [{ task = \"Read\" }]",
            "the records differ from `expect`",
        ),
        ("expect_dropped = 2", "expected 2 records of `input` dropped, found 1 of 2"),
        ("expect_refused = 1", "expected 1 record refused, found 0"),
        ("expect_refused = \"no\"", "no record is refused, expected the reason `no`"),
        ("expect_jq = '.weekly_hours > 2'", "`expect_jq` returns false for record 1 of 1"),
        ("expect_jq = '.weekly_hours'", "`expect_jq` returns 1.50 for record 1 of 1"),
        ("expect_jq = '.none | values'", "`expect_jq` returns nothing for record 1 of 1"),
        ("expect_jq = '.task.x'", "`expect_jq` fails: "),
        (
            "expect_jq = '.task, last(range(infinite))'",
            "`expect_jq` fails: the expression took longer than the time limit of 5s for record 1 of 1",
        ),
        (
            "stage = \"flatten_hierarchy\"\nexpect_jq = '.task == 1'\nmatch = \"exact\"\nexpect = []",
            "found 2",
        ),
    ] {
        let (code, text) = result(more);
        assert_eq!(code, 8, "{more}: {text}");
        assert!(
            text.contains(says) && text.contains("FAILED  jobs.test.toml:1: one"),
            "{more}: {text}"
        );
    }
    let none = "[[test]]\nname = \"none\"\ninput = [{ external_id = \"j\", tasks = [] }]\nexpect_jq = '.task == 1'\n";
    let ended = with_tests(none).taskferry(&["test", "jobs.toml"]).with_code(8);
    ended.assert_stderr("the transforms emit no record, so `expect_jq` can't be true");
}

#[test]
fn dropped_records_are_not_counted_if_they_may_be_part_of_the_last_records() {
    let sums = "[[transform]]\ntype = \"filter_ai_impact\"\nlevels = [\"H1\"]\n[[transform]]\ntype = \"flatten_hierarchy\"\n\
                [[transform]]\ntype = \"aggregate\"\ngroup_by = [\"ai_impact_level\"]\ncount = \"tasks\"\n";
    let source = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"\ninclude = [\"ai_impact\"]\n";
    let tested = |input: &str, more: &str| {
        let context = Context::new();
        let test = format!("[[test]]\nname = \"one\"\ninput = '[{input}]'\n{more}\n");
        let sink = "[[sink]]\ntype = \"stdout\"\n";
        context.write("jobs.toml", &format!("{source}{sums}{sink}{test}"));
        let ended = context.taskferry(&["test", "jobs.toml"]);
        (ended.code.unwrap(), ended.stderr)
    };
    let job = |level: &str| {
        json!({"external_id": level, "tasks": [{"task_id": "t", "task": "Write", "ai_impact": {"level": level}}]})
            .to_string()
    };
    let jobs = format!("{},{}", job("H1"), job("H2"));
    let (code, text) = tested(&jobs, "expect_dropped = 1");
    assert_eq!(code, 8, "{text}");
    let says = "`expect_dropped` can't be checked: `aggregate` emits records at the end, which may contain the missing \
                records of `input`; write `expect` instead";
    assert!(text.contains(says), "{text}");
    assert_eq!(tested(&jobs, "expect = '{\"ai_impact_level\": \"H1\", \"tasks\": 1}'").0, 0);
    // No record reaches `aggregate`.
    assert_eq!(tested(&job("H2"), "expect_dropped = 1").0, 0);
}

#[test]
fn a_refused_record_fails_a_test_that_does_not_expect_it() {
    let refused = |more: &str| {
        let test = format!(
            "[[test]]\nname = \"one\"\ninput = [{{ external_id = \"j\", tasks = 3 }}, {{ external_id = \"k\", tasks = [] }}]\n{more}\n"
        );
        let ended = with_tests(&test).taskferry(&["test", "jobs.toml"]);
        (ended.code.unwrap(), ended.stderr)
    };
    assert_eq!(refused("expect_refused = 1\nexpect_dropped = 1\nexpect = []").0, 0);
    assert_eq!(refused("expect_refused = \"not a list of tasks\"").0, 0);
    for more in ["expect = []", "expect_refused = \"too large\"", "expect_refused = 2"] {
        let (code, text) = refused(more);
        assert_eq!(code, 8, "{text}");
        let says = "`filter_ai_impact` refuses a record: `tasks` is a number, not a list of tasks";
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_dead_letter_starts_at_the_stage_that_refused_it() {
    let dead_letter = |role: &str, name: &str| {
        json!({
            "pipeline": "jobs", "run_id": "r1", "stage": {"role": role, "name": name},
            "error": {"message": "no", "hint": null},
            "origin": {"page": 7, "cursor": null, "index": 3, "job": "j1"},
            "record": {"task": "Write", "weekly_hours": 2},
        })
    };
    let test = "[[test]]\nname = \"letters\"\ninput = \"dead.ndjson\"\nexpect = [{ task = \"Write\", minutes = 120, region = \"emea\" }]\n";
    let context = with_tests(test);
    context.write("dead.ndjson", &dead_letter("transform", "short").to_string());
    context.taskferry(&["test", "jobs.toml"]).with_code(0);

    context.write("dead.ndjson", &dead_letter("transform", "long").to_string());
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("refused by the transform `long`");

    context.write("dead.ndjson", &dead_letter("sink", "hours").to_string());
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(8);
    ended.assert_stderr("+   \"weekly_hours\": 2");
}

#[test]
fn results_are_written_as_junit_and_json() {
    let tests = case("good", "expect_dropped = 1") + &case("b<a>d & 'x'", "expect_dropped = 0");
    let context = with_tests(&tests);
    let arguments = ["test", "jobs.toml", "--junit", "junit.xml", "--json"];
    let ended = context.taskferry(&arguments).with_code(8);
    let xml = context.read("junit.xml");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
    assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{xml}");
    assert!(xml.contains("<testcase name=\"b&lt;a&gt;d &amp; &apos;x&apos;\" classname=\"jobs.toml\" file=\"jobs.test.toml\" line="), "{xml}");
    assert!(
        xml.contains(
            "<failure message=\"expected 0 records of `input` dropped, found 1 of 2\">FAILED"
        ),
        "{xml}"
    );
    assert!(!xml.contains('\u{1b}'), "{xml}");
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&found["schema_version"], &found["passed"], &found["failed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let failed = &found["tests"][1];
    assert_eq!(failed["name"], "b<a>d & 'x'");
    assert_eq!(
        failed["failures"][0]["message"],
        "expected 0 records of `input` dropped, found 1 of 2"
    );
    assert_eq!(failed["output"][0]["task"], "Write");
    let ended = context.taskferry(&["test", "jobs.toml", "--junit", "jobs.test.toml"]).with_code(2);
    ended.assert_stderr("would overwrite `jobs.test.toml`");
}

#[test]
fn the_tests_of_the_shipped_pipelines_pass() {
    let names = [
        "full-export",
        "hierarchy-to-csv",
        "hours-by-level",
        "quickstart",
        "task-changes",
        "webhook",
    ];
    let files = names.map(|name| project_file(&format!("pipelines/{name}.toml")));
    // As a shell expands `pipelines/*.toml`.
    let own = files.iter().map(|file| file.replace(".toml", ".test.toml"));
    let files: Vec<String> = own.chain(files.clone()).collect();
    let arguments = ["test"].into_iter().chain(files.iter().map(String::as_str));
    let ended = Context::new().taskferry(&arguments.collect::<Vec<_>>()).with_code(0);
    for name in names {
        ended.assert_stderr(format!("{name}.test.toml: "));
    }
    assert!(ended.stderr.ends_with("7 passed\n"), "{}", ended.stderr);
}

#[test]
fn a_test_has_the_same_result_at_any_time_and_in_any_time_zone() {
    let filter = r#"{now: now, day: (now | todate), hour: (0 | localtime[3]), zone: (0 | strflocaltime("%Z"))}"#;
    let test = |name: &str, more: &str, expected: &str| {
        format!(
            "[[test]]\nname = \"{name}\"\ninput = [{{}}]\nexpect = '{expected}'\nexpect_jq = '.now == now'\n{more}\n\n"
        )
    };
    let by_default =
        r#"{"now": 946684800, "day": "2000-01-01T00:00:00Z", "hour": 0, "zone": "UTC"}"#;
    let set = r#"{"now": 2111560200.5, "day": "2036-11-29T08:30:00Z", "hour": 9, "zone": "JST"}"#;
    let clock = "clock = \"2036-11-29T08:30:00.5Z\"\n[test.env]\nTZ = \"Asia/Tokyo\"";
    let tests = [test("by default", "", by_default), test("set", clock, set)].concat();
    let (source, rest) = PIPELINE.split_once("[[transform]]").unwrap();
    let (_, sink) = rest.split_once("[[sink]]").unwrap();
    for isolation in ["none", "process"] {
        let mut context = with_tests(&tests);
        context.set("TZ", "America/New_York");
        let transform = format!(
            "[[transform]]\ntype = \"jq\"\nisolation = \"{isolation}\"\nfilter = '{filter}'\n\n"
        );
        context.write("jobs.toml", &format!("{source}{transform}[[sink]]{sink}"));
        context.taskferry(&["test", "jobs.toml"]).with_code(0);
    }
}

#[test]
fn a_failed_test_fits_into_100_columns() {
    let long = |word: &str| format!("{}{word}{}", "職業 ".repeat(40), "review ".repeat(4000));
    let test = format!(
        "[[test]]\nname = \"long\"\nstage = \"flatten_hierarchy\"\nmatch = \"subset\"\ninput = [{{ external_id = \"j\", tasks = [{{ task_id = \"t\", task = \"{}\" }}] }}]\nexpect = [{{ task = \"{}\" }}]\n",
        long("new"),
        long("old")
    );
    let ended = with_tests(&test).taskferry(&["test", "jobs.toml"]).with_code(8);
    for line in ended.stderr.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 100, "{line}");
    }
    ended.assert_stderr("業 oldreview review re…");
    ended.assert_stderr("業 newreview review re…");
}

#[test]
fn a_page_of_the_api_stands_for_its_records() {
    let page = r#"{"has_next": false, "records": [{"external_id": "j1", "tasks": []}, {"external_id": "j2", "tasks": []}]}"#;
    let tests = |input: &str| {
        format!("[[test]]\nname = \"page\"\ninput = {input}\nexpect = []\nexpect_dropped = 2\n")
    };
    let context = with_tests(&tests(&format!("'{page}'")));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    context.write("page.json", page);
    context.write("jobs.test.toml", &tests("\"page.json\""));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
}
