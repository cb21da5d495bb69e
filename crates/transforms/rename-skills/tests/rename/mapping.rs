//! How a mapping finds the name of a skill.

use serde_json::{Value, json};
use taskferry_sdk::Problem;
use taskferry_sdk::testing::{Files, TransformTest};
use taskferry_transform_rename_skills::RenameSkills;

/// The transform with this mapping, for the vendor `workday`.
fn built(mapping: &str, names: &str) -> Result<TransformTest, Vec<Problem>> {
    let options =
        json!({"vendor": "workday", "mapping": "m.csv", "match": names, "unmapped": "drop"});
    TransformTest::with_files::<RenameSkills>(&options, &Files::new().with("m.csv", mapping))
}

/// The vendor's name of a skill; `None` if the mapping has none.
fn name(mapping: &mut TransformTest, id: &str, skill: &str) -> Option<String> {
    let task = json!({"task_id": "t", "linked_skills": [{"skill_id": id, "skill": skill}]});
    let task = mapping.apply(&json!({"tasks": [task]}).to_string()).unwrap().remove(0);
    let job: Value = serde_json::from_str(&task).unwrap();
    job["tasks"][0]["linked_skills"][0]["skill"].as_str().map(str::to_owned)
}

#[test]
fn ids_are_looked_up_before_names() {
    let text = "vendor,skill_id,skill,vendor_skill\nworkday,s1,,By id\nworkday,,Python,By name\nsap,s9,,Not ours\n";
    let mapping = &mut built(text, "exact").unwrap();
    assert_eq!(name(mapping, "s1", "Python").as_deref(), Some("By id"));
    assert_eq!(name(mapping, "s2", " Python ").as_deref(), Some("By name"));
    assert_eq!(name(mapping, "s2", "python"), None);
    assert_eq!(name(mapping, "s9", "Rust"), None);
}

#[test]
fn the_lowest_rank_wins_then_the_first_row() {
    let text = "vendor,skill,vendor_skill,rank\nworkday,A,none,\nworkday,A,second,2\nworkday,A,first,1\nworkday,A,also first,1\n";
    assert_eq!(name(&mut built(text, "exact").unwrap(), "", "A").as_deref(), Some("first"));
}

#[test]
fn names_match_in_any_unicode_form_and_optionally_in_any_case() {
    let text = "vendor,skill,vendor_skill\nworkday,Gro\u{308}ße,size\nworkday,ΟΔΟΣ,way\n";
    let exact = &mut built(text, "exact").unwrap();
    assert_eq!(name(exact, "", "Größe").as_deref(), Some("size"));
    assert_eq!(name(exact, "", "größe"), None);
    let any_case = &mut built(text, "ignore_case").unwrap();
    for written in ["größe", "GRÖSSE", "gro\u{308}SSE"] {
        assert_eq!(name(any_case, "", written).as_deref(), Some("size"), "{written}");
    }
    assert_eq!(name(any_case, "", "οδος").as_deref(), Some("way"));
}

#[test]
fn two_rows_for_one_name_are_reported_with_both_lines() {
    let result = |text: &str, names| {
        built(text, names).map(drop).map_err(|problems| {
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        })
    };
    let case = "vendor,skill,vendor_skill\nworkday,Python,A\nworkday,python,B\n";
    assert_eq!(result(case, "exact"), Ok(()));
    assert_eq!(
        result(case, "ignore_case").unwrap_err(),
        [
            "m.csv:3: `python` and `Python` (line 2) differ only in case, but map to different vendor skills"
        ]
    );
    let form = "vendor,skill,vendor_skill\nworkday,Größe,A\nworkday,Gro\u{308}ße,B\n";
    assert!(
        result(form, "exact").unwrap_err()[0]
            .contains("(line 2) differ only in their Unicode form")
    );
    let same = "vendor,skill,vendor_skill\nworkday,Python,A\nworkday,python,A\nsap,PYTHON,C\n";
    assert_eq!(result(same, "ignore_case"), Ok(()));
}
