//! What `flatten_hierarchy` explains to `preview` and `why`.

use serde_json::json;
use taskferry_sdk::testing::TransformTest;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;

#[test]
fn a_job_without_tasks_is_explained() {
    for (options, expected) in [
        (json!({}), "drops the job: it has no tasks"),
        (json!({"empty_jobs": "keep"}), "keeps the job: it has no tasks"),
    ] {
        let mut flatten = TransformTest::new::<FlattenHierarchy>(&options).unwrap();
        flatten.apply(r#"{"external_id": "j", "tasks": []}"#).unwrap();
        assert_eq!(
            flatten.effects().iter().map(|it| it.text.as_str()).collect::<Vec<_>>(),
            [expected]
        );
        flatten.apply(r#"{"external_id": "j", "tasks": [{"task_id": "t"}]}"#).unwrap();
        assert!(flatten.effects().is_empty());
    }
}
