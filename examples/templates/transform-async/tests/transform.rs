//! `my_plugin`, built from options like those of a pipeline file.

use my_plugin::MyPlugin;

use taskferry_lookup::testing::TestService;
use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_sdk::{Problem, RunContext};

fn built(lookup: &Value) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::new::<MyPlugin>(&json!({ "lookup": lookup }))
}

/// Prepared answers replace requests. `null` means that the service does not have the job.
#[test]
fn jobs_and_rows_get_their_titles() {
    let mut transform = built(&json!({"url": "https://titles.example/"})).unwrap();
    transform
        .open_with_answers([("j1", json!("Tester")), ("j2", Value::Null)])
        .unwrap();
    assert_eq!(
        transform.apply(r#"{"external_id":"j1"}"#).unwrap(),
        [r#"{"external_id":"j1","job_title":"Tester"}"#]
    );
    assert_eq!(
        transform.apply(r#"{"job_external_id":"j2"}"#).unwrap(),
        [r#"{"job_external_id":"j2","job_title":null}"#]
    );
    assert!(transform.apply("{}").is_err());
}

/// A local service records the requests. Requests need the Tokio runtime of this attribute.
#[tokio::test(flavor = "multi_thread")]
async fn titles_are_asked_by_id() {
    let service = TestService::start(|_| (200, json!({"j1": "Tester"}))).unwrap();
    let mut transform = built(&json!({"url": format!("{}/titles", service.url())})).unwrap();
    transform.open(&RunContext::default()).unwrap();
    for (id, title) in [("j1", json!("Tester")), ("j 2", Value::Null)] {
        let job = json!({"external_id": id}).to_string();
        let expected = json!({"external_id": id, "job_title": title}).to_string();
        assert_eq!(transform.apply(&job).unwrap(), [expected]);
    }
    let requests = service.requests();
    assert_eq!(requests[0].target, "/titles?ids=j1");
    assert_eq!(requests[1].parameter("ids").as_deref(), Some("j 2"));
}

#[test]
fn errors_in_the_options_are_reported() {
    for lookup in [
        json!({}),
        json!({"url": "titles.example"}),
        json!({"url": "https://titles.example/", "batch": 101}),
    ] {
        assert_eq!(built(&lookup).unwrap_err().len(), 1, "{lookup}");
    }
}

/// The rules for all plugins: `taskferry_sdk::conformance` describes them.
#[test]
fn the_transform_follows_the_rules_for_plugins() {
    let options = json!({"lookup": {"url": "https://titles.example/"}});
    Conformance::transform::<MyPlugin>(options)
        .sample(r#"{"external_id":"j1","name":"Job 1","tasks":[]}"#)
        .sample(r#"{"job_external_id":"j2","task_id":"t1","weekly_hours":1.50}"#)
        .answers([("j1", json!("Tester")), ("j2", Value::Null)])
        .run();
}
