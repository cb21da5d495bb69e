//! Servers that answer as a test wants them to.

use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};
use taskferry_retry::faulty_server::{Answer, FaultyServer, Request};
use tokio::runtime::{Builder, Runtime};

use crate::context::{Context, Ended, PATIENCE};

/// What a tenant's client is called, and what must not be seen anywhere.
pub(crate) const SECRET: &str = "canary-client-secret";

/// A scripted server beside the test.
pub(crate) struct Server {
    faulty: FaultyServer,
    arrived: Receiver<()>,
    _runtime: Runtime,
}

impl Server {
    /// Starts it; `script` decides on every answer.
    pub(crate) fn start(mut script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (tell, arrived) = channel();
        let script = move |request: &Request| {
            let answer = script(request);
            // Most tests do not listen.
            _ = tell.send(());
            answer
        };
        let server = runtime.block_on(FaultyServer::start(script)).unwrap();
        Self { faulty: server, arrived, _runtime: runtime }
    }

    /// A tenant: tokens for whoever asks, and pages in this order, the last one again and again.
    pub(crate) fn tenant(pages: impl IntoIterator<Item = Answer>) -> Self {
        let mut pages: Vec<Answer> = pages.into_iter().collect();
        pages.reverse();
        let mut tokens = 0;
        Self::start(move |request| {
            if request.target == "/oauth/token" {
                tokens += 1;
                let token = format!("canary-token-{tokens}");
                return Answer::new(
                    200,
                    json!({"access_token": token, "expires_in": 10_800}).to_string(),
                );
            }
            if pages.len() > 1 { pages.pop().unwrap() } else { pages[0].clone() }
        })
    }

    /// A tenant whose listing has this many pages of five jobs each, whatever page is asked for: made by `job`, from
    /// a number of its own. `meanwhile` happens before a page is answered; pages count from 1.
    pub(crate) fn listing(
        pages: usize,
        job: impl Fn(usize) -> Value + Send + 'static,
        mut meanwhile: impl FnMut(usize) + Send + 'static,
    ) -> Self {
        Self::start(move |request| {
            if request.target == "/oauth/token" {
                let token = json!({"access_token": "canary-token", "expires_in": 10_800});
                return Answer::new(200, token.to_string());
            }
            let asked: Value = serde_json::from_str(&request.body).unwrap();
            let number = asked["starting_after"].as_str().map_or(1, |cursor| {
                cursor.strip_prefix('c').unwrap().parse::<usize>().unwrap() + 1
            });
            meanwhile(number);
            let records: Vec<Value> = (number * 5 - 5..number * 5).map(&job).collect();
            let mut body = json!({"has_next": number < pages, "records": records});
            if number < pages {
                body["next_starting_after"] = json!(format!("c{number}"));
            }
            Answer::new(200, body.to_string())
        })
    }

    /// A tenant with so many jobs, `j0` and so on, that takes any of them for a cursor. `hangs` says after which job nothing
    /// is answered.
    pub(crate) fn jobs(
        jobs: usize,
        hangs: impl Fn(Option<usize>) -> bool + Send + 'static,
    ) -> Self {
        Self::start(move |request| {
            if request.target == "/oauth/token" {
                let token = json!({"access_token": "canary-token", "expires_in": 10_800});
                return Answer::new(200, token.to_string());
            }
            let asked: Value = serde_json::from_str(&request.body).unwrap();
            let after = asked["starting_after"]
                .as_str()
                .map(|cursor| cursor[1..].parse::<usize>().unwrap());
            if hangs(after) {
                return Answer::new(200, "").silent();
            }
            let first = after.map_or(0, |after| after + 1);
            let end = jobs.min(first + usize::try_from(asked["limit"].as_u64().unwrap()).unwrap());
            let record = |job| json!({"external_id": format!("j{job}"), "n": job, "tasks": []});
            let records: Vec<Value> = (first..end).map(record).collect();
            let mut body = json!({"has_next": end < jobs, "records": records});
            if end < jobs {
                body["next_starting_after"] = json!(format!("j{}", end - 1));
            }
            Answer::new(200, body.to_string())
        })
    }

    pub(crate) fn url(&self) -> &str {
        self.faulty.url()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.faulty.requests()
    }

    /// Waits until this many requests have arrived since the last call.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        for _ in 0..count {
            self.arrived.recv_timeout(PATIENCE).expect("a request should have arrived");
        }
    }

    /// A pipeline from here into `out/jobs.ndjson`, with quick retries.
    pub(crate) fn pipeline(&self) -> String {
        let sink = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";
        format!("{}\n{sink}", self.source())
    }

    /// The source of that pipeline.
    pub(crate) fn source(&self) -> String {
        let url = self.url();
        format!(
            r#"
[source]
type = "techwolf"
url = "{url}"
include = ["ai_impact"]
retry = {{ initial_delay = "1ms", max_delay = "1ms" }}

[source.auth]
token_url = "{url}/oauth/token"
client_id = "client-1"
client_secret = "${{CLIENT_SECRET}}"
audience = "eu3.techwolf.ai"
tenant = "acme"
"#
        )
    }

    /// Runs that pipeline.
    pub(crate) fn export(&self, context: &mut Context, more: &[&str]) -> Ended {
        context.set("CLIENT_SECRET", SECRET);
        context.write("jobs.toml", &self.pipeline());
        let arguments = [&["run", "jobs.toml", "--summary", "summary.json"], more].concat();
        context.taskferry(&arguments)
    }
}

/// A page of these jobs.
pub(crate) fn page(jobs: &[&str], next: Option<&str>) -> Answer {
    let records: Vec<Value> =
        jobs.iter().map(|job| json!({"external_id": job, "tasks": []})).collect();
    let mut body = json!({"has_next": next.is_some(), "records": records});
    if let Some(next) = next {
        body["next_starting_after"] = json!(next);
    }
    Answer::new(200, body.to_string())
}
