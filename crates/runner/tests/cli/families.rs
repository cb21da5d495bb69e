//! Job families in a pipeline that the tenant does not have.

use serde_json::json;
use taskferry_testkit::{Context, Response, Tenant};

/// A pipeline on the sandbox with `more` in its source.
fn pipeline(more: &str) -> String {
    format!(
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=40&seed=3\"\n{more}\n\
         [[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n"
    )
}

fn filtered(ids: &str) -> String {
    format!("filters = [{{ filter = \"job_family_id_is_in_list\", job_family_ids = [{ids}] }}]")
}

#[test]
fn an_unknown_family_is_reported_with_the_nearest_in_quiet_runs() {
    let context = Context::new();
    context.write("filtered.toml", &pipeline(&filtered("\"legal\", \"Finanze\"")));
    let parts = "partition = { by = \"job_family\", values = [\"legal\", \"Finanze\"] }";
    context.write("parts.toml", &pipeline(parts));
    let message =
        "source `techwolf`: the tenant has no job family `Finanze`; did you mean `finance`?";
    for file in ["filtered.toml", "parts.toml"] {
        let arguments = ["run", file, "--quiet", "--summary", "summary.json"];
        let ended = context.taskferry(&arguments).with_code(0);
        assert_eq!(ended.stderr.matches(message).count(), 1, "{}", ended.stderr);
        assert_eq!(context.json("summary.json")["warnings"], json!([message]));
    }
}

#[test]
fn the_name_of_a_family_is_distinguished_from_its_id() {
    let context = Context::with_pipeline(&pipeline(&filtered("\"Customer Service\"")));
    let ended = context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(0);
    let message =
        "`Customer Service` is the name of a job family, not its id: write `customer-service`";
    ended.assert_stderr(message);
}

#[test]
fn a_failed_run_names_unknown_families() {
    let context = Context::new();
    let more = filtered("\"Finanze\"") + "\nretry = { max_attempts = 1 }";
    let faulty = pipeline(&more).replace("seed=3", "fault=500");
    context.write("jobs.toml", &faulty);
    let arguments = ["run", "jobs.toml", "--summary", "summary.json"];
    context.taskferry(&arguments).with_code(3);
    let warnings = context.json("summary.json")["warnings"].to_string();
    assert!(warnings.contains("did you mean `finance`?"), "{warnings}");
}

#[test]
fn a_tenant_without_a_family_listing_is_exported_without_a_warning() {
    for status in [401, 403, 404, 500, 503] {
        let context = Context::new();
        let server = Tenant::start(move |request| match request.target.as_str() {
            target if target.contains("job_families") => Response::new(status, "no"),
            _ => Response::new(200, r#"{"has_next":false,"records":[{"external_id":"a"}]}"#),
        });
        let filters = format!("include = [\"ai_impact\"]\n{}", filtered("\"legal\""));
        let pipeline = server.pipeline().replace("include = [\"ai_impact\"]", &filters);
        context.write("jobs.toml", &pipeline);
        let arguments = ["run", "jobs.toml", "--summary", "summary.json"];
        let ended = context.taskferry(&arguments).with_code(0);
        assert!(!ended.stderr.to_lowercase().contains("warn"), "{}", ended.stderr);
        assert_eq!(context.json("summary.json")["source"]["requests"], 3);
    }
}
