//! `my_plugin`, built from options like those of a pipeline file.

use my_plugin::MyPlugin;

use taskferry_sdk::Problem;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;

/// The folder beside the pipeline.
const TITLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/titles");

fn built(options: &Value) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::new::<MyPlugin>(options)
}

/// A transform that reads files needs the runtime of this attribute.
#[tokio::test]
async fn jobs_and_rows_get_their_titles() {
    let mut transform = built(&json!({"folder": TITLES})).unwrap();
    assert_eq!(
        transform.apply(r#"{"external_id":"j1"}"#).unwrap(),
        [r#"{"external_id":"j1","job_title":"Tester"}"#]
    );
    assert_eq!(
        transform.apply(r#"{"job_external_id":"j2"}"#).unwrap(),
        [r#"{"job_external_id":"j2","job_title":null}"#]
    );
}

#[tokio::test]
async fn an_id_that_leads_to_another_folder_is_refused() {
    let mut transform = built(&json!({"folder": TITLES})).unwrap();
    for id in ["../titles/j1", "/etc/passwd", "."] {
        assert!(
            transform
                .apply(&json!({"external_id": id}).to_string())
                .is_err(),
            "{id}"
        );
    }
    assert!(transform.apply("{}").is_err());
}

#[test]
fn mistakes_in_the_options_are_reported() {
    for options in [
        json!({}),
        json!({"folder": "x", "concurrency": 0}),
        json!({"folder": 1}),
    ] {
        assert_eq!(built(&options).unwrap_err().len(), 1, "{options}");
    }
}
