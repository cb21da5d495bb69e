//! The transform in its crate, and the runner that carries it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use example_job_names::JoinJobNames;
use serde_json::{Value, json};
use taskferry::sdk::{BuildContext, InputFiles, Output, Problem, Record, Registry, StageError};
use taskferry_sandbox::Generator;

const JOBS: &str = "external_id,job_name,job_family\nj1,Tester,Quality\n";

/// One file, whatever it is called.
#[derive(Debug)]
struct OneFile(&'static str);

impl InputFiles for OneFile {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.into())
    }
}

fn apply(
    csv: &'static str,
    options: &Value,
    record: Value,
) -> Result<Result<String, StageError>, Vec<Problem>> {
    let mut registry = Registry::new();
    registry.transform::<JoinJobNames>();
    let files = OneFile(csv);
    let context = BuildContext::new(&files, registry.endpoints());
    let built = registry.build_transform("join_job_names", options, &context).unwrap()?;
    let mut out = Output::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let applied = runtime.block_on(built.transform.apply(Record::from_value(record), &mut out));
    Ok(applied.map(|()| out.into_records()[0].to_json()))
}

fn runner() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_job-names"));
    command.env_clear();
    command
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn jobs_and_rows_get_their_names() {
    let options = json!({"file": "jobs.csv"});
    let job = apply(JOBS, &options, json!({"external_id": "j1", "tasks": []})).unwrap().unwrap();
    assert_eq!(
        job,
        r#"{"external_id":"j1","job_name":"Tester","job_family":"Quality","tasks":[]}"#
    );
    let row =
        apply(JOBS, &options, json!({"job_external_id": "j1", "task_id": "t"})).unwrap().unwrap();
    assert_eq!(
        row,
        r#"{"job_external_id":"j1","job_name":"Tester","job_family":"Quality","task_id":"t"}"#
    );
}

#[test]
fn the_names_stand_behind_the_id_wherever_that_stands() {
    let row = json!({"job_name": "?", "task_id": "t", "job_external_id": "j1", "hours": 2});
    let row = apply(JOBS, &json!({"file": "jobs.csv"}), row).unwrap().unwrap();
    assert_eq!(
        row,
        r#"{"task_id":"t","job_external_id":"j1","job_name":"Tester","job_family":"Quality","hours":2}"#
    );
}

#[test]
fn a_job_that_the_file_does_not_know_goes_as_told() {
    let unknown = || json!({"external_id": "j2"});
    let kept = apply(JOBS, &json!({"file": "jobs.csv"}), unknown()).unwrap().unwrap();
    assert_eq!(kept, r#"{"external_id":"j2","job_name":null,"job_family":null}"#);
    let refused = apply(JOBS, &json!({"file": "jobs.csv", "unknown": "fail"}), unknown()).unwrap();
    assert_eq!(refused.unwrap_err().to_string(), "the file knows no job `j2`");
    let shapeless = apply(JOBS, &json!({"file": "jobs.csv"}), json!({"total": 1})).unwrap();
    assert!(shapeless.is_err());
}

#[test]
fn a_file_that_is_wrong_is_told_before_the_run() {
    for csv in ["external_id,job_name\nj1,Tester\n", "external_id,job_name,job_family\nj1,Tester\n"]
    {
        let problems = apply(csv, &json!({"file": "jobs.csv"}), json!({})).unwrap_err();
        assert!(problems[0].message.starts_with("`jobs.csv`: CSV"), "{}", problems[0].message);
    }
}

#[test]
fn its_runner_has_the_transform_among_the_others() {
    let plugins = runner().arg("plugins").output().unwrap();
    let plugins = String::from_utf8(plugins.stdout).unwrap();
    assert!(
        plugins.contains("join_job_names") && plugins.contains("filter_ai_impact"),
        "{plugins}"
    );
    let folder = tempfile::tempdir().unwrap();
    let run = runner()
        .current_dir(&folder)
        .args(["run", "--quiet", "--sandbox"])
        .arg(beside("pipeline.toml"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let file = fs::read_dir(folder.path().join("out")).unwrap().next().unwrap().unwrap();
    let table = fs::read_to_string(file.path()).unwrap();
    assert!(table.lines().count() > 500);
    assert!(
        table.starts_with("job_external_id,job_name,job_family,task,ai_impact_level,weekly_hours")
    );
    assert!(!table.contains(",,,"), "every job of the sandbox has a name");
}

#[test]
fn its_mistakes_are_pointed_at_in_the_pipeline_file() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        fs::read_to_string(beside("pipeline.toml")).unwrap().replace("jobs.csv\"", "nowhere.csv\"");
    fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    let check = ["check", "pipeline.toml", "--sandbox"];
    let check = runner().current_dir(&folder).args(check).output().unwrap();
    let said = String::from_utf8(check.stderr).unwrap();
    assert_eq!(check.status.code(), Some(2));
    assert!(
        said.contains("pipeline.toml:33:8") && said.contains("can't read `nowhere.csv`"),
        "{said}"
    );
}

/// `jobs.csv` is what an HR system would say of the sandbox's jobs.
#[test]
fn the_file_knows_the_jobs_of_the_sandbox() {
    let generator = Generator::new(1);
    let quoted = |text: Option<String>| {
        let text = text.unwrap_or_default();
        if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let line = |index| {
        let job = generator.job(index);
        format!("{},{},{}\n", job.external_id, quoted(job.job_name), quoted(job.job_family_name))
    };
    let lines: Vec<String> = (0..200).map(line).collect();
    let expected = format!("external_id,job_name,job_family\n{}", lines.concat());
    let path = beside("jobs.csv");
    let known = fs::read_to_string(&path).unwrap_or_default();
    if known != expected && std::env::var_os("UPDATE_JOBS_CSV").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == expected,
        "write it anew with UPDATE_JOBS_CSV=1"
    );
}
