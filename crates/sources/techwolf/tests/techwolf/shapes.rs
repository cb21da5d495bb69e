//! Every combination of export options.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use taskferry_sandbox::SandboxOptions;

use crate::sandbox::{read, records, sandbox_with};

const INCLUDES: [&str; 5] =
    ["ai_impact", "source_data", "linked_skills", "rejected_tasks", "weekly_hours"];

/// Collects all task objects.
fn tasks(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(object) if object.contains_key("task_id") => found.push(value.clone()),
        Value::Object(object) => object.values().for_each(|value| tasks(value, found)),
        Value::Array(values) => values.iter().for_each(|value| tasks(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_subset_format_and_vendor_returns_the_requested_fields() {
    let sandbox = sandbox_with(12, SandboxOptions::default()).await;
    for subset in 0_u8..32 {
        let include: Vec<_> =
            (0..5).filter(|bit| subset & (1 << bit) > 0).map(|bit| INCLUDES[bit]).collect();
        for vendor in ["techwolf", "workday", "sap_attribute_library"] {
            let mut by_format = Vec::new();
            for format in ["list", "hierarchy"] {
                let asked = json!({
                    "limit": 5, "include": include, "external_vendor": vendor, "response_format": format,
                });
                let listing = read(&sandbox, &asked).await;
                assert_eq!(listing.jobs().len(), 12, "{asked}");
                let mut found = Vec::new();
                for record in records(&listing) {
                    tasks(&serde_json::from_str(&record.to_json()).unwrap(), &mut found);
                }
                check(&found, &include);
                let texts: BTreeSet<String> = found.iter().map(Value::to_string).collect();
                by_format.push((found.len(), texts));
            }
            assert_eq!(by_format[0], by_format[1], "both formats hold the same tasks: {include:?}");
        }
    }
}

/// Checks that tasks have exactly the requested fields.
fn check(tasks: &[Value], include: &[&str]) {
    let asked: Vec<_> = include.iter().filter(|name| **name != "rejected_tasks").collect();
    assert!(!tasks.is_empty());
    for task in tasks {
        let keys = task.as_object().unwrap().keys().map(String::as_str).skip(3);
        for key in keys {
            assert!(asked.iter().any(|name| **name == key), "{key} was not requested: {include:?}");
        }
    }
    for name in asked {
        assert!(tasks.iter().any(|task| task.get(*name).is_some()), "no task has {name}");
    }
    let rejected = tasks.iter().any(|task| task["validation_state"] == "rejected");
    assert_eq!(rejected, include.contains(&"rejected_tasks"));
}
