//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_transform_select::Select;

#[test]
fn select_conforms_to_the_rules_for_transforms() {
    let options = json!({"drop": ["task"], "rename": {"weekly_hours": "hours"}});
    Conformance::transform::<Select>(options).run();
    let options = json!({"fields": ["task_id", "external_id", "weekly_hours"]});
    Conformance::transform::<Select>(options)
        .exempt(Check::UnknownFieldsSurvive, "`fields` drops all others")
        .exempt(Check::OrderKept, "`fields` drops the marks")
        .exempt(Check::ExplanationsNameOptions, "only `drop` and `rename` are explained")
        .run();
}
