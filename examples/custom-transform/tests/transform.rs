//! `join_job_names`, built from options like those of a pipeline file.

use example_job_names::JoinJobNames;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::{Files, TransformTest};
use taskferry_sdk::{Problem, StageError};

const JOBS: &str = "external_id,job_name,job_family\nj1,Tester,Quality\n";

fn join(csv: &str, options: &Value) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::with_files::<JoinJobNames>(options, &Files::new().with("jobs.csv", csv))
}

fn joined(record: &str) -> Result<Vec<String>, StageError> {
    join(JOBS, &json!({"file": "jobs.csv"})).unwrap().apply(record)
}

#[test]
fn jobs_and_rows_get_their_names() {
    assert_eq!(
        joined(r#"{"external_id": "j1", "tasks": []}"#).unwrap(),
        [r#"{"external_id": "j1", "tasks": [],"job_name":"Tester","job_family":"Quality"}"#]
    );
    assert_eq!(
        joined(r#"{"job_external_id":"j1","job_name":"?","hours":1.50}"#).unwrap(),
        [r#"{"job_external_id":"j1","job_name":"Tester","hours":1.50,"job_family":"Quality"}"#]
    );
}

#[test]
fn an_unknown_job_is_null_or_refused() {
    let unknown = r#"{"external_id":"j2"}"#;
    assert_eq!(
        joined(unknown).unwrap(),
        [r#"{"external_id":"j2","job_name":null,"job_family":null}"#]
    );
    let mut strict = join(JOBS, &json!({"file": "jobs.csv", "unknown": "fail"})).unwrap();
    assert_eq!(strict.apply(unknown).unwrap_err().to_string(), "the file has no job `j2`");
    assert!(joined(r#"{"total":1}"#).is_err());
}

#[test]
fn a_malformed_file_is_reported_before_the_run() {
    for csv in ["external_id,job_name\nj1,Tester\n", "external_id,job_name,job_family\nj1,Tester\n"]
    {
        let problems = join(csv, &json!({"file": "jobs.csv"})).unwrap_err();
        assert!(problems[0].message.starts_with("`jobs.csv`: CSV"), "{}", problems[0].message);
    }
    assert!(join(JOBS, &json!({"file": "elsewhere.csv"})).is_err());
}
