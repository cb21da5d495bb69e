//! A TechWolf tenant.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::{Context, FaultServer, Outcome, Request, Response, in_order};

/// A TechWolf tenant on a separate thread.
#[derive(Debug)]
pub struct Tenant(FaultServer);

impl Tenant {
    /// Starts a tenant that grants the tokens `canary-token-1`, `canary-token-2` and so on; `script` decides on the responses to all
    /// other requests.
    pub fn start(mut script: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        let mut tokens = 0;
        Self(FaultServer::start_blocking(move |request| {
            if request.target != "/oauth/token" {
                return script(request);
            }
            tokens += 1;
            token(&format!("canary-token-{tokens}"), 10_800)
        }))
    }

    /// A tenant at a server that also decides on the responses to token requests.
    pub fn at(server: FaultServer) -> Self {
        Self(server)
    }

    /// A tenant that sends these pages in this order, and then repeats the last one.
    pub fn with_pages(pages: impl IntoIterator<Item = Response>) -> Self {
        Self::start(in_order(pages))
    }

    /// A tenant whose listing has this many pages of five jobs each. `job` creates a job from its number, from 0. `before` is
    /// called before each page is sent, with the number of the page, from 1.
    pub fn with_listing(
        pages: usize,
        job: impl Fn(usize) -> Value + Send + 'static,
        mut before: impl FnMut(usize) + Send + 'static,
    ) -> Self {
        Self::start(move |request| {
            let number = starting_after(request).map_or(1, |cursor| cursor + 1);
            before(number);
            let records: Vec<Value> = (number * 5 - 5..number * 5).map(&job).collect();
            page_of(&records, (number < pages).then(|| format!("c{number}")).as_deref())
        })
    }

    /// A tenant with this many jobs: `j0`, `j1` and so on. The id of each job is a valid cursor. `hangs` receives the number in
    /// the cursor of each request. If it returns true, the response never completes.
    pub fn with_jobs(jobs: usize, hangs: impl Fn(Option<usize>) -> bool + Send + 'static) -> Self {
        Self::start(move |request| {
            let after = starting_after(request);
            if hangs(after) {
                return Response::new(200, "").never_finished();
            }
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let first = after.map_or(0, |after| after + 1);
            let end = jobs.min(first + usize::try_from(body["limit"].as_u64().unwrap()).unwrap());
            let record = |job| json!({"external_id": format!("j{job}"), "n": job, "tasks": []});
            let records: Vec<Value> = (first..end).map(record).collect();
            page_of(&records, (end < jobs).then(|| format!("j{}", end - 1)).as_deref())
        })
    }

    /// A pipeline from this tenant to `out/jobs.ndjson`.
    pub fn pipeline(&self) -> String {
        format!("{}\n[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n", self.source())
    }

    /// The source of [`pipeline`](Self::pipeline), which retries at once.
    pub fn source(&self) -> String {
        let retry = "retry = { initial_delay = \"1ms\", max_delay = \"1ms\" }";
        techwolf_source(self.url(), &format!("include = [\"ai_impact\"]\n{retry}\n"))
    }

    /// Runs [`pipeline`](Self::pipeline), and writes the manifest to `summary.json`.
    pub fn export(&self, context: &Context, arguments: &[&str]) -> Outcome {
        context.write("jobs.toml", &self.pipeline());
        let run = ["run", "jobs.toml", "--summary", "summary.json"];
        context.taskferry(&[&run, arguments].concat())
    }
}

/// The table `[source]` for the tenant at `url`, whose client secret is in the variable `CLIENT_SECRET`, with `more` options.
pub fn techwolf_source(url: &str, more: &str) -> String {
    format!(
        r#"
[source]
type = "techwolf"
url = "{url}"
{more}
[source.auth]
token_url = "{url}/oauth/token"
client_id = "client-1"
client_secret = "${{CLIENT_SECRET}}"
audience = "eu3.techwolf.ai"
tenant = "acme"
"#
    )
}

impl Deref for Tenant {
    type Target = FaultServer;

    fn deref(&self) -> &FaultServer {
        &self.0
    }
}

/// The number in the cursor of an export request.
fn starting_after(request: &Request) -> Option<usize> {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["starting_after"].as_str().map(|cursor| cursor[1..].parse().unwrap())
}

/// A page of jobs without tasks.
pub fn page(jobs: &[&str], next: Option<&str>) -> Response {
    let job = |job| json!({"external_id": job, "tasks": []});
    page_of(&jobs.iter().map(job).collect::<Vec<_>>(), next)
}

/// A page of records, with the cursor of the next page.
pub fn page_of(records: &[Value], next: Option<&str>) -> Response {
    let mut body = json!({"has_next": next.is_some(), "records": records});
    if let Some(next) = next {
        body["next_starting_after"] = json!(next);
    }
    Response::new(200, body.to_string())
}

/// A response of the token endpoint.
pub fn token(access_token: &str, expires_in: u64) -> Response {
    let body =
        json!({"access_token": access_token, "expires_in": expires_in, "token_type": "Bearer"});
    Response::new(200, body.to_string())
}
