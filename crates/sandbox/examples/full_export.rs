//! Exports all jobs from a sandbox and prints the duration of pages and the memory of the process. The second argument is
//! a database file.
//!
//! `cargo run --release -p taskferry-sandbox --example full_export -- 100000 /tmp/sandbox.db`

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use taskferry_sandbox::{
    DataOrigin, DatabaseFile, Filled, RunningSandbox, Sandbox, SandboxOptions,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let jobs: u32 = arguments.next().as_deref().unwrap_or("10000").parse()?;
    let file = arguments.next();
    let mut output = io::stdout();

    let began = Instant::now();
    let options = SandboxOptions {
        data: DataOrigin::Generated { jobs, seed: 1 },
        database: file.map(|path| DatabaseFile { path: path.into(), filled: Filled::Serve }),
        ..SandboxOptions::default()
    };
    let sandbox = tokio::task::spawn_blocking(move || Sandbox::load(options)).await??;
    writeln!(output, "{} jobs ready after {:.2?}, {}", sandbox.jobs(), began.elapsed(), memory())?;

    let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
    let client = Exporter::new(&running).await?;
    let began = Instant::now();
    let (mut took, mut cursor, mut bytes) = (Vec::new(), None, 0);
    loop {
        let page = Instant::now();
        let (answer, size) = client.page(&json!({"starting_after": cursor})).await?;
        took.push(page.elapsed());
        bytes += size;
        cursor = answer.get("next_starting_after").cloned();
        if cursor.is_none() {
            break;
        }
    }
    let whole = began.elapsed();
    let mebibytes = bytes / (1024 * 1024);
    writeln!(output, "{} pages, {mebibytes} MiB in {whole:.2?}, {}", took.len(), memory())?;
    for (name, part) in ["first", "second", "third", "fourth", "last"]
        .into_iter()
        .zip(took.chunks(took.len().div_ceil(5)))
    {
        writeln!(
            output,
            "{name} fifth: median {:.2?} a page, slowest {:.2?}",
            median(part),
            part.iter().max().copied().unwrap_or_default()
        )?;
    }
    for (name, filters) in [
        (
            "a page of one family",
            json!([{"filter": "job_family_id_is_in_list", "job_family_ids": ["legal"]}]),
        ),
        (
            "a page of the latest updates",
            json!([{"filter": "last_updated", "operator": "gte", "value": "2022-03-10"}]),
        ),
        (
            "a page of no jobs",
            json!([{"filter": "last_updated", "operator": "gt", "value": "2200-01-01"}]),
        ),
    ] {
        let began = Instant::now();
        client.page(&json!({"filters": filters})).await?;
        writeln!(output, "{name}: {:.2?}", began.elapsed())?;
    }
    running.stop().await;
    Ok(())
}

struct Exporter {
    http: Client,
    url: String,
    token: String,
}

impl Exporter {
    async fn new(running: &RunningSandbox) -> Result<Self, Box<dyn Error>> {
        let known = running.credentials();
        let body = json!({
            "client_id": known.client_id, "client_secret": known.client_secret.expose(),
            "audience": known.audience,
            "grant_type": "client_credentials", "tenant": known.tenant,
        });
        let http = Client::new();
        let grant: Value = http.post(&known.token_url).json(&body).send().await?.json().await?;
        let token = grant["access_token"].as_str().ok_or("there is no token")?.to_owned();
        let url = format!("{}/job_architecture/export/jobs/task_profiles", running.url());
        Ok(Self { http, url, token })
    }

    /// A page of 100 jobs with all attributes, and its size in bytes.
    async fn page(&self, more: &Value) -> Result<(Value, usize), Box<dyn Error>> {
        let mut body = json!({
            "limit": 100,
            "include": ["ai_impact", "source_data", "linked_skills", "rejected_tasks", "weekly_hours"],
        });
        for (key, value) in
            more.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            body[key] = value.clone();
        }
        let request = self.http.post(&self.url).bearer_auth(&self.token).json(&body);
        let text = request.send().await?.error_for_status()?.text().await?;
        Ok((serde_json::from_str(&text)?, text.len()))
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The resident memory of the process, on Linux.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "memory unknown".to_owned(), |size| format!("{} in memory", size.trim()))
}
