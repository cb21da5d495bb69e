//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_sdk::testing::Files;
use taskferry_transform_join::Join;

const NAMES: &str = "external_id,name\njob-000001,Recruiter\njob-000003,Nurse\n";

#[test]
fn join_conforms_to_the_rules_for_transforms() {
    let options = json!({"file": "names.csv", "key": "external_id", "columns": ["name"]});
    Conformance::transform::<Join>(options)
        .files(Files::new().with("names.csv", NAMES))
        .exempt(Check::ErrorsClear, "it refuses no record unless `unmatched` is `fail`")
        .run();
    let options = json!({
        "file": "names.csv",
        "key": "job_external_id",
        "file_key": "external_id",
        "columns": ["name"],
        "normalise": ["case"],
        "unmatched": "fail",
    });
    Conformance::transform::<Join>(options).files(Files::new().with("names.csv", NAMES)).run();
}
