//! What `rename_skills` promises, seen from a pipeline.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_core::{
    BuildContext, BuiltTransform, Emitter, InputFiles, Problem, Record, Registry, StageError,
};
use taskferry_profile::arbitrary::{contents, record_text};
use taskferry_transform_rename_skills::RenameSkills;

const MAPPING: &str = "\
vendor,skill_id,skill,vendor_skill,vendor_skill_id,rank
workday,s1,Python,Python Programming,W1,1
workday,s2,,Python Programming,W1,2
workday,,SQL,Databases,W2,
sap,s1,,Programming,,
sap,s2,,Programming,,
";

#[derive(Debug)]
struct File(Option<String>);

impl InputFiles for File {
    fn resolve(&self, path: &Path) -> PathBuf {
        Path::new("/pipelines").join(path)
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        self.0.clone().map(String::into_bytes).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn build(file: Option<&str>, options: &Value) -> Result<BuiltTransform, Vec<Problem>> {
    let mut registry = Registry::new();
    registry.transform::<RenameSkills>();
    let file = File(file.map(str::to_owned));
    let context = BuildContext::new(&file, registry.endpoints());
    registry.build_transform("rename_skills", options, &context).unwrap()
}

fn apply(vendor: &str, unmapped: &str, record: Record) -> Result<Vec<String>, StageError> {
    let options = json!({"vendor": vendor, "mapping": "skills.csv", "unmapped": unmapped});
    let built = build(Some(MAPPING), &options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut out = Emitter::new();
    runtime.block_on(built.transform.apply(record, &mut out))?;
    Ok(out.into_records().iter().map(Record::to_json).collect())
}

fn rename(vendor: &str, unmapped: &str, record: &Value) -> Vec<Value> {
    let lines = both_ways(|record| apply(vendor, unmapped, record), &record.to_string()).unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// As text where that says enough, and as a tree: both say the same.
fn both_ways(
    apply: impl Fn(Record) -> Result<Vec<String>, StageError>,
    text: &str,
) -> Result<Vec<String>, String> {
    let told = |record| apply(record).map(contents).map_err(|error| error.full_message());
    let by_tree = told(Record::from_value(serde_json::from_str(text).unwrap()));
    assert_eq!(told(Record::parse(text.to_owned()).unwrap()), by_tree, "{text}");
    by_tree
}

fn task(skills: &Value) -> Value {
    json!({"task_id": "t", "linked_skills": skills, "unknown": 1})
}

#[test]
fn skills_are_renamed_wherever_they_stand() {
    let (old, new) = (
        json!([{"skill_id": "s1", "skill": "Python"}]),
        json!([{"skill_id": "W1", "skill": "Python Programming"}]),
    );
    for shape in [
        |skills: &Value| json!({"external_id": "j", "tasks": [task(skills)]}),
        |skills: &Value| json!({"external_id": "j", "domains": [{"domain": "X", "tasks": [task(skills)]}]}),
        |skills: &Value| task(skills),
        |skills: &Value| json!([{"anything": task(skills)}]),
    ] {
        assert_eq!(rename("workday", "keep", &shape(&old)), [shape(&new)]);
    }
}

#[test]
fn an_id_stays_when_the_mapping_has_none() {
    let renamed = rename("sap", "keep", &task(&json!([{"skill_id": "s1", "skill": "Python"}])));
    assert_eq!(renamed, [task(&json!([{"skill_id": "s1", "skill": "Programming"}]))]);
}

#[test]
fn two_skills_that_become_one_are_merged() {
    let skills = json!([
        {"skill": "Python", "skill_id": "s1", "weight": null},
        {"skill_id": "s7", "skill": "Rust"},
        {"skill_id": "s2", "skill": "Python 3", "weight": 5, "since": 2008},
        {"skill_id": "s8", "skill": "Rust"},
    ]);
    let merged = json!([
        {"skill": "Python Programming", "skill_id": "W1", "weight": 5, "since": 2008},
        {"skill_id": "s7", "skill": "Rust"},
        {"skill_id": "s8", "skill": "Rust"},
    ]);
    assert_eq!(rename("workday", "keep", &task(&skills)), [task(&merged)]);
    // Without ids of the vendor's own the name decides, that of a skill which had it before too.
    let skills = json!([{"skill_id": "s9", "skill": "Programming"}, {"skill_id": "s1", "skill": "Python"}, {"skill_id": "s2", "skill": "Python 3"}]);
    let merged = json!([{"skill_id": "s9", "skill": "Programming"}]);
    assert_eq!(rename("sap", "keep", &task(&skills)), [task(&merged)]);
}

#[test]
fn a_skill_without_a_name_goes_as_told() {
    let skills = json!([{"skill_id": "s7", "skill": "Rust"}, {"skill_id": "s8", "skill": "SQL"}]);
    let databases = json!({"skill_id": "W2", "skill": "Databases"});
    assert_eq!(rename("workday", "drop", &task(&skills)), [task(&json!([databases]))]);
    assert_eq!(
        rename("workday", "null", &task(&skills)),
        [task(&json!([{"skill_id": null, "skill": null}, databases]))]
    );
    let rust = json!([{"skill_id": "s7", "skill": "Rust"}]);
    assert_eq!(
        rename("sap", "null", &task(&rust)),
        [task(&json!([{"skill_id": "s7", "skill": null}]))]
    );
    let error = apply("workday", "fail", Record::from_value(task(&skills))).unwrap_err();
    assert_eq!(error.to_string(), "the skill `Rust` (id `s7`) has no workday name in the mapping");
}

#[test]
fn a_row_of_one_skill_is_renamed_at_its_top() {
    let row = |id: Value, skill: Value| json!({"job_external_id": "j", "task_id": "t", "skill_id": id, "skill": skill});
    let python = row(json!("s1"), json!("Python"));
    assert_eq!(rename("workday", "keep", &python), [row(json!("W1"), json!("Python Programming"))]);
    let rust = row(json!("s7"), json!("Rust"));
    assert_eq!(rename("workday", "drop", &rust), Vec::<Value>::new());
    let none = row(Value::Null, Value::Null);
    assert_eq!(rename("workday", "drop", &none), [none]);
    let job = json!({"external_id": "j", "skill": "Rust", "tasks": []});
    assert_eq!(rename("workday", "drop", &job), [job]);
}

#[test]
fn a_record_without_a_skill_to_rename_is_passed_on_as_it_came() {
    for text in [
        r#"{ "task_id":"t",  "hours":1.10, "linked_skills":[{"skill":"Rust"},"Python",null] }"#,
        r#"{ "total": 3 }"#,
        "7",
    ] {
        assert_eq!(apply("workday", "keep", Record::parse(text).unwrap()).unwrap(), [text]);
    }
}

#[test]
fn a_mapping_that_is_missing_is_told_with_both_paths() {
    let options = json!({"vendor": "workday", "mapping": "skills.csv"});
    let problem = &build(None, &options).unwrap_err()[0];
    assert_eq!((problem.path.to_string().as_str(), problem.code), ("mapping", "file::unreadable"));
    assert!(
        problem.message.starts_with("can't read the mapping `skills.csv`: "),
        "{}",
        problem.message
    );
    assert_eq!(problem.help.as_deref(), Some("it was looked for at /pipelines/skills.csv"));
}

#[test]
fn a_vendor_that_the_mapping_lacks_is_told_with_those_it_has() {
    let problem =
        &build(Some(MAPPING), &json!({"vendor": "Workdy", "mapping": "m.csv"})).unwrap_err()[0];
    assert_eq!(problem.path.to_string(), "vendor");
    assert_eq!(problem.message, "the mapping `m.csv` has no rows for the vendor `Workdy`");
    assert_eq!(problem.help.as_deref(), Some("did you mean `workday`? There are `sap`, `workday`"));
}

#[test]
fn bad_rows_are_told_one_by_one_up_to_a_limit() {
    let rows = format!("vendor,skill,vendor_skill\n{}", "workday,,x\n".repeat(13));
    let problems =
        build(Some(&rows), &json!({"vendor": "workday", "mapping": "m.csv"})).unwrap_err();
    assert_eq!(problems.len(), 11);
    assert_eq!(problems[0].message, "m.csv:2: neither `skill_id` nor `skill` is filled in");
    assert_eq!(problems[10].message, "m.csv: and 3 more rows that can't be read");
}

#[test]
fn missing_columns_are_told() {
    let told = |text: &str| -> Vec<(String, Option<String>)> {
        let problems =
            build(Some(text), &json!({"vendor": "workday", "mapping": "m.csv"})).unwrap_err();
        problems.into_iter().map(|problem| (problem.message, problem.help)).collect()
    };
    let header = Some("the header has `vendor`, `name`".to_owned());
    assert_eq!(
        told("vendor,name\n"),
        [
            ("m.csv:1: the column `vendor_skill` is missing".to_owned(), header.clone()),
            ("m.csv:1: the column `skill_id` or `skill` is missing".to_owned(), header),
        ]
    );
    assert_eq!(
        told("vendor;skill;vendor_skill\n")[0].1.as_deref(),
        Some("separate the columns with commas")
    );
}

#[test]
fn it_says_what_it_needs() {
    let built = build(Some(MAPPING), &json!({"vendor": "sap", "mapping": "m.csv"})).unwrap();
    assert_eq!((built.needs[0].field, built.reshapes), ("linked_skills", false));
}

proptest! {
    #[test]
    fn no_skill_is_lost_when_unmapped_ones_are_kept(names in prop::collection::vec("[A-D]", 0..8)) {
        let skills: Vec<Value> = names.iter().map(|name| json!({"skill": name})).collect();
        let record = task(&skills.into());
        let kept = rename("workday", "keep", &record);
        prop_assert_eq!(kept, [record]);
    }
}

const LETTERS: &str = "\
vendor,skill_id,skill,vendor_skill,vendor_skill_id
names,,A,\"A \"\"one\"\"\",
names,,B,b,
names,,C,b,
names,s2,,A,
ids,s1,,a,v1
ids,,A,b,v2
ids,,B,c,v1
ids,s3,,d,
";

proptest! {
    #[test]
    fn text_says_what_a_tree_says(text in record_text(), vendor in "names|ids", unmapped in "keep|drop|null|fail") {
        let options = json!({"vendor": vendor, "mapping": "skills.csv", "unmapped": unmapped});
        let built = build(Some(LETTERS), &options).unwrap();
        let apply = |record| {
            let mut out = Emitter::new();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(built.transform.apply(record, &mut out))?;
            Ok(out.into_records().iter().map(Record::to_json).collect())
        };
        // What is refused is refused by both.
        _ = both_ways(apply, &text);
    }
}
