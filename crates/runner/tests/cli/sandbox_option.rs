//! `--sandbox`: generated data never counts as real, and a sandbox run leaves no state that a real run would use.

use std::fs;

use serde_json::json;
use taskferry_testkit::{Context, Receiver, Response, Tenant, page, project_file};

use crate::sandbox::SANDBOX_LINE;

const TRIAL: [&str; 5] = ["run", "jobs.toml", "--sandbox", "--summary", "trial.json"];

/// A pipeline whose addresses and credentials all come from unset variables.
const REAL: &str = r#"[source]
type = "techwolf"
url = "${TECHWOLF_URL}"
connection = { proxy = "${PROXY}" }

[source.auth]
token_url = "${TOKEN_URL}"
client_id = "${CLIENT_ID}"
client_secret = "${file:/run/secrets/nowhere}"
audience = "eu3.techwolf.ai"
tenant = "${TENANT}"

[[sink]]
type = "webhook"
url = "${WEBHOOK_URL}"
headers = { Authorization = "Bearer ${WEBHOOK_TOKEN}" }
signature = { secrets = ["${WEBHOOK_SECRET}"] }

[[sink]]
type = "file"
path = "out/jobs.ndjson"
"#;

#[test]
fn a_sandbox_run_needs_no_address_or_credential() {
    let mut context = Context::with_pipeline(REAL);
    let stderr = context.taskferry(&["check", "jobs.toml", "--env"]).with_code(2).stderr;
    for name in ["TECHWOLF_URL", "TOKEN_URL", "WEBHOOK_URL", "WEBHOOK_SECRET"] {
        assert!(stderr.contains(&format!("the variable `{name}` is not set")), "{stderr}");
    }
    context.taskferry(&["check", "jobs.toml", "--sandbox"]).with_code(0);
    let ended = context.taskferry(&[&TRIAL[..], &["--quiet"]].concat()).with_code(0);
    assert_eq!(ended.stderr, SANDBOX_LINE, "one line, also with --quiet");
    let manifest = context.json("trial.json");
    assert_eq!((&manifest["sandbox"], &manifest["source"]["records"]), (&json!(true), &json!(200)));
    let log = context.taskferry(&[&TRIAL[..], &["--quiet", "--log", "json"]].concat()).log();
    assert_eq!(log[0]["message"], SANDBOX_LINE.trim_end());
    assert_eq!((&log[0]["level"], &log[1]["manifest"]["sandbox"]), (&json!("WARN"), &json!(true)));
    // Other errors are still reported, and the sandbox can be specified.
    context.taskferry(&[&TRIAL[..], &["--set", "source.limit=0"]].concat()).with_code(2);
    context
        .taskferry(&[&TRIAL[..], &["--set", "source.url=sandbox:?jobs=7"]].concat())
        .with_code(0);
    assert_eq!(context.json("trial.json")["source"]["records"], 7);
    context.set("TECHWOLF_URL", "sandbox:?jobs=9");
    context.taskferry(&TRIAL).with_code(0);
    assert_eq!(context.json("trial.json")["source"]["records"], 9);
    context.set("TECHWOLF_URL", "https://acme.example.com");
    context.taskferry(&TRIAL).with_code(0);
    assert_eq!(context.json("trial.json")["source"]["records"], 200);
}

#[test]
fn a_sandbox_run_changes_no_real_files_state_or_receivers() {
    let context = Context::new();
    let server = Tenant::with_pages([
        page(&["a", "b"], None),
        page(&["a"], Some("a")),
        Response::new(403, "[]"),
        page(&["b"], None),
    ]);
    server.export(&context, &[]).with_code(0);
    let real = context.read("out/jobs.ndjson");
    // The real export is interrupted.
    server.export(&context, &[]).with_code(3);
    let state = |context: &Context| {
        let names = ["checkpoint.json", "last_complete.json"];
        names.map(|name| context.read(&format!(".taskferry/jobs/{name}")))
    };
    let (before, asked) = (state(&context), server.requests().len());
    let ended = context.taskferry(&[&TRIAL[..], &["--metrics-file", "m.prom"]].concat());
    let ended = ended.with_code(0);
    ended.assert_stderr(format!("\n{SANDBOX_LINE} stage "));
    assert!(!ended.stderr.contains("is not resumed"), "{}", ended.stderr);
    assert!(context.read("m.prom").contains("taskferry_run_sandbox{pipeline=\"jobs\"} 1\n"));
    assert_eq!(context.read("out/jobs.ndjson"), real);
    assert_eq!(context.read("out/jobs.sandbox.ndjson").lines().count(), 200);
    assert_eq!(server.requests().len(), asked, "no request was sent");
    assert_eq!(state(&context), before, "the state of the next run is unchanged");
    let runs = |more: &[&str]| {
        context.taskferry(&[&["runs", "jobs.toml"], more].concat()).with_code(0).stdout
    };
    assert_eq!((runs(&[]).lines().count(), runs(&[]).matches("sandbox").count()), (3, 0));
    assert_eq!(runs(&["--sandbox"]).matches(" sandbox").count(), 1);
    let ended = server.export(&context, &[]).with_code(0);
    ended.assert_stderr("resumes after page 1");
    assert!(!ended.stderr.contains("sandbox"), "{}", ended.stderr);
    assert_eq!(context.json("summary.json")["sandbox"], false);
}

#[test]
fn dead_letters_of_a_sandbox_run_are_kept_apart() {
    let context = Context::new();
    let receiver = Receiver::start(|_| Response::new(204, ""));
    let source = Tenant::with_pages([page(&[], None)]).source();
    let url = receiver.url();
    context.write(
        "jobs.toml",
        &format!(
            "{source}\n[[transform]]\ntype = \"jq\"\non_error = \"dead_letter\"\n\
             filter = 'if .external_id == \"job-000003\" then error(\"no\") else . end'\n\
             [[sink]]\ntype = \"webhook\"\nurl = \"{url}\"\n\
             [dead_letter]\npath = \"out/{{run_id}}.dead.ndjson\"\n"
        ),
    );
    context.taskferry(&TRIAL).with_code(6);
    let dead_letters = context.dead_letters();
    assert!(dead_letters.ends_with(".sandbox.dead.ndjson"), "{dead_letters}");
    let stderr = context.taskferry(&["replay", "jobs.toml", &dead_letters]).with_code(2).stderr;
    assert!(stderr.contains("this dead letter comes from a run with `--sandbox`"), "{stderr}");
    context.taskferry(&["replay", "jobs.toml", &dead_letters, "--sandbox"]).with_code(6);
    assert!(receiver.requests().is_empty());
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let mut context = Context::new();
    let text = "[source]\ntype = \"techwolf\"\nurl = \"${PLACE:-sandbox:?jobs=3}\"\nlimit = 2\n\
                [[sink]]\ntype = \"stdout\"\n";
    context.write("jobs.toml", text);
    for name in ["PLACE", "TASKFERRY_SOURCE__LIMIT", "TASKFERRY_LOG", "JOB_COMPLETION_INDEX"] {
        context.set(name, "");
    }
    context.taskferry(&["run", "jobs.toml", "--summary", "s.json"]).with_code(0);
    assert_eq!(context.json("s.json")["source"]["pages"], 2);
    let stderr = context.taskferry(&["run", "jobs.toml", "--shard", "2"]).with_code(2).stderr;
    assert!(stderr.contains("JOB_COMPLETION_INDEX, which is not set"), "{stderr}");
    context.write("jobs.toml", &text.replace("limit = 2", "external_vendor = \"${PLACE}\""));
    let stderr = context.taskferry(&["check", "jobs.toml", "--env"]).with_code(2).stderr;
    assert!(stderr.contains("the variable `PLACE` is empty"), "{stderr}");
}

#[test]
fn only_the_quickstart_pipeline_names_the_sandbox() {
    for folder in ["pipelines", "examples/custom-runner", "examples/deploy"] {
        for entry in fs::read_dir(project_file(folder)).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if path.extension().is_some_and(|ending| ending == "toml") && name != "quickstart.toml"
            {
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.lines().filter(|line| !line.starts_with('#'));
                assert_eq!(
                    lines.filter(|line| line.contains("sandbox:")).count(),
                    0,
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn hints_of_a_sandbox_run_contain_the_sandbox_option() {
    let context = Context::with_pipeline(&format!("{REAL}\n[expect]\nmin_jobs = 1000\n"));
    let none = context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    assert_eq!(none.stderr, "`.taskferry` contains no runs of `jobs`\n");
    let refused = context.taskferry(&["run", "jobs.toml", "--sandbox"]).with_code(8);
    let help = "run once with `--sandbox --set expect.min_jobs=200` to publish this export";
    refused.assert_stderr(help);
    let none = context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    let help = "  help: add `--sandbox` to list the sandbox runs\n";
    assert!(none.stderr.ends_with(help), "{}", none.stderr);
    let listed = context.taskferry(&["runs", "jobs.toml", "--sandbox"]).with_code(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
    let dry = context.taskferry(&["run", "jobs.toml", "--sandbox", "--dry-run"]).with_code(8);
    assert!(!dry.stderr.contains("run once with"), "{}", dry.stderr);
    let accept = ["run", "jobs.toml", "--sandbox", "--set", "expect.min_jobs=200"];
    context.taskferry(&accept).with_code(0);
}

#[test]
fn jobs_of_a_dataset_are_not_called_generated() {
    let context = Context::new();
    context.write("jobs.ndjson", "{\"external_id\":\"a\",\"tasks\":[]}\n");
    context.write(
        "jobs.toml",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?data=jobs.ndjson\"\n\
         [[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n",
    );
    let ended = context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(0);
    assert_eq!(
        ended.stderr,
        "sandbox: the records come from a sandbox, not from TechWolf; this is not a real export\n"
    );
}

#[test]
fn a_preview_shows_the_current_data_of_a_sandbox() {
    let context = Context::new();
    let text = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?data=jobs.ndjson\"\n[[sink]]\ntype = \"stdout\"\n";
    context.write("jobs.toml", text);
    for id in ["first", "another"] {
        context.write("jobs.ndjson", &format!("{{\"external_id\":\"{id}\",\"tasks\":[]}}\n"));
        let shown = context.taskferry(&["preview", "jobs.toml", "--show-values"]).with_code(0);
        assert!(shown.stdout.contains(id), "{}", shown.stdout);
    }
}
