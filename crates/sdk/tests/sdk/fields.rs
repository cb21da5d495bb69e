//! Missing fields are found before a run.

use taskferry_sdk::{FieldRule, FieldSet, OtherFields, RecordFields};

#[test]
fn a_field_is_missing_only_if_it_is_certainly_absent() {
    let mut fields = FieldSet::new(["task", "weekly_hours"])
        .with_other_fields(OtherFields::Undocumented)
        .with_open_prefixes(&["job_"]);
    fields.remove("ai_impact", Some("add it".to_owned()));
    fields.replace("ai_impact", &["ai_impact_level"]);
    let near =
        |name: &str| fields.missing(name).map(|missing| missing.suggestion.unwrap_or_default());
    assert_eq!(near("weekly_hourz").as_deref(), Some("weekly_hours"));
    assert_eq!(near("hours").as_deref(), Some(""));
    assert_eq!((near("task"), near("job_name")), (None, None));
    assert_eq!(fields.missing("ai_impact_level").unwrap().hint.as_deref(), Some("add it"));
    assert_eq!(FieldSet::default().missing("x"), None);
    let unknown = fields.clone().with_other_fields(OtherFields::Possible);
    assert_eq!((unknown.missing("hours"), unknown.missing("ai_impact").is_some()), (None, true));
    assert_eq!(fields.or(&FieldSet::default()).missing("ai_impact"), None);
    assert_eq!(fields.and(&FieldSet::new(["hours"])).missing("hours"), None);
    assert!(fields.and(&FieldSet::new(["hours"])).missing("ai_impact").is_some());
}

#[test]
fn a_field_declared_for_tasks_is_a_field_of_flattened_rows() {
    let rule = FieldRule::unchanged().adds_to_tasks("days").removes_from_tasks("hours");
    let tasks = FieldSet::new(["task", "hours"]);
    let job = RecordFields { own: FieldSet::new(["external_id", "tasks"]), tasks: tasks.clone() };
    let row = RecordFields { own: tasks, tasks: FieldSet::none() };
    let job = rule.apply(&job, &mut Vec::new());
    assert!(job.tasks.has("days") && !job.tasks.has("hours") && !job.own.has("days"));
    let row = rule.apply(&row, &mut Vec::new());
    assert!(row.own.has("days") && row.own.missing("hours").is_some() && !row.tasks.has("days"));
}
