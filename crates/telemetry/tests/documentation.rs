//! The page about metrics matches the code.

use std::fs;

use taskferry_telemetry::METRICS;

#[test]
fn the_page_lists_every_metric() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/observability.md");
    let page = fs::read_to_string(page).unwrap();
    let written: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `taskferry_")).collect();
    let expected: Vec<String> = METRICS
        .iter()
        .map(|metric| {
            let own: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let (name, labels) = (metric.prometheus_name(), own.join(", "));
            format!("| `{name}` | `{}` | {labels} | {} |", metric.name, metric.description)
                .replace("|  |", "| |")
        })
        .collect();
    assert_eq!(written, expected);
}

#[test]
fn names_are_unique_and_follow_the_conventions() {
    let mut names: Vec<String> =
        METRICS.iter().map(taskferry_telemetry::Metric::prometheus_name).collect();
    for name in &names {
        assert!(name.starts_with("taskferry_") && !name.ends_with("_total"), "{name}");
        assert!(name.chars().all(|it| it.is_ascii_lowercase() || it == '_'), "{name}");
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
