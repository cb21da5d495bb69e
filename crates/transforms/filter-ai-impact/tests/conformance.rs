//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_transform_filter_ai_impact::FilterAiImpact;

#[test]
fn filter_ai_impact_conforms_to_the_rules_for_transforms() {
    Conformance::transform::<FilterAiImpact>(json!({"levels": ["H1", "H2"]})).run();
    let options = json!({"at_least": "H2", "missing": "keep", "empty_jobs": "keep"});
    Conformance::transform::<FilterAiImpact>(options).run();
}
