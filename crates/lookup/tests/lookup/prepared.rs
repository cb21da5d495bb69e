//! Lookups in tests, which send no request.

use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_sdk::{Lookups, TransformPlugin};
use taskferry_testkit::{FaultServer, Response, build, run_context};

use crate::config::MyPlugin;
use crate::driver::{opened, page};

/// Options with an address at which nothing listens.
fn options() -> Value {
    json!({"lookup": {"url": "http://127.0.0.1:1/titles", "retry": {"max_attempts": 1}}})
}

#[test]
fn prepared_answers_need_no_service_and_no_runtime() {
    let mut test = TransformTest::new::<MyPlugin>(&options()).unwrap();
    test.open_with_answers([("j1", json!("Tester")), ("j2", Value::Null)]).unwrap();
    let row = test.apply(r#"{"external_id":"j1"}"#).unwrap();
    assert_eq!(row, [r#"{"external_id":"j1","job_title":"Tester"}"#]);
    assert_eq!(test.effects()[0].text, "finds `\"Tester\"` for `j1`");
    test.apply(r#"{"external_id":"j2"}"#).unwrap();
    assert_eq!(test.effects()[0].text, "finds nothing for `j2`");
    let error = test.apply(r#"{"external_id":"j3"}"#).unwrap_err();
    assert_eq!(error.to_string(), "the test has no answer for the lookup of `j3`");
    assert_eq!((test.counters().get("lookups"), test.counters().get("not_found")), (2, 1));
}

#[test]
fn a_transform_with_a_lookup_conforms_to_the_rules_for_plugins() {
    let answers = ["j1", "j2", "j3", "job-1", "job-2", "job-3"];
    let answers = answers.map(|id| (id, json!(format!("title of {id}"))));
    Conformance::transform::<MyPlugin>(options())
        .sample("{\"external_id\":\"j1\",\"tasks\":[]}\n{\"external_id\":\"j2\",\"hours\":1.50}")
        .answers(answers)
        .run();
}

#[tokio::test]
async fn answers_of_the_service_are_recorded() {
    let server = FaultServer::start(|_| Response::new(200, r#"{"j1":"Tester"}"#)).await;
    let mut options = options();
    options["lookup"]["url"] = server.url().into();
    let mut run = run_context("r1");
    run.stage.name = "titles".to_owned();
    run.lookups = Lookups::recorded();
    let transform = opened(build(&options, MyPlugin::build).unwrap(), &run).await;
    page(&*transform, ["j1", "j2"]).await.ok();
    let recorded = json!(run.lookups.answers());
    assert_eq!(recorded, json!({"titles": {"j1": "Tester", "j2": null}}));
}

#[test]
fn a_service_without_any_answer_is_a_warning() {
    let mut test = TransformTest::new::<MyPlugin>(&options()).unwrap();
    test.open_with_answers([("j1", json!("Tester")), ("j2", Value::Null)]).unwrap();
    test.apply(r#"{"external_id":"j2"}"#).unwrap();
    let [warning] = &test.warnings()[..] else { panic!("one warning") };
    assert!(warning.starts_with("no lookup found an answer (lookups: 1)"), "{warning}");
    test.apply(r#"{"external_id":"j1"}"#).unwrap();
    assert!(test.warnings().is_empty());
}
