//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_transform_jq::Jq;

#[test]
fn jq_conforms_to_the_rules_for_transforms() {
    Conformance::transform::<Jq>(json!({"filter": ".source = \"survey\""})).run();
}
