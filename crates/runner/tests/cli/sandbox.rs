//! `taskferry sandbox`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Running};

/// The first line of output of each sandbox run.
pub(crate) const SANDBOX_LINE: &str =
    "sandbox: the records come from a sandbox, not from TechWolf; this is not a real export\n";

/// A sandbox in a separate process.
pub(crate) struct Sandbox {
    running: Running,
    pub(crate) url: String,
    /// The values of its banner: `token_url`, `client_id` and so on.
    known: Vec<(String, String)>,
}

impl Sandbox {
    pub(crate) fn start(context: &Context, arguments: &[&str]) -> Self {
        let listen = ["sandbox", "--listen", "127.0.0.1:0"];
        let mut running = context.start(&[&listen[..], arguments].concat());
        let first = running.wait_for_line("listens at ");
        let url = first.trim().rsplit(' ').next().unwrap().to_owned();
        let keys = ["token_url", "client_id", "client_secret", "audience", "tenant"];
        let known = keys.map(|key| {
            let line = running.wait_for_line(key);
            (key.to_owned(), line.split_whitespace().nth(1).unwrap().to_owned())
        });
        running.wait_for_line("Press Ctrl-C to stop the sandbox");
        Self { running, url, known: known.into() }
    }

    pub(crate) fn known(&self, key: &str) -> &str {
        &self.known.iter().find(|(known, _)| known == key).expect("a known key").1
    }

    pub(crate) fn token(&self) -> String {
        let mut body = json!({"grant_type": "client_credentials"});
        for (key, value) in self.known.iter().filter(|(key, _)| key != "token_url") {
            body[key] = json!(value);
        }
        let path = self.known("token_url").strip_prefix(&self.url).unwrap();
        let (status, grant) = post(&self.url, path, "", &body);
        assert_eq!(status, 200, "{grant}");
        grant["access_token"].as_str().unwrap().to_owned()
    }

    /// All records of the export request `body`, page by page.
    pub(crate) fn records(&self, body: &Value) -> Vec<Value> {
        let (token, mut body, mut records) = (self.token(), body.clone(), Vec::new());
        body["limit"] = json!(37);
        loop {
            let export = "/job_architecture/export/jobs/task_profiles";
            let (status, page) = post(&self.url, export, &token, &body);
            assert_eq!(status, 200, "{page}");
            records.extend_from_slice(page["records"].as_array().unwrap());
            if page["has_next"] == false {
                return records;
            }
            body["starting_after"] = page["next_starting_after"].clone();
        }
    }
}

/// Sends JSON to the path of a server, and returns the status and the body.
pub(crate) fn post(url: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let host = url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn the_sandbox_serves_until_a_signal() {
    for signal in ["TERM", "INT"] {
        let context = Context::new();
        let sandbox = Sandbox::start(&context, &["--jobs", "5"]);
        let jobs = sandbox.records(&json!({}));
        assert_eq!(jobs.len(), 5);
        assert_eq!(jobs[4]["external_id"], "job-000005");
        sandbox.running.signal(signal);
        sandbox.running.wait().with_code(0);
    }
}

#[test]
fn the_banner_contains_everything_a_client_needs() {
    let context = Context::new();
    let mut running = context.start(&["sandbox", "--listen", "127.0.0.1:0", "--jobs", "1"]);
    let mut banner = String::new();
    while !banner.contains("Ctrl-C") {
        banner.push_str(&running.wait_for_line(""));
    }
    insta::assert_snapshot!(banner, @r#"
    the TechWolf sandbox listens at http://127.0.0.1:[port]

      token_url      http://127.0.0.1:[port]/oauth/token
      client_id      sandbox-client
      client_secret  sandbox-secret
      audience       eu3.techwolf.ai
      tenant         sandbox
      webhook        http://127.0.0.1:[port]/webhook (accepts the requests of a webhook sink)
      description    http://127.0.0.1:[port]/ for people, http://127.0.0.1:[port]/openapi.json for tools

    to run a pipeline against the sandbox:
      export TECHWOLF_URL=http://127.0.0.1:[port] TECHWOLF_TOKEN_URL=http://127.0.0.1:[port]/oauth/token
      export TECHWOLF_CLIENT_ID=sandbox-client TECHWOLF_CLIENT_SECRET=sandbox-secret
      export TECHWOLF_AUDIENCE=eu3.techwolf.ai TECHWOLF_TENANT=sandbox

    to request the first page:
      TOKEN=$(curl -s http://127.0.0.1:[port]/oauth/token -H 'Content-Type: application/json' -d '{"client_id": "sandbox-client", "client_secret": "sandbox-secret", "audience": "eu3.techwolf.ai", "tenant": "sandbox", "grant_type": "client_credentials"}' | jq -r .access_token)
      curl -s http://127.0.0.1:[port]/job_architecture/export/jobs/task_profiles -H "Authorization: Bearer $TOKEN" \
        -H 'Content-Type: application/json' -d '{"limit": 2, "include": ["ai_impact"]}' | jq

    Press Ctrl-C to stop the sandbox.
    "#);
}

#[test]
fn a_dataset_is_served() {
    let context = Context::new();
    let job = json!({"external_id": "j-1", "tasks": [
        {"task_id": "t-1", "task": "Écrire des rapports", "validation_state": "validated", "weekly_hours": 1.50}]});
    context.write("data.ndjson", &job.to_string());
    let sandbox = Sandbox::start(&context, &["--data", "data.ndjson"]);
    assert_eq!(sandbox.records(&json!({"include": ["weekly_hours"]})), [job]);
}

#[test]
fn an_invalid_dataset_is_reported_with_its_line() {
    let context = Context::new();
    context.write(
        "data.ndjson",
        "{\"external_id\": \"a\", \"tasks\": []}\n\n{\"external_id\": 5, \"tasks\": []}\n",
    );
    let ended = context.taskferry(&["sandbox", "--data", "data.ndjson"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: line 3 of the dataset `data.ndjson`: `external_id`: invalid type: integer `5`, expected a string (column 17)");
    let ended = context.taskferry(&["sandbox", "--data", "none.ndjson"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: the dataset `none.ndjson` can't be opened: No such file or directory (os error 2)");
}

#[test]
fn a_port_in_use_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let context = Context::new();
    let ended = context.taskferry(&["sandbox", "--listen", &address, "--jobs", "1"]);
    insta::assert_snapshot!(ended.with_code(2).stderr, @"error: the sandbox can't listen on 127.0.0.1:[port]: Address already in use (os error 98)");
}

#[test]
fn a_dataset_and_generated_jobs_exclude_each_other() {
    let arguments = ["sandbox", "--data", "x.ndjson", "--jobs", "5"];
    let ended = Context::new().taskferry(&arguments).with_code(2);
    ended.assert_stderr("cannot be used with");
}
