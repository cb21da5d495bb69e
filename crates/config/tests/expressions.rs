//! Expressions in tests of a pipeline that have the same result for every record.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plugins;

use std::fs;

use plugins::registry;
use taskferry_config::{Layers, load_tests};

const PIPELINE: &str = r#"
[source]
type = "pages"
url = "x"

[[sink]]
type = "out"

[[test]]
name = "an expression"
input = [{ task = "t" }]
expect_jq = "#;

#[test]
fn only_an_expression_that_reads_nothing_is_constant() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.toml");
    let is_constant = |expression: &str| {
        // A JSON string is a TOML string.
        let text = serde_json::to_string(expression).unwrap();
        fs::write(&file, format!("{PIPELINE}{text}\n")).unwrap();
        let found = load_tests(&file, &Layers::from_file(&file), &registry()).unwrap_err();
        found.to_string().contains("does not depend on the record")
    };
    for constant in [
        "true",
        "\"true\"",
        "1.5 == 1.50",
        "now > 0",
        "true # .task",
        "\"a.b\" != \"\\\".c\"",
        "[1] | not",
    ] {
        assert!(is_constant(constant), "{constant}");
    }
    for other in [
        "",
        " # nothing",
        ".",
        ".task",
        "has(\"task\")",
        "length > 1",
        "tostring == \"x\" and any",
        "\"\\(.task)\" == \"x\"",
        "not | .a",
        "\"open",
        "..",
        "$x",
        "@json != \"\"",
        "def f: .; f",
    ] {
        assert!(!is_constant(other), "{other}");
    }
}
