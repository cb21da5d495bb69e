//! Tasks are read tolerantly and written unchanged.

use taskferry_profile::model::Task;

#[test]
fn optional_fields_may_be_null_or_absent_and_unknown_ones_are_ignored() {
    let task: Task = serde_json::from_str(
        r#"{"task_id": "a", "task": "b", "validation_state": "new one", "weekly_hours": null,
            "ai_impact": {"level": "H9"}, "hierarchy": null, "since": {"deep": [1]}}"#,
    )
    .unwrap();
    assert_eq!(task.validation_state.0, "new one");
    assert_eq!(task.weekly_hours, None);
    assert_eq!(task.ai_impact.unwrap().rationale, None);
    assert_eq!(task.linked_skills, None);
}

#[test]
fn hours_keep_their_exact_text() {
    for hours in ["5", "1.30", "7.5", "12345678901234567890.1"] {
        let text = format!(
            r#"{{"task_id":"a","task":"b","validation_state":"c","weekly_hours":{hours}}}"#
        );
        let task: Task = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&task).unwrap(), text);
    }
}
