//! The skills that `rename_skills` renames, merges and refuses.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{BuildContext, Problem, StageError, TransformPlugin};
use taskferry_testkit::record_text;
use taskferry_transform_rename_skills::RenameSkills;

const MAPPING: &str = "\
vendor,skill_id,skill,vendor_skill,vendor_skill_id,rank
workday,s1,Python,Python Programming,W1,1
workday,s2,,Python Programming,W1,2
workday,,SQL,Databases,W2,
sap,s1,,Programming,,
sap,s2,,Programming,,
";

fn stage(mapping: &str, options: &Value) -> Result<TransformTest, Vec<Problem>> {
    let files = Files::new().with("skills.csv", mapping);
    TransformTest::with_files::<RenameSkills>(options, &files)
}

fn apply(vendor: &str, unmapped: &str, text: &str) -> Result<Vec<String>, StageError> {
    let options = json!({"vendor": vendor, "mapping": "skills.csv", "unmapped": unmapped});
    stage(MAPPING, &options).unwrap().apply(text)
}

fn rename(vendor: &str, unmapped: &str, record: &Value) -> Vec<Value> {
    let lines = apply(vendor, unmapped, &record.to_string()).unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn refused(vendor: &str, unmapped: &str, record: &Value) -> String {
    apply(vendor, unmapped, &record.to_string()).unwrap_err().full_message()
}

fn task(skills: &Value) -> Value {
    json!({"task_id": "t", "linked_skills": skills, "unknown": 1})
}

#[test]
fn skills_are_renamed_at_any_depth() {
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
fn an_id_is_kept_if_the_mapping_has_none() {
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
    // Without vendor ids, skills are merged by name, including a skill that already had the name.
    let skills = json!([{"skill_id": "s9", "skill": "Programming"}, {"skill_id": "s1", "skill": "Python"}, {"skill_id": "s2", "skill": "Python 3"}]);
    let merged = json!([{"skill_id": "s9", "skill": "Programming"}]);
    assert_eq!(rename("sap", "keep", &task(&skills)), [task(&merged)]);
}

#[test]
fn a_skill_without_a_name_is_handled_as_configured() {
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
    let message = refused("workday", "fail", &task(&skills));
    assert_eq!(message, "the skill `Rust` (id `s7`) has no workday name in the mapping");
}

#[test]
fn a_row_of_one_skill_is_renamed_at_the_top_level() {
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
fn a_record_without_a_skill_to_rename_is_passed_on_unchanged() {
    for text in [
        r#"{ "task_id":"t",  "hours":1.10, "linked_skills":[{"skill":"Rust"},{"skill":null}] }"#,
        r#"{ "task_id":"t",  "linked_skills":null }"#,
        r#"{ "total": 3 }"#,
        "7",
    ] {
        assert_eq!(apply("workday", "keep", text).unwrap(), [text]);
    }
}

#[test]
fn a_missing_mapping_is_reported_with_its_path() {
    let options = json!({"vendor": "workday", "mapping": "none.csv"});
    let problem = &stage(MAPPING, &options).unwrap_err()[0];
    assert_eq!((problem.path.to_string().as_str(), problem.code), ("mapping", "unreadable-file"));
    assert!(
        problem.message.starts_with("can't read the mapping `none.csv`: "),
        "{}",
        problem.message
    );
    assert_eq!(problem.help.as_deref(), Some("the path resolves to none.csv"));
}

#[test]
fn a_vendor_missing_from_the_mapping_is_reported_with_the_known_ones() {
    let problem =
        &stage(MAPPING, &json!({"vendor": "Workdy", "mapping": "skills.csv"})).unwrap_err()[0];
    assert_eq!(problem.path.to_string(), "vendor");
    assert_eq!(problem.message, "the mapping `skills.csv` has no rows for the vendor `Workdy`");
    assert_eq!(
        problem.help.as_deref(),
        Some("did you mean `workday`? The vendors are `sap`, `workday`")
    );
}

#[test]
fn invalid_rows_are_reported_up_to_a_limit() {
    let rows = format!("vendor,skill,vendor_skill\n{}", "workday,,x\n".repeat(13));
    let problems =
        stage(&rows, &json!({"vendor": "workday", "mapping": "skills.csv"})).unwrap_err();
    assert_eq!(problems.len(), 11);
    assert_eq!(problems[0].message, "skills.csv:2: `skill_id` and `skill` are both empty");
    assert_eq!(problems[10].message, "skills.csv: 3 more invalid rows");
}

#[test]
fn missing_columns_are_reported() {
    let reported = |text: &str| -> Vec<(String, Option<String>)> {
        let problems =
            stage(text, &json!({"vendor": "workday", "mapping": "skills.csv"})).unwrap_err();
        problems.into_iter().map(|problem| (problem.message, problem.help)).collect()
    };
    let header = Some("the header has `vendor`, `name`".to_owned());
    assert_eq!(
        reported("vendor,name\n"),
        [
            ("skills.csv:1: the column `vendor_skill` is missing".to_owned(), header.clone()),
            ("skills.csv:1: the column `skill_id` or `skill` is missing".to_owned(), header),
        ]
    );
    assert_eq!(
        reported("vendor;skill;vendor_skill\n")[0].1.as_deref(),
        Some("the columns are separated by semicolons; separate them with commas")
    );
}

#[test]
fn unreadable_skills_are_refused() {
    let reported = |record: &Value| refused("workday", "keep", record);
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
            assert_eq!(reported(&record), message, "{record}");
        }
    }
    for tasks in [json!("x"), json!(3), json!(true)] {
        let message = reported(&json!({"external_id": "j", "tasks": tasks}));
        assert!(message.ends_with(", not a list of tasks"), "{message}");
    }
}

#[test]
fn names_are_compared_as_configured() {
    let file = "vendor,skill,vendor_skill\nworkday,Größe,Size\nworkday,Python,Programming\n";
    let built = |options: &Value| stage(file, options).unwrap();
    let mut exact = built(&json!({"vendor": "workday", "mapping": "skills.csv"}));
    let mut any =
        built(&json!({"vendor": "workday", "mapping": "skills.csv", "match": "ignore_case"}));
    let record = task(&json!([{"skill": "Gro\u{308}ße"}, {"skill": "PYTHON"}, {"skill": "Rust"}]));
    let names = |stage: &mut TransformTest| {
        let (lines, counters) = (stage.apply(&record.to_string()).unwrap(), stage.counters());
        let record: Value = serde_json::from_str(&lines[0]).unwrap();
        let skills = record["linked_skills"].as_array().unwrap().iter();
        let names: Vec<String> =
            skills.map(|skill| skill["skill"].as_str().unwrap().to_owned()).collect();
        (names.join(", "), counters.get("renamed"), counters.get("unknown"))
    };
    assert_eq!(names(&mut exact), ("Size, PYTHON, Rust".to_owned(), 1, 2));
    assert_eq!(names(&mut any), ("Size, Programming, Rust".to_owned(), 2, 1));
}

#[test]
fn a_mapping_without_matches_is_a_warning_with_a_hint() {
    let built = || stage(MAPPING, &json!({"vendor": "workday", "mapping": "skills.csv"})).unwrap();
    let warnings = |record: &Value| {
        let mut stage = built();
        stage.apply(&record.to_string()).unwrap();
        stage.warnings()
    };
    let skills = |names: &[&str]| {
        task(&names.iter().map(|name| json!({"skill": name})).collect::<Vec<_>>().into())
    };
    assert_eq!(
        warnings(&skills(&["Rust", "Go", "Rust"])),
        [
            "no skill was renamed: 3 skills are not in the mapping, most often `Rust`, `Go`; compare these names with the columns \
             `skill` and `skill_id` of the mapping"
        ]
    );
    assert!(warnings(&skills(&["python"]))[0].ends_with("set `match = \"ignore_case\"`"));
    assert!(warnings(&skills(&[]))[0].ends_with("no accepted record contains linked skills"));
    assert_eq!(warnings(&skills(&["Python", "Rust"])), [""; 0]);
    assert_eq!(built().warnings(), [""; 0]);
}

#[test]
fn the_transform_declares_the_fields_it_needs() {
    let fields = |plugin: &RenameSkills, context: &BuildContext<'_>| Ok(plugin.fields(context));
    let options = json!({"vendor": "sap", "mapping": "skills.csv"});
    let rule = build(&options, &Files::new(), fields).unwrap();
    assert_eq!((rule.required()[0].field, rule.is_exact()), ("linked_skills", true));
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

/// The new name and id of a mapped skill.
type NewName = Option<(&'static str, Option<&'static str>)>;

/// Renames the skills of a list in a tree, and returns how many were renamed.
fn renamed(skills: &[Value], with_ids: bool) -> (Vec<Value>, u64) {
    let entry = |skill: &Value| -> NewName {
        let (id, name) = (skill["skill_id"].as_str(), skill["skill"].as_str());
        match (id, name) {
            (Some("s2"), _) if !with_ids => Some(("A", None)),
            (_, Some("A")) if !with_ids => Some(("A \"one\"", None)),
            (_, Some("B" | "C")) if !with_ids => Some(("b", None)),
            (Some("s1"), _) if with_ids => Some(("a", Some("v1"))),
            (Some("s3"), _) if with_ids => Some(("d", None)),
            (_, Some("A")) if with_ids => Some(("b", Some("v2"))),
            (_, Some("B")) if with_ids => Some(("c", Some("v1"))),
            _ => None,
        }
    };
    let mut kept: Vec<(NewName, Value)> = Vec::new();
    for skill in skills {
        let (found, mut skill) = (entry(skill), skill.clone());
        if let Some((name, id)) = found {
            skill["skill"] = name.into();
            if let Some(id) = id {
                skill["skill_id"] = id.into();
            }
        }
        let is_same = |other: &&mut (NewName, Value)| match (found, other.0) {
            (Some((_, Some(id))), Some((_, Some(other)))) => id == other,
            (Some((name, None)), Some((other, None))) => name == other,
            (Some((name, None)), None) => other.1["skill"] == name,
            (None, Some((name, None))) => skill["skill"] == name,
            _ => false,
        };
        match kept.iter_mut().find(is_same) {
            None => kept.push((found, skill)),
            Some((_, first)) => {
                for (key, value) in skill.as_object().unwrap() {
                    if first.get(key).is_none_or(Value::is_null) {
                        first[key] = value.clone();
                    }
                }
            }
        }
    }
    let count = skills.iter().filter(|skill| entry(skill).is_some()).count();
    (kept.into_iter().map(|(_, skill)| skill).collect(), count as u64)
}

/// Replaces every list of skills in a tree, and returns how many skills were renamed.
fn rename_all(value: &mut Value, with_ids: bool) -> u64 {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .map(|(key, member)| match member {
                Value::Array(skills) if key == "linked_skills" => {
                    let count;
                    (*skills, count) = renamed(skills, with_ids);
                    count
                }
                _ if key == "linked_skills" => 0,
                member => rename_all(member, with_ids),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(|item| rename_all(item, with_ids)).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn only_skill_lists_of_a_record_are_renamed(text in record_text(), with_ids: bool) {
        let vendor = if with_ids { "ids" } else { "names" };
        let options = json!({"vendor": vendor, "mapping": "skills.csv"});
        let mut stage = stage(LETTERS, &options).unwrap();
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        let is_one_skill = expected.get("linked_skills").is_none()
            && (expected.get("skill").is_some() || expected.get("skill_id").is_some());
        let Ok(lines) = stage.apply(&text) else { return Ok(()) };
        prop_assume!(!is_one_skill);
        let count = rename_all(&mut expected, with_ids);
        let renamed: Value = serde_json::from_str(&lines[0]).unwrap();
        prop_assert_eq!(renamed.to_string(), expected.to_string());
        prop_assert_eq!(stage.counters().get("renamed"), count);
    }
}

#[test]
fn unrenamed_parts_keep_their_bytes() {
    let text = |skill: &str| {
        format!(
            r#"{{ "n":1.50, "linked_skills":[ {{"w":1e3, "skill" : {skill}}} , {{"skill":"\u0052ust"}}] }}"#
        )
    };
    let lines = apply("sap", "keep", &text("\"Rust\"")).unwrap();
    assert_eq!(lines, [text("\"Rust\"")]);
    let lines = apply("workday", "keep", &text("\"SQL\"").replace("SQL\"", "SQL\",\"skill_id\":7"))
        .unwrap();
    assert_eq!(lines, [text("\"Databases\",\"skill_id\":\"W2\"")]);
}

#[test]
fn each_option_explains_what_happens_to_a_skill() {
    let options = json!({"vendor": "workday", "mapping": "skills.csv", "unmapped": "drop"});
    let mut stage = stage(MAPPING, &options).unwrap();
    let record = task(&json!([{"skill_id": "s1", "skill": "Python"}, {"skill": "Juggling"}]));
    stage.apply(&record.to_string()).unwrap();
    let effects: Vec<_> = stage
        .effects()
        .iter()
        .map(|effect| format!("{}: {}", effect.option, effect.text))
        .collect();
    assert_eq!(
        effects,
        [
            "mapping: renames the skill `Python` to `Python Programming`",
            "unmapped: drops the skill `Juggling`, which is not in the mapping",
        ]
    );
}
