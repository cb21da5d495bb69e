//! SARIF 2.1.0, which code scanning services and editors read.

use std::path::Path;

use serde_json::{Value, json};

use super::finding::{Finding, Level, SourceLocation};
use crate::explanations::{self, Examples};

/// The log of one run of `check`.
pub(super) fn log(findings: &[Finding]) -> String {
    let all = explanations::all();
    let rules: Vec<Value> = all
        .iter()
        .map(|rule| {
            let examples = rule.examples.as_ref().map(|Examples { wrong, right, .. }| {
                format!("\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}")
            });
            json!({
                "id": rule.name,
                "shortDescription": { "text": rule.meaning },
                "fullDescription": { "text": rule.details },
                "help": { "text": format!("{}{}", rule.details, examples.unwrap_or_default()) },
            })
        })
        .collect();
    let result = |finding: &Finding| {
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let mut result = json!({
            "ruleId": finding.name,
            "level": level,
            "message": { "text": finding.message },
            "locations": [location(&finding.place)],
        });
        // The names from external plugins have no rule.
        if let Some(rule) = all.iter().position(|rule| rule.name == finding.name) {
            result["ruleIndex"] = json!(rule);
        }
        if !finding.related.is_empty() {
            let related = finding.related.iter().map(|(place, label)| {
                let mut location = location(place);
                location["message"] = json!({ "text": label });
                location
            });
            result["relatedLocations"] = related.collect();
        }
        result
    };
    let results: Vec<Value> = findings.iter().map(result).collect();
    let version = env!("CARGO_PKG_VERSION");
    let driver = json!({ "name": "taskferry", "version": version, "rules": rules });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn location(place: &SourceLocation) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    if place.line > 0 {
        let mut region = json!({ "startLine": place.line, "startColumn": place.column });
        if place.end_column > place.column {
            region["endColumn"] = json!(place.end_column);
        }
        physical["region"] = region;
    }
    json!({ "physicalLocation": physical })
}

/// The URI of a file, relative to the working directory if the file is in it.
fn uri(file: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(file);
    let relative = path.strip_prefix(&here).unwrap_or(path);
    let relative = relative.strip_prefix(".").unwrap_or(relative);
    let text = relative.to_string_lossy();
    let escaped: String = text.bytes().map(escape).collect();
    if relative.is_absolute() { format!("file://{escaped}") } else { escaped }
}

fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
