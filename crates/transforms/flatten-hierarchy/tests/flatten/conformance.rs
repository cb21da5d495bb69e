//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;

#[test]
fn flatten_hierarchy_conforms_to_the_rules_for_transforms() {
    for options in [
        json!({}),
        json!({"into": "tasks"}),
        json!({"empty_jobs": "keep"}),
        json!({"explode": "linked_skills"}),
    ] {
        Conformance::transform::<FlattenHierarchy>(options).run();
    }
}
