//! `command` follows the rules for transforms.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_testkit::{Trial, trials};
use taskferry_transform_command::Command;

const PROGRAM: &str = include_str!("../filter.sh");

pub(crate) fn tests() -> Vec<Trial> {
    trials![command_conforms_to_the_rules_for_transforms]
}

fn command_conforms_to_the_rules_for_transforms() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    // Not `#[tokio::test]`: a task of tokio has a budget, which is not renewed while the kit waits.
    let _entered = runtime.enter();
    Conformance::transform::<Command>(json!({"command": ["sh", "-c", PROGRAM]}))
        .exempt(Check::FieldsDeclared, "the fields that a program adds are not known")
        .run();
}
