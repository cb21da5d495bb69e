//! What `rename_skills` promises, seen from a pipeline.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_pipeline::{BuiltTransform, Registry};
use taskferry_profile::arbitrary::{contents, record_text};
use taskferry_profile::text::LinkedSkillsText;
use taskferry_profile::walk::visit_linked_skills;
use taskferry_sdk::{BuildContext, Counters, InputFiles, Output, Problem, Record, StageError};
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
    apply_built(&build(Some(MAPPING), &options).unwrap(), record).map(|(lines, _)| lines)
}

/// What came out, and what was counted.
fn apply_built(
    built: &BuiltTransform,
    record: Record,
) -> Result<(Vec<String>, Counters), StageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut out = Output::new();
    runtime.block_on(built.transform.apply(record, &mut out))?;
    let counters = out.take_counters();
    Ok((out.into_records().iter().map(Record::to_json).collect(), counters))
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
        r#"{ "task_id":"t",  "hours":1.10, "linked_skills":[{"skill":"Rust"},{"skill":null}] }"#,
        r#"{ "task_id":"t",  "linked_skills":null }"#,
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
        Some("the columns stand between semicolons; separate them with commas")
    );
}

#[test]
fn skills_that_can_not_be_read_are_refused() {
    let told = |record: &Value| {
        both_ways(|record| apply("workday", "keep", record), &record.to_string()).unwrap_err()
    };
    for (skills, message) in [
        (json!("Python"), "`linked_skills` is a string, not a list of skills"),
        (json!({"skill": "Python"}), "`linked_skills` is an object, not a list of skills"),
        (json!(7), "`linked_skills` is a number, not a list of skills"),
        (
            json!([{"skill": "SQL"}, "Python"]),
            "`linked_skills[1]` is a string, not an object with `skill` or `skill_id`",
        ),
        (json!([null]), "`linked_skills[0]` is null, not an object with `skill` or `skill_id`"),
        (json!([{"skill": ["Python"]}]), "`linked_skills[0].skill` is a list, not a name"),
    ] {
        for record in [
            task(&skills),
            json!({"external_id": "j", "tasks": [task(&json!([])), task(&skills)]}),
            json!({"external_id": "j", "domains": [{"domain": "X", "tasks": [task(&skills)]}]}),
        ] {
            assert_eq!(told(&record), message, "{record}");
        }
    }
    for tasks in [json!("x"), json!(3), json!(true)] {
        let message = told(&json!({"external_id": "j", "tasks": tasks}));
        assert!(message.ends_with(", not a list of tasks"), "{message}");
    }
}

#[test]
fn names_are_compared_as_told() {
    let file = "vendor,skill,vendor_skill\nworkday,Größe,Size\nworkday,Python,Programming\n";
    let built = |options: &Value| build(Some(file), options).unwrap();
    let exact = built(&json!({"vendor": "workday", "mapping": "m.csv"}));
    let any = built(&json!({"vendor": "workday", "mapping": "m.csv", "match": "ignore_case"}));
    let record = task(&json!([{"skill": "Gro\u{308}ße"}, {"skill": "PYTHON"}, {"skill": "Rust"}]));
    let names = |built: &BuiltTransform| {
        let (lines, counters) =
            apply_built(built, Record::parse(record.to_string()).unwrap()).unwrap();
        let record: Value = serde_json::from_str(&lines[0]).unwrap();
        let skills = record["linked_skills"].as_array().unwrap().iter();
        let names: Vec<String> =
            skills.map(|skill| skill["skill"].as_str().unwrap().to_owned()).collect();
        (names.join(", "), counters.get("renamed"), counters.get("unknown"))
    };
    assert_eq!(names(&exact), ("Size, PYTHON, Rust".to_owned(), 1, 2));
    assert_eq!(names(&any), ("Size, Programming, Rust".to_owned(), 2, 1));
}

#[test]
fn a_mapping_that_matches_nothing_is_a_warning_with_what_to_do() {
    let built = build(Some(MAPPING), &json!({"vendor": "workday", "mapping": "m.csv"})).unwrap();
    let warnings = |record: &Value| {
        let record = Record::parse(record.to_string()).unwrap();
        let (_, counters) = apply_built(&built, record).unwrap();
        built.transform.warnings(1, &counters)
    };
    let skills = |names: &[&str]| {
        task(&names.iter().map(|name| json!({"skill": name})).collect::<Vec<_>>().into())
    };
    assert_eq!(
        warnings(&skills(&["Rust", "Go", "Rust"])),
        [
            "nothing was renamed: 3 skills are not in the mapping, most often `Rust`, `Go`; compare them with the columns \
             `skill` and `skill_id` of the mapping"
        ]
    );
    assert!(warnings(&skills(&["python"]))[0].ends_with("choose `match = \"ignore_case\"`"));
    assert!(warnings(&skills(&[]))[0].ends_with("no record has a linked skill"));
    assert_eq!(warnings(&skills(&["Python", "Rust"])), [""; 0]);
    assert_eq!(built.transform.warnings(0, &Counters::default()), [""; 0]);
}

#[test]
fn it_says_what_it_needs() {
    let built = build(Some(MAPPING), &json!({"vendor": "sap", "mapping": "m.csv"})).unwrap();
    assert_eq!((built.needs[0].field, built.changes_schema), ("linked_skills", false));
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
        let (mut lists, found) = (0, LinkedSkillsText::of(text.as_bytes()));
        let tree = serde_json::from_str(&text).unwrap();
        let Ok(()) = visit_linked_skills(&tree, &mut |skills| {
            lists += usize::from(skills.is_array());
            Ok::<(), Infallible>(())
        });
        let apply = |record| {
            let (mut lines, counters) = apply_built(&built, record)?;
            // Of two lists under one key the text path counts both.
            if found.as_ref().is_none_or(|found| found.lists().len() == lists) {
                lines.push(serde_json::to_string(&counters).unwrap());
            }
            Ok(lines)
        };
        // What is refused is refused by both.
        _ = both_ways(apply, &text);
    }
}
