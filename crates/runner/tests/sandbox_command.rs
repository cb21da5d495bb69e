//! `taskferry sandbox`, as its users start and stop it.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted may end it")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A sandbox in a process of its own, which ends with the test.
struct Process {
    child: Child,
    /// What it has said until the banner was complete.
    banner: String,
}

impl Process {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", arguments)
    }

    fn start_at(folder: &Path, listen: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(cargo_bin("taskferry"))
            .args(["sandbox", "--listen", listen])
            .args(arguments)
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut banner = String::new();
        while !banner.contains("Ctrl-C stops it") {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {banner}")).unwrap();
            banner.push_str(&line);
            banner.push('\n');
        }
        Self { child, banner }
    }

    /// The ready file, which is there before the banner.
    fn ready(file: &Path) -> Value {
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }

    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends JSON, and gives status and body. `url` starts with `http://` and an address.
fn post(url: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let authorization =
        token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let body = body.to_string();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         {authorization}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn token(ready: &Value) -> String {
    let mut request = ready.clone();
    request["grant_type"] = "client_credentials".into();
    let (status, grant) = post(ready["token_url"].as_str().unwrap(), None, &request);
    assert_eq!(status, 200, "{grant}");
    grant["access_token"].as_str().unwrap().to_owned()
}

fn export(ready: &Value, body: &Value) -> (u16, Value) {
    let url =
        format!("{}/job_architecture/export/jobs/task_profiles", ready["url"].as_str().unwrap());
    post(&url, Some(&token(ready)), body)
}

fn refused(arguments: &[&str]) -> String {
    let output =
        Command::new(cargo_bin("taskferry")).arg("sandbox").args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_ready_file_leads_to_a_first_page_and_goes_with_the_sandbox() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ready.json");
    fs::write(&file, "left behind").unwrap();
    let sandbox = Process::start(folder.path(), &["--jobs", "3", "--ready-file", "ready.json"]);
    let ready = Process::ready(&file);
    let keys: Vec<_> = ready.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["url", "token_url", "client_id", "client_secret", "audience", "tenant"]);
    let (status, page) = export(&ready, &json!({"limit": 2}));
    assert_eq!((status, page["records"].as_array().unwrap().len()), (200, 2));
    sandbox.stop();
    assert!(!file.exists());
}

#[test]
fn the_banner_names_the_address_the_credentials_and_a_command_to_try() {
    let folder = TempDir::new().unwrap();
    let sandbox = Process::start(folder.path(), &["--client", "sandbox-client:4711"]);
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
fn what_is_in_a_database_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ready.json");
    let load = ["--database", "jobs.db", "--jobs", "7", "--ready-file", "ready.json"];
    Process::start(folder.path(), &load).stop();
    let serve = ["--database", "jobs.db", "--ready-file", "ready.json"];
    let sandbox = Process::start(folder.path(), &serve);
    let (_, page) = export(&Process::ready(&file), &json!({"limit": 100}));
    assert_eq!(page["records"].as_array().unwrap().len(), 7);
    sandbox.stop();
}

#[test]
fn faults_come_when_they_were_asked_for() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ready.json");
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
        let sandbox = Process::start(folder.path(), &arguments);
        let ready = Process::ready(&file);
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
fn options_are_not_dropped_in_silence() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("jobs.ndjson");
    fs::write(&file, "{\"external_id\": \"a\", \"tasks\": []}").unwrap();
    let tenant = format!("acme={}", file.display());
    let database = folder.path().join("x.db");
    let database = database.to_str().unwrap();
    for (arguments, says) in [
        (vec!["--jobs", "5", "--tenant", &tenant], "every tenant has a file of its own"),
        (vec!["--data", "x", "--tenant", &tenant], "every tenant has a file of its own"),
        (vec!["--setting", "bad_value=422", "--setting", "bad_value=400"], "is given twice"),
        (vec!["--database", database, "--replace"], "say what to load in its place"),
        (vec!["--listen", "example.com:80"], "is no address of this machine"),
        (vec!["--listen", "localhost:http"], "`http` is no port"),
        (vec!["--ready-file", "/no/such/folder/x"], "there is no folder `/no/such/folder`"),
        (vec!["--ready-file", "/dev/null"], "no regular file"),
    ] {
        let told = refused(&arguments);
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
    assert!(!Path::new(database).exists());
}

#[test]
fn a_load_that_fails_leaves_no_new_database_behind() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("jobs.ndjson"), "no job").unwrap();
    let mut command = Command::new(cargo_bin("taskferry"));
    let arguments = ["sandbox", "--database", "x.db", "--data", "jobs.ndjson"];
    let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["jobs.ndjson"]);
}

#[test]
fn an_empty_dataset_and_one_that_has_to_be_waited_for_are_told() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("empty.ndjson"), "\n").unwrap();
    let sandbox = Process::start(folder.path(), &["--data", "empty.ndjson"]);
    assert!(sandbox.banner.contains("`empty.ndjson` is empty"), "{}", sandbox.banner);

    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writing =
        std::thread::spawn(move || fs::write(pipe, r#"{"external_id": "a", "tasks": []}"#));
    let sandbox = Process::start(folder.path(), &["--data", "pipe"]);
    writing.join().unwrap().unwrap();
    assert!(sandbox.banner.contains("`pipe` is a pipe"), "{}", sandbox.banner);
}

#[test]
fn the_first_to_stop_does_not_take_away_the_ready_file_of_another() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--jobs", "1", "--ready-file", "ready.json"];
    let first = Process::start(folder.path(), &arguments);
    let second = Process::start(folder.path(), &arguments);
    let file = folder.path().join("ready.json");
    let ready = Process::ready(&file);
    first.stop();
    assert_eq!(Process::ready(&file), ready);
    second.stop();
    assert!(!file.exists());
}

#[test]
fn a_port_or_localhost_is_enough_to_listen_on() {
    let folder = TempDir::new().unwrap();
    for listen in ["0", ":0", "localhost:0"] {
        let sandbox = Process::start_at(folder.path(), listen, &["--jobs", "1"]);
        assert!(sandbox.banner.contains("listens at http://127.0.0.1:"), "{}", sandbox.banner);
    }
}

#[test]
fn mistakes_name_what_was_meant() {
    let told = refused(&["--fault", "cutt@3"]);
    assert!(told.contains("there is no fault `cutt`; did you mean `cut`?"), "{told}");
    let told = refused(&["--setting", "unkown_cursor=400"]);
    assert!(told.contains("did you mean `unknown_cursor`?"), "{told}");
    let told = refused(&["--public-key", "reports"]);
    assert!(told.contains("write CLIENT=FILE.pem"), "{told}");
    let told = refused(&["--listen", "127.0.0.1:0", "--public-key", "reports=/does/not/exist.pem"]);
    assert!(told.contains("`/does/not/exist.pem` can't be read"), "{told}");
}

#[test]
fn the_long_help_lists_all_settings_and_faults() {
    let output = Command::new(cargo_bin("taskferry")).args(["sandbox", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
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
fn a_pipeline_file_can_ask_for_faults_and_its_export_is_whole() {
    let folder = TempDir::new().unwrap();
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
        fs::write(folder.path().join("p.toml"), text).unwrap();
        let arguments = ["run", "p.toml", "--summary", "summary.json"];
        let mut command = Command::new(cargo_bin("taskferry"));
        command.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let output = pipeline("fault=429@2:retry-after=0&fault=cut@3");
    assert!(output.status.success(), "{output:?}");
    let summary = fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(
        (&summary["source"]["records"], &summary["source"]["retries"]),
        (&json!(40), &json!(2))
    );

    let output = pipeline("fault=cutt@3");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("did you mean `cut`?"), "{told}");
}
