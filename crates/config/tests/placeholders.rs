//! Placeholders for variables that are not set.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plugins;

use plugins::registry;
use taskferry_config::{Checked, Diagnostics, Layers, load};

const FILE: &str = r#"
[source]
type = "pages"
url = "https://${HOST}/v1"

[source.auth]
client_secret = "${SECRET}"
tenant = "${TENANT:-}"

[state]
resume_within = "${AGE}"

[[transform]]
type = "shape"
filter = "${FILTER:-.}"

[[sink]]
type = "out"
path = "${ONE}"

[[sink]]
type = "out"
path = "${TWO}/{date}"
"#;

fn check(text: &str, variables: &[(&str, &str)]) -> Result<Checked, Diagnostics> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let layers = Layers::from_text("jobs.toml", text).environment(variables).placeholders(true);
    load(&layers, &registry())
}

fn unverified(checked: &Checked) -> Vec<String> {
    let line = |it: &taskferry_config::Unverified| {
        format!("{} {} {}", it.position.as_ref().unwrap(), it.option, it.variable)
    };
    checked.unverified.iter().map(line).collect()
}

#[test]
fn each_unset_variable_gets_a_value_that_its_option_accepts() {
    let checked = check(FILE, &[]).unwrap();
    assert!(checked.warnings.is_empty());
    assert_eq!(
        unverified(&checked),
        [
            "jobs.toml:4:16 source.url HOST",
            "jobs.toml:7:18 source.auth.client_secret SECRET",
            "jobs.toml:11:18 state.resume_within AGE",
            "jobs.toml:19:9 sink[0].path ONE",
            "jobs.toml:23:9 sink[1].path TWO",
        ]
    );
    assert_eq!(checked.pipeline.state.resume_within.to_string(), "1s");
    let source = format!("{:?}", checked.pipeline.source.feed);
    assert!(source.contains("\"https://placeholder-host/v1\""), "{source}");
    assert!(source.contains("tenant: Some(\"\")"), "{source}");
}

#[test]
fn a_variable_that_is_set_is_used() {
    let set =
        [("HOST", "acme.example"), ("AGE", "3h"), ("SECRET", "x"), ("ONE", "a"), ("TWO", "b")];
    let checked = check(FILE, &set).unwrap();
    assert_eq!(unverified(&checked), [""; 0]);
    assert_eq!(checked.pipeline.state.resume_within.to_string(), "3h");
    let found = check(FILE, &[("AGE", "soon")]).unwrap_err().to_string();
    assert!(found.starts_with("jobs.toml:11:17: `soon` is not a duration"), "{found}");
}

#[test]
fn an_option_with_choices_gets_the_first_one() {
    let text = FILE.replace(
        "[[sink]]\ntype = \"out\"\npath = \"${ONE}\"",
        "[[transform]]\ntype = \"keep\"\nlevels = [\"${LEVEL}\"]\nmissing = \"${MISSING}\"\n[[sink]]\ntype = \"out\"",
    );
    let text = text.replace("/v1\"", "/v1\"\ninclude = [\"ai_impact\"]");
    let checked = check(&text, &[]).unwrap();
    let transform = format!("{:?}", checked.pipeline.transforms[1].transform);
    assert!(transform.contains("missing: Some(Drop)"), "{transform}");
    assert!(transform.contains("levels: [\"placeholder-level\"]"), "{transform}");
}

#[test]
fn a_value_without_a_valid_placeholder_is_reported_as_unset() {
    let transform =
        "[[transform]]\ntype = \"keep\"\nlevels = []\nmapping = \"${MAPPING}\"\n[[sink]]";
    let text = FILE.replacen("[[sink]]", transform, 1);
    let text = text.replace("/v1\"", "/v1\"\ninclude = [\"ai_impact\"]");
    let found = check(&text, &[]).unwrap_err().to_string();
    insta::assert_snapshot!(found, @"jobs.toml:21:12: the variable `MAPPING` is not set");
}

#[test]
fn a_missing_secret_file_is_replaced_by_a_placeholder() {
    for path in ["/nowhere/secret", "nowhere/secret"] {
        let text = FILE.replace("${SECRET}", &format!("${{file:{path}}}"));
        let checked = check(&text, &[]).unwrap();
        let expected = format!("jobs.toml:7:18 source.auth.client_secret file:{path}");
        assert!(unverified(&checked).contains(&expected), "{checked:?}");
    }
}

#[test]
fn other_errors_are_reported_beside_placeholders() {
    let text = FILE.replace("url =", "limt = 3\nurl =").replace("${FILTER:-.}", "wrong");
    let found = check(&text, &[]).unwrap_err().to_string();
    insta::assert_snapshot!(found, @r"
    jobs.toml:4:1: unknown key `limt`
    jobs.toml:16:11: that is wrong
    ");
}

#[test]
fn only_the_missing_file_of_a_string_with_a_variable_is_reported() {
    let text = FILE.replace("https://${HOST}/v1", "https://${HOST}/${file:nowhere/path}");
    let found = check(&text, &[]).unwrap_err().to_string();
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.starts_with("jobs.toml:4:24: can't read `nowhere/path`"), "{found}");
    // The value of a secret is not needed at all.
    let text = FILE.replace("${SECRET}", "${SECRET}${file:nowhere/secret}");
    let unverified = unverified(&check(&text, &[]).unwrap());
    for expected in [
        "7:18 source.auth.client_secret SECRET",
        "7:27 source.auth.client_secret file:nowhere/secret",
    ] {
        assert!(unverified.contains(&format!("jobs.toml:{expected}")), "{unverified:?}");
    }
}
