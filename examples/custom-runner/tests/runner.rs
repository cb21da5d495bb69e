//! The custom runner as users start it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use taskferry_sandbox::Generator;

fn runner() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_job-names"));
    command.env_clear();
    command
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_custom_runner_lists_its_transform() {
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
fn errors_of_the_custom_transform_are_marked_in_the_pipeline_file() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        fs::read_to_string(beside("pipeline.toml")).unwrap().replace("jobs.csv\"", "nowhere.csv\"");
    fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    let check = ["check", "pipeline.toml", "--sandbox"];
    let check = runner().current_dir(&folder).args(check).output().unwrap();
    let said = String::from_utf8(check.stderr).unwrap();
    assert_eq!(check.status.code(), Some(2));
    assert!(
        said.contains("pipeline.toml:35:8") && said.contains("can't read `nowhere.csv`"),
        "{said}"
    );
}

#[test]
fn the_schema_beside_the_pipeline_contains_the_custom_transform() {
    let schema = runner().arg("schema").output().unwrap();
    let schema = String::from_utf8(schema.stdout).unwrap();
    assert!(schema.contains("\"const\": \"join_job_names\""), "{schema}");
    let kept = fs::read_to_string(beside("pipeline.schema.json")).unwrap_or_default();
    assert!(
        kept == schema,
        "regenerate it: cargo run -p example-runner -- schema > examples/custom-runner/pipeline.schema.json"
    );
}

/// `jobs.csv` stands for the export of an HR system. It contains the jobs of the sandbox.
#[test]
fn the_mapping_contains_the_jobs_of_the_sandbox() {
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
        "regenerate it with UPDATE_JOBS_CSV=1"
    );
}
