//! Dataset files.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, Generator, Sandbox, SandboxError, SandboxOptions};

use crate::client::{Client, INCLUDE, file_of, file_with, full_task, place, task};

fn load(path: &Path) -> Result<Sandbox, SandboxError> {
    let data = DataOrigin::File(path.to_owned());
    Sandbox::load(SandboxOptions { data, ..SandboxOptions::default() })
}

fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn job(id: &str) -> Value {
    json!({"external_id": id, "tasks": [task("a", "suggested")]})
}

#[tokio::test]
async fn the_jobs_of_a_file_are_served_unchanged() {
    let generator = Generator::new(3);
    let lines: Vec<_> =
        (0..30).map(|index| serde_json::to_value(generator.job(index)).unwrap()).collect();
    let (from_file, generated) = (Client::with_jobs(&lines).await, Client::generated(30).await);
    for query in ["", "?response_format=hierarchy"] {
        let body = json!({"include": INCLUDE});
        assert_eq!(from_file.all(query, &body, 7).await, generated.all(query, &body, 100).await);
    }
}

#[test]
fn gzip_is_detected_by_content_and_may_have_several_members() {
    let members =
        [zipped(&format!("{}\n", job("1"))), zipped(&format!("{}\n{}", job("2"), job("3")))]
            .concat();
    assert_eq!(load(file_with(&members).path()).unwrap().jobs(), 3);
}

#[test]
fn byte_order_marks_and_line_endings_of_editors_are_accepted() {
    let text = format!("\u{feff}{}\r\n\n  \n{}", job("1"), job("2"));
    assert_eq!(load(file_with(text.as_bytes()).path()).unwrap().jobs(), 2);
    assert_eq!(load(file_with(b"").path()).unwrap().jobs(), 0);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of errors")]
fn an_invalid_job_is_reported_with_its_line_and_key() {
    let with = |key: &str, value: Value| {
        let mut wrong = full_task("a", &place("d", "s", "c", "t"));
        wrong[key] = value;
        json!({"external_id": "x", "tasks": [task("b", "suggested"), wrong]}).to_string()
    };
    let cases = [
        (
            "{\"external_id\": ".to_owned(),
            "the line ends inside the object; a dataset has one job per line",
        ),
        ("hello".to_owned(), "the line is not a JSON object"),
        (
            format!("{} {}", job("x"), job("y")),
            "there is text after the object, from column 101; a dataset has one job per line",
        ),
        ("[]".to_owned(), "the line is not a JSON object; a dataset has one job per line"),
        (json!({"tasks": []}).to_string(), "missing field `external_id`"),
        (json!({"external_id": "x"}).to_string(), "missing field `tasks`"),
        (json!({"external_id": 5, "tasks": []}).to_string(), "`external_id`: invalid type"),
        (json!({"external_id": "x", "tasks": {}}).to_string(), "`tasks`: invalid type"),
        (
            json!({"external_id": "x", "tasks": [{"task": "b", "validation_state": "c"}]})
                .to_string(),
            "`tasks[0]`: missing field `task_id`",
        ),
        (with("weekly_hours", json!("5")), "`tasks[1].weekly_hours`: invalid type: string \"5\""),
        (
            with("ai_impact", json!({"rationale": "r"})),
            "`tasks[1].ai_impact`: missing field `level`",
        ),
        (
            with("linked_skills", json!([{"skill": "r"}])),
            "`tasks[1].linked_skills[0]`: missing field `skill_id`",
        ),
        (with("source_data", json!([1])), "`tasks[1].source_data[0]`: invalid type"),
        (
            with("hierarchy", json!({"domain": "d"})),
            "`tasks[1].hierarchy`: missing field `subdomain`",
        ),
        (with("validation_state", json!("")), "`tasks[1].validation_state` must not be empty"),
        (with("task_id", json!("")), "`tasks[1].task_id` must have 1 to 100 characters"),
        (with("task_id", json!("b")), "`tasks[1].task_id`: the job has two tasks `b`"),
        (
            json!({"external_id": "", "tasks": []}).to_string(),
            "`external_id` must be 1 to 100 letters",
        ),
        (json!({"external_id": "a b", "tasks": []}).to_string(), "it is \"a b\""),
        (json!({"external_id": "x".repeat(101), "tasks": []}).to_string(), "xxx…\""),
        (
            json!({"external_id": "x", "job_family_id": "é", "tasks": []}).to_string(),
            "`job_family_id` must be",
        ),
        (job("1").to_string(), "the external_id `1` is already used by the job on line 1"),
        (
            with("ai_impct", json!({})),
            "unknown field `tasks[1].ai_impct`; did you mean `ai_impact`?",
        ),
        (
            with("ai_impact", json!({"level": "H1", "Rationale": "r"})),
            "unknown field `tasks[1].ai_impact.Rationale`; did you mean `rationale`?",
        ),
        (
            with(
                "hierarchy",
                json!({"domain": "d", "subdomain": "s", "cluster": "c", "canonical_task": "t", "level": 1}),
            ),
            "unknown field `tasks[1].hierarchy.level`",
        ),
        (
            json!({"external_id": "x", "job_nme": "y", "tasks": []}).to_string(),
            "unknown field `job_nme`; did you mean `job_name`?",
        ),
        (
            json!({"external_id": "x", "domains": [], "tasks": []}).to_string(),
            "`domains` is a key of hierarchy records",
        ),
        (
            r#"{"external_id": "x", "new": 1, "new": 2, "tasks": []}"#.to_owned(),
            "`new` is given twice",
        ),
        (
            json!({"external_id": "x", "tasks": [["a", "b", "suggested"]]}).to_string(),
            "`tasks[0]` must be an object",
        ),
        (
            json!({"external_id": "x", "job_family_name": "Law", "tasks": []}).to_string(),
            "`job_family_name` requires `job_family_id`",
        ),
        (
            json!({"external_id": "x", "last_updated": 2022, "tasks": []}).to_string(),
            "`last_updated`: invalid type: integer `2022`, expected a string",
        ),
        (
            json!({"external_id": "x", "last_updated": "soon", "tasks": []}).to_string(),
            "`last_updated`: it must be a date or a timestamp; it is \"soon\"",
        ),
        (
            json!({"external_id": "x", "tasks": ["a"]}).to_string(),
            "`tasks[0]`: invalid type: string \"a\", expected an object",
        ),
        (
            json!({"external_id": "x", "tasks": {}}).to_string(),
            "`tasks`: invalid type: object, expected an array",
        ),
        (
            format!("{{\"external_id\": \"x\", \"tasks\": [{}]}}", " ".repeat(1024 * 1024)),
            "longer than 1 MiB",
        ),
    ];
    for (line, says) in cases {
        // The blank line counts.
        let file = file_with(format!("{}\n\n{line}\n{}\n", job("1"), job("2")).as_bytes());
        let error = load(file.path()).unwrap_err();
        assert!(matches!(error, SandboxError::Line { line: 3, .. }), "{line}: {error}");
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("line 3 of the dataset `{}`: ", file.path().display())),
            "{message}"
        );
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_time_must_be_a_date_or_a_timestamp() {
    for time in [
        "",
        "2022",
        "2022-13-01",
        "2022-02-30",
        "01-01-2022",
        "yesterday",
        "2022-01-01T25:00:00Z",
        "2022-01-01T10",
        "٢٠٢٢-01-01",
        "2022-01-01T12:30:00Z[UTC]",
    ] {
        let file = file_of(&[json!({"external_id": "x", "last_updated": time, "tasks": []})]);
        let message = load(file.path()).unwrap_err().to_string();
        assert!(message.contains("it must be a date or a timestamp"), "{time}: {message}");
    }
}

#[test]
fn a_family_has_one_name() {
    let line = |id: &str, name: Value| json!({"external_id": id, "job_family_id": "law", "job_family_name": name, "tasks": []});
    let file = file_of(&[
        line("1", Value::Null),
        line("2", json!("Law")),
        line("3", json!("Law")),
        line("4", json!("Legal")),
    ]);
    let message = load(file.path()).unwrap_err().to_string();
    assert!(message.starts_with("line 4 "), "{message}");
    assert!(
        message.ends_with(
            "`job_family_name`: on line 2 the job family `law` has the name \"Law\"; use one name"
        ),
        "{message}"
    );
}

#[tokio::test]
async fn unknown_fields_are_served_unchanged() {
    let line = r#"{"external_id": "a", "seniority": {"rank": 1.50}, "tasks": [
        {"task_id": "t", "task": "Do", "validation_state": "validated", "since": 1e2,
         "ai_impact": {"level": "H1", "confidence": 0.70},
         "linked_skills": [{"skill_id": "s", "skill": "Python", "since": 2020}]}]}"#;
    let client = Client::with_text(&line.replace('\n', " ")).await;
    for (query, more) in
        [("", 5), ("?response_format=hierarchy", 5), ("?external_vendor=workday", 4)]
    {
        let body = json!({"limit": 1, "include": ["ai_impact", "linked_skills"]});
        let response = client.request(query).json(&body).send().await.unwrap();
        let text = response.text().await.unwrap();
        let parts =
            [r#""seniority":{"rank": 1.50}"#, r#""since":1e2"#, r#""confidence": 0.70"#, "2020"];
        let found = parts.iter().filter(|part| text.contains(**part)).count();
        assert_eq!(found, more.min(4) - usize::from(query.contains("vendor")), "{query}: {text}");
    }
    let bare = client.get_ok("/job_architecture/jobs/a/task_profile").await;
    assert_eq!(bare["tasks"][0].get("ai_impact"), None, "a known field must be requested");
    assert!(bare.get("seniority").is_some());
}

#[test]
fn invalid_utf8_and_truncated_gzip_are_reported() {
    let error = load(file_with(b"{\"external_id\": \"\xff\"}").path()).unwrap_err();
    assert!(error.to_string().ends_with("the line is not UTF-8"), "{error}");

    let mut cut = zipped(&format!("{}\n", job("1")));
    cut.truncate(cut.len() - 6);
    let error = load(file_with(&cut).path()).unwrap_err();
    assert!(matches!(error, SandboxError::Line { .. }), "{error}");
}

#[test]
fn a_missing_file_is_reported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.ndjson");
    let error = load(&path).unwrap_err();
    assert!(matches!(error, SandboxError::Open { .. }));
    assert!(error.to_string().contains("jobs.ndjson"), "{error}");
    assert!(
        matches!(load(folder.path()).unwrap_err(), SandboxError::Open { .. }),
        "a folder is not a dataset"
    );
}

#[test]
fn the_dataset_is_not_needed_after_loading() {
    let file = file_of(&[job("1")]);
    let sandbox = load(file.path()).unwrap();
    drop(file);
    assert_eq!(sandbox.jobs(), 1);
}
