//! Start, stop and options of `taskferry sandbox`.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Running};

use crate::sandbox::post;

/// A sandbox in a separate process.
struct Process {
    running: Running,
    /// The output up to the end of the banner.
    banner: String,
}

impl Process {
    fn start(context: &Context, arguments: &[&str]) -> Self {
        Self::start_at(context, "127.0.0.1:0", arguments)
    }

    fn start_at(context: &Context, listen: &str, arguments: &[&str]) -> Self {
        let listen = ["sandbox", "--listen", listen];
        let mut running = context.start(&[&listen[..], arguments].concat());
        let mut banner = String::new();
        while !banner.contains("Press Ctrl-C to stop the sandbox") {
            banner.push_str(&running.wait_for_line(""));
        }
        Self { running, banner }
    }

    fn stop(self) {
        self.running.signal("TERM");
        self.running.wait().with_code(0);
    }
}

fn export(ready: &Value, body: &Value) -> (u16, Value) {
    let url = ready["url"].as_str().unwrap();
    let mut request = ready.clone();
    request["grant_type"] = "client_credentials".into();
    let (status, grant) = post(url, "/oauth/token", "", &request);
    assert_eq!(status, 200, "{grant}");
    let token = grant["access_token"].as_str().unwrap();
    post(url, "/job_architecture/export/jobs/task_profiles", token, body)
}

fn refused(arguments: &[&str]) -> String {
    Context::new().taskferry(&[&["sandbox"], arguments].concat()).with_code(2).stderr
}

#[test]
fn the_ready_file_exists_while_the_sandbox_serves() {
    let context = Context::new();
    context.write("ready.json", "left behind");
    let sandbox = Process::start(&context, &["--jobs", "3", "--ready-file", "ready.json"]);
    let ready = context.json("ready.json");
    let keys: Vec<_> = ready.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["url", "token_url", "client_id", "client_secret", "audience", "tenant"]);
    let (status, page) = export(&ready, &json!({"limit": 2}));
    assert_eq!((status, page["records"].as_array().unwrap().len()), (200, 2));
    sandbox.stop();
    assert!(!context.path("ready.json").exists());
}

#[test]
fn the_banner_contains_address_credentials_and_an_example_command() {
    let context = Context::new();
    let sandbox = Process::start(&context, &["--client", "sandbox-client:4711"]);
    for part in [
        "listens at http://127.0.0.1:",
        "client_id      sandbox-client",
        "client_secret  4711",
        "curl -s http",
        "/openapi.json",
    ] {
        assert!(sandbox.banner.contains(part), "{part}: {}", sandbox.banner);
    }
}

#[test]
fn a_database_keeps_its_content_after_a_restart() {
    let context = Context::new();
    let load = ["--database", "jobs.db", "--jobs", "7", "--ready-file", "ready.json"];
    Process::start(&context, &load).stop();
    let serve = ["--database", "jobs.db", "--ready-file", "ready.json"];
    let sandbox = Process::start(&context, &serve);
    let (_, page) = export(&context.json("ready.json"), &json!({"limit": 100}));
    assert_eq!(page["records"].as_array().unwrap().len(), 7);
    sandbox.stop();
}

#[test]
fn configured_faults_are_injected() {
    let context = Context::new();
    let arguments = [
        "--fault",
        "429@2",
        "--fault",
        "503%50",
        "--fault-seed",
        "3",
        "--ready-file",
        "ready.json",
    ];
    let statuses = || {
        let sandbox = Process::start(&context, &arguments);
        let ready = context.json("ready.json");
        let statuses: Vec<_> = (0..20).map(|_| export(&ready, &json!({"limit": 1})).0).collect();
        sandbox.stop();
        statuses
    };
    let first = statuses();
    assert_eq!(first[1], 429);
    assert!(first.contains(&503) && first.contains(&200), "{first:?}");
    assert_eq!(statuses(), first);
}

#[test]
fn wrong_and_conflicting_options_are_refused() {
    let context = Context::new();
    context.write("jobs.ndjson", "{\"external_id\": \"a\", \"tasks\": []}");
    let tenant = format!("acme={}", context.path("jobs.ndjson").display());
    let path = context.path("x.db");
    let database = path.to_str().unwrap();
    for (arguments, says) in [
        (vec!["--jobs", "5", "--tenant", &tenant], "because every `--tenant` names a file"),
        (vec!["--data", "x", "--tenant", &tenant], "because every `--tenant` names a file"),
        (vec!["--setting", "bad_value=422", "--setting", "bad_value=400"], "is given twice"),
        (vec!["--database", database, "--replace"], "nothing selects the new data"),
        (vec!["--listen", "example.com:80"], "is not a valid address to listen on"),
        (vec!["--listen", "localhost:http"], "`http` is not a port"),
        (vec!["--ready-file", "/no/such/folder/x"], "there is no folder `/no/such/folder`"),
        (vec!["--ready-file", "/dev/null"], "is not a regular file"),
    ] {
        let stderr = refused(&arguments);
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    assert!(!path.exists());
}

#[test]
fn a_failed_load_leaves_no_new_database() {
    let context = Context::new();
    context.write("jobs.ndjson", "no job");
    let arguments = ["sandbox", "--database", "x.db", "--data", "jobs.ndjson"];
    context.taskferry(&arguments).with_code(2);
    assert_eq!(context.files(), ["jobs.ndjson"]);
}

#[test]
fn empty_and_slow_datasets_are_reported() {
    let context = Context::new();
    context.write("empty.ndjson", "\n");
    let sandbox = Process::start(&context, &["--data", "empty.ndjson"]);
    assert!(sandbox.banner.contains("`empty.ndjson` is empty"), "{}", sandbox.banner);

    let pipe = context.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writing =
        std::thread::spawn(move || fs::write(pipe, r#"{"external_id": "a", "tasks": []}"#));
    let sandbox = Process::start(&context, &["--data", "pipe"]);
    writing.join().unwrap().unwrap();
    assert!(sandbox.banner.contains("`pipe` is a pipe"), "{}", sandbox.banner);
}

#[test]
fn a_stopping_sandbox_keeps_the_ready_file_of_another() {
    let context = Context::new();
    let arguments = ["--jobs", "1", "--ready-file", "ready.json"];
    let first = Process::start(&context, &arguments);
    let second = Process::start(&context, &arguments);
    let ready = context.json("ready.json");
    first.stop();
    assert_eq!(context.json("ready.json"), ready);
    second.stop();
    assert!(!context.path("ready.json").exists());
}

#[test]
fn a_port_or_localhost_is_enough_to_listen_on() {
    let context = Context::new();
    for listen in ["0", ":0", "localhost:0"] {
        let sandbox = Process::start_at(&context, listen, &["--jobs", "1"]);
        assert!(sandbox.banner.contains("listens at http://127.0.0.1:"), "{}", sandbox.banner);
    }
}

#[test]
fn errors_suggest_a_correction() {
    let stderr = refused(&["--fault", "cutt@3"]);
    assert!(stderr.contains("there is no fault `cutt`; did you mean `cut`?"), "{stderr}");
    let stderr = refused(&["--setting", "unkown_cursor=400"]);
    assert!(stderr.contains("did you mean `unknown_cursor`?"), "{stderr}");
    let stderr = refused(&["--port", "http"]);
    assert!(stderr.contains("`http` is not a port"), "{stderr}");
    let stderr = refused(&["--public-key", "reports"]);
    assert!(stderr.contains("write CLIENT=FILE.pem"), "{stderr}");
    let stderr =
        refused(&["--listen", "127.0.0.1:0", "--public-key", "reports=/does/not/exist.pem"]);
    assert!(stderr.contains("`/does/not/exist.pem` can't be read"), "{stderr}");
}

#[test]
fn the_long_help_lists_all_settings_and_faults() {
    let help = Context::new().taskferry(&["sandbox", "--help"]).with_code(0).stdout;
    for setting in taskferry_sandbox::SETTINGS {
        assert!(
            help.contains(&format!("{}={}", setting.name, setting.default)),
            "{}",
            setting.name
        );
    }
    for fault in taskferry_sandbox::FAULTS {
        assert!(help.contains(fault.form), "{}", fault.form);
    }
}

#[test]
fn an_export_with_faults_in_the_pipeline_file_is_complete() {
    let context = Context::new();
    let pipeline = |faults: &str| {
        let text = format!(
            r#"
                [source]
                type = "techwolf"
                url = "sandbox:?jobs=40&{faults}"
                limit = 10
                retry = {{ initial_delay = "1ms" }}
                [[sink]]
                type = "file"
                path = "out.ndjson"
                format = "ndjson"
            "#
        );
        context.write("p.toml", &text);
        context.taskferry(&["run", "p.toml", "--summary", "summary.json"])
    };
    pipeline("fault=429@2:retry-after=0&fault=cut@3").with_code(0);
    let summary = context.json("summary.json");
    assert_eq!(
        (&summary["source"]["records"], &summary["source"]["retries"]),
        (&json!(40), &json!(2))
    );

    let stderr = pipeline("fault=cutt@3").stderr;
    assert!(stderr.contains("did you mean `cut`?"), "{stderr}");
}
