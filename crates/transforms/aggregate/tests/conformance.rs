//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance, ROWS};
use taskferry_transform_aggregate::Aggregate;

#[test]
fn aggregate_conforms_to_the_rules_for_transforms() {
    let options = json!({
        "group_by": ["ai_impact_level"],
        "count": "tasks",
        "sum": {"hours": "weekly_hours"},
        "mean": {"mean_hours": "weekly_hours"},
    });
    Conformance::transform::<Aggregate>(options)
        .sample(ROWS)
        .exempt(Check::UnknownFieldsSurvive, "it emits groups")
        .exempt(Check::OrderKept, "it emits groups")
        .run();
}
