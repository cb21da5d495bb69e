//! Changes of the API's fields between two exports.

use serde_json::{Value, json};
use taskferry_testkit::{Context, Response, Tenant, page_of};

/// A tenant that changes its records from export to export.
fn tenant(exports: &[&[Value]]) -> Tenant {
    Tenant::with_pages(exports.iter().map(|records| page_of(records, None)).collect::<Vec<_>>())
}

fn jobs(count: usize, job: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(job).collect()
}

fn job(number: usize) -> Value {
    let task = json!({"task_id": "t", "hours": 2, "ai_impact": {"level": "H1", "rationale": "r"}});
    json!({"external_id": format!("j{number}"), "tasks": [task], "name": "n"})
}

fn changed(number: usize) -> Value {
    let skill = json!({"skill": {"id": 1}});
    let name = (number < 10).then_some("n");
    let task = json!({"task_id": "t", "hours": "2", "linked_skills": [skill]});
    json!({"external_id": format!("j{number}"), "tasks": [task], "name": name})
}

#[test]
fn the_manifest_lists_the_fields_and_their_changes() {
    let context = Context::new();
    let (first, second) = (jobs(20, job), jobs(20, changed));
    let tenant = tenant(&[&first, &second, &second]);
    let ended = tenant.export(&context, &[]).with_code(0);
    assert!(!ended.stderr.contains("differ"), "{}", ended.stderr);
    let before = context.json("summary.json");
    assert_eq!(before["drift"], Value::Null);
    assert_eq!(
        before["source"]["fields"][2],
        json!({"field": "tasks", "types": ["array"], "null_rate": 0.0})
    );

    let ended = tenant.export(&context, &[]).with_code(0);
    assert_eq!(
        context.json("summary.json")["drift"],
        json!({
            "compared_with": before["run_id"],
            "new": ["tasks[].linked_skills"],
            "gone": ["tasks[].ai_impact"],
            "types": [{"field": "tasks[].hours", "before": ["number"], "now": ["string"]}],
            "nulls": [{"field": "name", "before": 0.0, "now": 0.5}],
        })
    );
    let run = before["run_id"].as_str().unwrap();
    let warning = format!(
        "warning: source `techwolf`: the records differ from those of the last complete run ({run}): new fields: \
         `tasks[].linked_skills`; missing fields: `tasks[].ai_impact`; fields with another type: `tasks[].hours` (number, now \
         string); fields that are empty more often or less often than before: `name` (0 %, now 50 %)"
    );
    ended.assert_stderr(&warning);

    tenant.export(&context, &[]).with_code(0);
    let nothing = &context.json("summary.json")["drift"];
    assert_eq!((&nothing["new"], &nothing["gone"]), (&json!([]), &json!([])));
}

#[test]
fn drift_can_be_ignored_or_stop_the_export() {
    let context = Context::new();
    let (first, second) = (jobs(3, job), jobs(3, changed));
    let tenant = tenant(&[&first, &second]);
    tenant.export(&context, &[]).with_code(0);
    let published = context.read("out/jobs.ndjson");

    // The timeout of a request changes no field.
    let pipeline =
        tenant.pipeline().replace("[\"ai_impact\"]", "[\"ai_impact\"]\ntimeout = \"9s\"");
    let run = |action: &str| {
        context.write("jobs.toml", &format!("{pipeline}\n[expect]\ndrift = \"{action}\"\n"));
        context.taskferry(&["run", "jobs.toml", "--summary", "summary.json", "--fresh"])
    };
    let refused = run("fail").with_code(8);
    refused.assert_stderr("--set expect.drift=warn");
    assert_eq!(context.read("out/jobs.ndjson"), published);

    let ignored = run("ignore").with_code(0);
    assert!(!ignored.stderr.contains("differ"), "{}", ignored.stderr);
    assert_eq!(context.json("summary.json")["drift"]["gone"], json!(["tasks[].ai_impact"]));
}

#[test]
fn exports_with_other_fields_in_the_pipeline_file_are_not_compared() {
    let context = Context::new();
    let (first, second) = (jobs(3, job), jobs(3, changed));
    let tenant = tenant(&[&first, &second]);
    tenant.export(&context, &[]).with_code(0);
    let pipeline = tenant.pipeline().replace("[\"ai_impact\"]", "[\"linked_skills\"]");
    context.write("jobs.toml", &pipeline);
    context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    assert_eq!(context.json("summary.json")["drift"], Value::Null);
}

#[test]
fn a_rare_field_is_reported_as_new_once_and_never_as_missing() {
    let context = Context::new();
    let rare = jobs(300, |number| match number {
        7 => json!({"external_id": "j7", "tasks": [], "note": "n"}),
        _ => json!({"external_id": format!("j{number}"), "tasks": []}),
    });
    let without = jobs(300, |number| json!({"external_id": format!("j{number}"), "tasks": []}));
    let tenant = tenant(&[&without, &rare, &without, &rare]);
    let changes = [(); 4].map(|()| {
        tenant.export(&context, &[]).with_code(0);
        let drift = context.json("summary.json")["drift"].clone();
        (drift["new"].clone(), drift["gone"].clone())
    });
    let none = (json!([]), json!([]));
    assert_eq!(
        changes,
        [(Value::Null, Value::Null), (json!(["note"]), json!([])), none.clone(), none]
    );
}

#[test]
fn fields_are_counted_across_a_resumed_run() {
    let context = Context::new();
    let tenant = Tenant::with_pages([
        page_of(&[json!({"external_id": "j1", "tasks": [], "early": 1})], Some("j1")),
        Response::new(400, "no"),
        page_of(&[json!({"external_id": "j2", "tasks": []})], None),
    ]);
    tenant.export(&context, &[]).with_code(3);
    tenant.export(&context, &[]).with_code(0);
    assert_eq!(
        context.json("summary.json")["source"]["fields"][0],
        json!({"field": "early", "types": ["number"], "null_rate": 0.5})
    );
}
