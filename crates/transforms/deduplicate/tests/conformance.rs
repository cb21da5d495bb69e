//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_transform_deduplicate::Deduplicate;

#[test]
fn deduplicate_conforms_to_the_rules_for_transforms() {
    Conformance::transform::<Deduplicate>(json!({"by": ["task_id"]}))
        .exempt(Check::ErrorsClear, "it refuses a record only if `max_keys` is exceeded")
        .run();
    Conformance::transform::<Deduplicate>(json!({"by": ["task_id"], "max_keys": 3})).run();
}
