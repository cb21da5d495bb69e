//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_transform_changes::Changes;

#[test]
fn changes_conforms_to_the_rules_for_transforms() {
    let state = "its state is a file in the state folder; `model.rs` kills and resumes runs";
    let earlier = "it explains only records that an earlier run had; `options.rs` checks these";
    Conformance::transform::<Changes>(json!({}))
        .exempt(Check::ResumeEqualsUndisturbed, state)
        .exempt(Check::ExplanationsNameOptions, earlier)
        .run();
}
