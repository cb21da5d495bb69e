//! `my_plugin`, built from options like those of a pipeline file.

use my_plugin::MyPlugin;

use taskferry_sdk::Problem;
use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;

fn built(options: &Value) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::new::<MyPlugin>(options)
}

#[test]
fn long_tasks_are_marked() {
    let mut transform = built(&json!({"hours": 4})).unwrap();
    assert_eq!(
        transform
            .apply(r#"{"task":"Plan","weekly_hours":4.50}"#)
            .unwrap(),
        [r#"{"task":"Plan","weekly_hours":4.50,"long_task":true}"#]
    );
    assert_eq!(
        transform.apply(r#"{}"#).unwrap(),
        [r#"{"long_task":false}"#]
    );
    assert_eq!(transform.counters().get("long"), 1);
}

#[test]
fn hours_that_are_not_a_number_are_refused() {
    let mut transform = built(&json!({})).unwrap();
    let error = transform.apply(r#"{"weekly_hours":"4 h"}"#).unwrap_err();
    assert_eq!(error.to_string(), "`weekly_hours` is not a number");
}

#[test]
fn errors_in_the_options_are_reported() {
    for options in [
        json!({"hours": -1}),
        json!({"hour": 4}),
        json!({"hours": "4"}),
    ] {
        assert_eq!(built(&options).unwrap_err().len(), 1, "{options}");
    }
}

/// The rules for all plugins: `taskferry_sdk::conformance` describes them.
#[test]
fn the_transform_follows_the_rules_for_plugins() {
    Conformance::transform::<MyPlugin>(json!({"hours": 1})).run();
}
