//! The output is correct, compared with a computation that shares no code with the transforms.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use taskferry_sandbox::Generator;
use taskferry_testkit::{Context, project_file};

use crate::sandbox::Sandbox;

/// The number and the seed of the jobs that `sandbox:` serves.
const JOBS: u32 = 200;
const SEED: u64 = 1;

/// The generated tasks with one of these levels, each with the id of its job. Without levels, all tasks. Rejected tasks are
/// excluded, because the API exports them only on request.
pub(crate) fn generated_jobs(levels: &[&str]) -> Vec<(String, Value)> {
    let generator = Generator::new(SEED);
    let mut tasks = Vec::new();
    for index in 0..JOBS {
        let job = serde_json::to_value(generator.job(index)).unwrap();
        for task in job["tasks"].as_array().unwrap() {
            let level = task["ai_impact"]["level"].as_str().unwrap_or("none");
            if task["validation_state"] != "rejected"
                && (levels.is_empty() || levels.contains(&level))
            {
                tasks.push((job["external_id"].as_str().unwrap().to_owned(), task.clone()));
            }
        }
    }
    tasks
}

/// The Workday name and id of each skill.
fn workday() -> HashMap<String, (String, String)> {
    let mut best: HashMap<String, (u32, (String, String))> = HashMap::new();
    let mut reader = csv::Reader::from_path(project_file("pipelines/skills/workday.csv")).unwrap();
    for row in reader.deserialize() {
        let (_, skill, name, id, rank): (String, String, String, String, u32) = row.unwrap();
        if best.get(&skill).is_none_or(|(known, _)| rank < *known) {
            best.insert(skill, (rank, (name, id)));
        }
    }
    best.into_iter().map(|(skill, (_, words))| (skill, words)).collect()
}

fn quickstart_row(job: &str, task: &Value, workday: &HashMap<String, (String, String)>) -> Value {
    let mut skills: Vec<Value> = Vec::new();
    for skill in task["linked_skills"].as_array().unwrap() {
        let renamed = match workday.get(skill["skill"].as_str().unwrap()) {
            Some((name, id)) => json!({"skill_id": id, "skill": name}),
            None => skill.clone(),
        };
        if !skills.contains(&renamed) {
            skills.push(renamed);
        }
    }
    let hours = task.get("weekly_hours").cloned().unwrap_or(json!(0));
    json!({
        "job_external_id": job, "task_id": task["task_id"], "task": task["task"],
        "validation_state": task["validation_state"],
        "ai_impact_level": task["ai_impact"]["level"],
        "ai_impact_rationale": task["ai_impact"]["rationale"],
        "linked_skills": skills,
        "domain": null, "subdomain": null, "cluster": null, "canonical_task": null,
        "hours": hours,
    })
}

/// Runs a pipeline file of the project and returns its only published file.
fn published(context: &Context, pipeline: &str, more: &[&str]) -> String {
    let pipeline = project_file(pipeline);
    context.taskferry(&[&["run", &pipeline], more].concat()).with_code(0);
    let files = context.files();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn the_rows_of_the_quickstart_match_the_data() {
    let context = Context::new();
    let rows = context.lines(&published(&context, "pipelines/quickstart.toml", &[]));
    let workday = workday();
    let expected: Vec<Value> = generated_jobs(&["H1", "H2"])
        .iter()
        .map(|(job, task)| quickstart_row(job, task, &workday))
        .collect();
    assert!(expected.len() > 100);
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row, expected);
    }
}

#[test]
fn a_full_export_equals_the_response_of_the_endpoint() {
    let context = Context::new();
    let exported =
        context.lines(&published(&context, "pipelines/full-export.toml", &["--sandbox"]));
    let sandbox = Sandbox::start(&context, &[]);
    let include = ["ai_impact", "source_data", "linked_skills", "rejected_tasks", "weekly_hours"];
    let served = sandbox.records(&json!({"include": include}));
    assert_eq!(exported.len(), 200);
    assert!(exported == served, "the export differs from what is served");
}

#[test]
fn the_spreadsheet_contains_every_task_with_its_branch() {
    let context = Context::new();
    let file = published(&context, "pipelines/hierarchy-to-csv.toml", &["--sandbox"]);
    let file = GzDecoder::new(File::open(context.path(&file)).unwrap());
    let mut found = BTreeSet::new();
    for row in csv::Reader::from_reader(file).deserialize() {
        let row: HashMap<String, String> = row.unwrap();
        let keys =
            ["job_external_id", "task_id", "domain", "subdomain", "cluster", "canonical_task"];
        found.insert(keys.map(|key| row[key].clone()));
    }
    let expected: BTreeSet<[String; 6]> = generated_jobs(&[])
        .into_iter()
        .map(|(job, task)| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let place = |level: &str| text(&task["hierarchy"][level]);
            let id = text(&task["task_id"]);
            [
                job,
                id,
                place("domain"),
                place("subdomain"),
                place("cluster"),
                place("canonical_task"),
            ]
        })
        .collect();
    assert!(expected.iter().any(|row| !row[2].is_empty()));
    assert!(found == expected, "{:?}", found.symmetric_difference(&expected).next());
}

#[test]
fn both_formats_flatten_to_the_same_rows() {
    let rows = |format: &str| {
        let context = Context::new();
        let format = format!("source.response_format={format}");
        let flatten = "transform=[{ type = \"flatten_hierarchy\" }]";
        let options = ["--sandbox", "--set", &format, "--set", flatten];
        let file = published(&context, "pipelines/full-export.toml", &options);
        let mut rows = BTreeSet::new();
        let mut placed = 0;
        for mut row in context.lines(&file) {
            let fields = row.as_object_mut().unwrap();
            for level in ["domain", "subdomain", "cluster", "canonical_task"] {
                let place = fields.shift_remove(level).expect("every row has the four levels");
                placed += usize::from(!place.is_null());
            }
            assert!(rows.insert(row.to_string()), "a row came twice: {row}");
        }
        (rows, placed)
    };
    let ((list, in_list), (hierarchy, in_hierarchy)) = (rows("list"), rows("hierarchy"));
    assert!(list.len() > 1000 && in_list == 0 && in_hierarchy > 1000);
    assert!(list == hierarchy, "{:?}", list.symmetric_difference(&hierarchy).next());
}
