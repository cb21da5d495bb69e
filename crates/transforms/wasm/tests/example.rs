//! The example of a component in Rust, as its author builds it.
#![cfg(feature = "runtime")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failed test panics, and a skipped test prints why"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use taskferry_sdk::testing::{Files, TransformTest};
use taskferry_transform_wasm::Wasm;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the example. `None` if the toolchain has no such target.
fn example() -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/wasm-transform");
    let rustc = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .unwrap();
    let libraries = PathBuf::from(String::from_utf8(rustc.stdout).unwrap().trim());
    if !libraries.is_dir() {
        eprintln!("SKIPPED: `rustup target add {TARGET}` installs what this test needs");
        return None;
    }
    let built = Command::new("cargo")
        .args(["build", "--release", "--target", TARGET, "--quiet"])
        .current_dir(&folder)
        .status()
        .unwrap();
    assert!(built.success());
    Some(fs::read(folder.join("target").join(TARGET).join("release/min_hours.wasm")).unwrap())
}

#[test]
fn the_example_in_rust_is_a_transform() {
    let Some(module) = example() else { return };
    let files = Files::new().with("min_hours.wasm", module);
    let build = |options| {
        TransformTest::with_files::<Wasm>(
            &json!({"module": "min_hours.wasm", "options": options}),
            &files,
        )
    };
    let mut transform = build(json!({"min_hours": 2})).unwrap();
    let job = r#"{"external_id":"j1","tasks":[{"task_id":"t1","weekly_hours":1.5},{"task_id":"t2","weekly_hours":2}]}"#;
    let kept = r#"{"external_id":"j1","tasks":[{"task_id":"t2","weekly_hours":2}]}"#;
    assert_eq!(transform.apply(job).unwrap(), [kept]);
    let error = transform.apply("{}").unwrap_err();
    assert_eq!(error.to_string(), "the component refuses the record: `tasks` is not a list");
    let problems = build(json!({"min_hours": "two"})).unwrap_err();
    assert_eq!(
        problems[0].message,
        "the component refuses the options: `min_hours` must be a number"
    );
    assert_eq!(problems[0].path.to_string(), "options");
}

#[test]
fn the_interface_of_the_example_is_that_of_the_transform() {
    let own = include_str!("../wit/transform.wit");
    assert_eq!(own, include_str!("../../../../examples/wasm-transform/transform.wit"));
}
