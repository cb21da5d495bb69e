//! `command` follows the rules for transforms.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_transform_command::Command;

/// Drops rows with the level H3, passes on other objects, and refuses everything else.
const PROGRAM: &str = r#"
read -r hello
printf '%s\n' '{"protocol":1}'
while IFS= read -r line; do
  id=${line#*\"id\":}; id=${id%%,*}
  record=${line#*\"record\":}; record=${record%\}}
  case $record in
    '{'*'"ai_impact_level":"H3"'*) printf '%s\n' "{\"id\":$id,\"drop\":\"its level is H3\"}" ;;
    '{'*) printf '%s\n' "{\"id\":$id,\"results\":[$record]}" ;;
    *) printf '%s\n' "{\"id\":$id,\"error\":\"the record is no object\"}" ;;
  esac
done
"#;

#[test]
fn command_conforms_to_the_rules_for_transforms() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    // Not `#[tokio::test]`: a task of tokio has a budget, which is not renewed while the kit waits.
    let _entered = runtime.enter();
    Conformance::transform::<Command>(json!({"command": ["sh", "-c", PROGRAM]}))
        .exempt(Check::FieldsDeclared, "the fields that a program adds are not known")
        .run();
}
