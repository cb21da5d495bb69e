//! Malformed records and unmatched names: nothing is lost or left unchanged without a warning.

use serde_json::{Value, json};
use taskferry_testkit::{Context, Response, Tenant};

/// A tenant with one page of these records as text, and a pipeline from it.
fn fixture(records: &str, stages: &str) -> (Context, Tenant) {
    let body = format!(r#"{{"has_next":false,"records":[{records}]}}"#);
    let server = Tenant::with_pages([Response::new(200, body)]);
    let context = Context::new();
    let source = server.source().replace("\"ai_impact\"", "\"ai_impact\", \"linked_skills\"");
    context.write("jobs.toml", &format!("{source}\n{stages}"));
    (context, server)
}

const FILTER: &str = "[[transform]]\ntype = \"filter_ai_impact\"\nlevels = [\"H1\", \"H2\"]\n";
const FLATTEN: &str = "[[transform]]\ntype = \"flatten_hierarchy\"\n";
const RENAME: &str =
    "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills.csv\"\n";
const SINK: &str = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";
const MAPPING: &str = "vendor,skill,vendor_skill\nworkday,Python,Python Programming\n";

const GOOD: &str = r#"{"external_id":"good","tasks":[{"task_id":"t1","ai_impact":{"level":"H1"},"linked_skills":[{"skill":"Python"}]}]}"#;

#[test]
fn unreadable_records_are_refused_with_the_reason() {
    let every = [FILTER, FLATTEN, RENAME].as_slice();
    for (bad, says, stages) in [
        (r#"{"external_id":"b","tasks":"x"}"#, "`tasks` is a string, not a list of tasks", every),
        (r#"{"external_id":"b","tasks":3}"#, "`tasks` is a number, not a list of tasks", every),
        (
            r#"{"external_id":"b","domains":[{"domain":"A","tasks":"x"}]}"#,
            "`domains[0].tasks` is a string, not a list of tasks",
            &every[..2],
        ),
        (
            r#"{"external_id":"b","tasks":[{"task_id":"t","ai_impact":"H1"}]}"#,
            "`ai_impact` is a string, not an object with a level",
            &every[..2],
        ),
        (
            r#"{"external_id":"b","tasks":[{"task_id":"t","linked_skills":["Python"]}]}"#,
            "`linked_skills[0]` is a string, not an object",
            &every[2..],
        ),
    ] {
        for stage in stages {
            let (context, _server) = fixture(&format!("{GOOD},{bad}"), &format!("{stage}\n{SINK}"));
            context.write("skills.csv", MAPPING);
            let ended = context.taskferry(&["run", "jobs.toml"]).with_code(4);
            assert!(ended.stderr.contains(says), "{stage}: {}", ended.stderr);
            ended.assert_stderr("`b`");

            let aside = format!(
                "{stage}on_error = \"dead_letter\"\n{SINK}\n[dead_letter]\npath = \"out/{{run_id}}.dead.ndjson\"\n"
            );
            let (context, _server) = fixture(&format!("{GOOD},{bad}"), &aside);
            context.write("skills.csv", MAPPING);
            context.taskferry(&["run", "jobs.toml"]).with_code(6);
            let [dead_letter] = &context.lines(&context.dead_letters())[..] else {
                panic!("one dead letter")
            };
            assert_eq!(dead_letter["record"], serde_json::from_str::<Value>(bad).unwrap());
            assert_eq!(context.lines("out/jobs.ndjson").len(), 1);
        }
    }
}

#[test]
fn null_tasks_count_as_none_and_are_reported_once() {
    let nulls = r#"{"external_id":"a","tasks":null},{"external_id":"b","domains":[{"domain":"A","tasks":null}]}"#;
    let stages = format!("{FILTER}empty_jobs = \"keep\"\n{FLATTEN}empty_jobs = \"keep\"\n{SINK}");
    let (context, _server) = fixture(&format!("{GOOD},{nulls}"), &stages);
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    let says =
        "`tasks` or a branch of the hierarchy is null in 2 jobs; null is read as an empty list";
    assert_eq!(ended.stderr.matches(says).count(), 1, "{}", ended.stderr);
    let summary = context.json("summary.json");
    assert_eq!(summary["warnings"], json!([format!("transform `filter_ai_impact`: {says}")]));
    assert_eq!(summary["transforms"][1]["counters"], json!({"null_tasks": 2}));
    let jobs: Vec<Value> =
        context.lines("out/jobs.ndjson").iter().map(|row| row["job_external_id"].clone()).collect();
    assert_eq!(jobs, ["good", "a", "b"]);
}

#[test]
fn tasks_without_a_known_level_are_counted_and_reported() {
    let job = |id: &str, levels: &[&str]| {
        let task = |level: &&str| json!({"task_id": "t", "ai_impact": {"level": level}});
        let mut tasks: Vec<Value> = levels.iter().map(task).collect();
        tasks.push(json!({"task_id": "none"}));
        json!({"external_id": id, "tasks": tasks}).to_string()
    };
    let records = format!("{GOOD},{},{}", job("a", &["h1", "H6"]), job("b", &["", "H6", "H2"]));
    let (context, _server) = fixture(&records, &format!("{FILTER}{SINK}"));
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    ended.assert_stderr("4 unknown level, 2 without level");
    let summary = context.json("summary.json");
    let transform = &summary["transforms"][0];
    assert_eq!(transform["counters"]["unknown_level"], 4);
    assert_eq!(transform["counters"]["without_level"], 2);
    let frequent = [("H6", 2), ("", 1), ("h1", 1)]
        .map(|(value, count)| json!({"value": value, "count": count}));
    assert_eq!(transform["frequent"], json!({"unknown_level": frequent}));
    let says = "transform `filter_ai_impact`: 4 tasks with an unknown AI impact level were dropped, most often \"H6\", \"\", \"h1\"; \
                known levels are H1 to H5";
    assert_eq!(summary["warnings"], json!([says]));

    let (context, _server) =
        fixture(&format!("{},{}", job("a", &[]), job("b", &[])), &format!("{FILTER}{SINK}"));
    context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    let says = "transform `filter_ai_impact`: none of the 2 tasks has an AI impact level, and all were dropped; set `include = [\"ai_impact\"]` in [source], or set `missing = \"keep\"`";
    let warnings = &context.json("summary.json")["warnings"];
    assert!(warnings.as_array().unwrap().contains(&json!(says)), "{warnings}");
}

#[test]
fn renamed_and_unknown_names_are_counted() {
    let skills = r#"[{"skill":"Python"},{"skill":"Gro\u0308ße"},{"skill":"Rust"}]"#;
    let job = |id| {
        format!(r#"{{"external_id":"{id}","tasks":[{{"task_id":"t","linked_skills":{skills}}}]}}"#)
    };
    let (context, _server) =
        fixture(&format!("{},{}", job("a"), job("b")), &format!("{RENAME}{SINK}"));
    context.write("skills.csv", &format!("{MAPPING}workday,Größe,Size\n"));
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    ended.assert_stderr("4 renamed, 2 unknown");
    let summary = context.json("summary.json");
    let transform = &summary["transforms"][0];
    assert_eq!(transform["counters"], json!({"renamed": 4, "unknown": 2}));
    assert_eq!(transform["frequent"], json!({"unknown": [{"value": "Rust", "count": 2}]}));
    assert_eq!(summary["warnings"], json!([]));
    let names = &context.lines("out/jobs.ndjson")[1]["tasks"][0]["linked_skills"];
    assert_eq!(names[1], json!({"skill": "Size"}));
}

#[test]
fn a_mapping_without_matches_is_reported_even_in_quiet_runs() {
    let (context, _server) = fixture(GOOD, &format!("{RENAME}{SINK}"));
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,python,Python Programming\n");
    let run = ["run", "jobs.toml", "--quiet", "--summary", "summary.json"];
    let ended = context.taskferry(&run).with_code(0);
    insta::assert_snapshot!(ended.stderr, @r#"warning: transform `rename_skills`: no skill was renamed: 1 skill is not in the mapping, most often `Python`; the mapping contains these names in a different case: set `match = "ignore_case"`"#);
    assert_eq!(context.json("summary.json")["warnings"].as_array().unwrap().len(), 1);

    let run = ["run", "jobs.toml", "--set", "transform.0.match=ignore_case"];
    let ended = context.taskferry(&run).with_code(0);
    ended.assert_stderr("1 renamed, 0 unknown");
}

#[test]
fn errors_of_a_mapping_are_reported_with_their_lines() {
    let (context, _server) = fixture(GOOD, &format!("{RENAME}{SINK}"));
    context.write(
        "skills.csv",
        "vendor,skill,vendor_skill\r\n\r\nworkday,\"Pyth\r\non\",Python\r\n,,\r\nworkday,SQL\r\n,Rust,R\r\nworkday,\"Go,G\r\n",
    );
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    for says in [
        "skills.csv:6: the row has 2 columns, the header has 3",
        "skills.csv:7: `vendor` is empty",
        "skills.csv:8: the quote that opens a cell in this line is not closed",
    ] {
        assert!(ended.stderr.contains(says), "{says}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("skills.csv:5"), "an empty row is ignored: {}", ended.stderr);

    context.write("skills.csv", "vendor,skill,skill,vendor_skill\nworkday,Python,Python,P\n");
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    ended.assert_stderr("skills.csv:1: duplicate column `skill`");
}

#[test]
fn the_last_value_of_a_duplicate_key_counts_everywhere() {
    // The first value of each duplicate key is wrong. One key is written with an escape.
    let job = r#"{
        "external_id":"wrong","name":"wrong","tasks":[{"task_id":"wrong","ai_impact":{"level":"H1"}}],
        "external_id":"j1","name":"n","t\u0061sks":[{
            "task_id":"wrong","task_id":"t1","task":"wrong","task":"Test it",
            "ai_impact":{"level":"H5"},"ai_impact":{"level":"H5","level":"H1","rationale":"wrong","rationale":"why"},
            "linked_skills":[{"skill":"wrong"}],"linked_skills":[{"skill":"Rust","skill":"Python"}]}]}"#;
    let csv = "[[sink]]\ntype = \"file\"\nformat = \"csv\"\npath = \"out/rows.csv\"\n";
    let plain = job.replace("t\\u0061sks", "tasks");
    for job in [job, &plain, &job.replace('\n', "")] {
        let stages = format!("{FILTER}{FLATTEN}{RENAME}{SINK}{csv}");
        let (context, _server) = fixture(job, &stages);
        context.write("skills.csv", MAPPING);
        context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
        let row = json!({
            "job_external_id": "j1", "job_name": "n", "task_id": "t1", "task": "Test it", "ai_impact_level": "H1",
            "ai_impact_rationale": "why", "linked_skills": [{"skill": "Python Programming"}],
            "domain": null, "subdomain": null, "cluster": null, "canonical_task": null,
        });
        assert_eq!(context.lines("out/jobs.ndjson"), [row]);
        assert_eq!(
            context.read("out/rows.csv").lines().nth(1).unwrap(),
            "j1,n,t1,Test it,H1,why,Python Programming,,,,"
        );
        let counters = &context.json("summary.json")["transforms"][2]["counters"];
        assert_eq!(*counters, json!({"renamed": 1, "unknown": 0}));
    }
}
