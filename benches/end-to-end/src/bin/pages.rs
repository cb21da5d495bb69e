//! Serves made-up pages from memory: `pages JOBS LATENCY_MS`. Writes its address and what there is to count as one line
//! of JSON, and serves until its standard input ends.
//!
//! A request costs next to nothing here, so that what is measured is the client: the pages are rendered once, by the sandbox,
//! and stand ready as they go over the wire.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use taskferry_bench_end_to_end::{Connection, PATH, request};
use taskferry_sandbox::{Sandbox, SandboxOptions, SandboxUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Whole answers, by the cursor they are asked for with.
type Pages = HashMap<String, Vec<u8>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let jobs: u32 = arguments.next().unwrap_or_default().parse()?;
    let latency = Duration::from_millis(arguments.next().unwrap_or_default().parse()?);
    let (pages, counted) = render(jobs).await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let line = json!({"host": listener.local_addr()?.to_string(), "counted": counted});
    writeln!(io::stdout(), "{line}")?;
    let pages = Arc::new(pages);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let pages = Arc::clone(&pages);
            // A client that hangs up has what it wanted.
            tokio::spawn(async move { serve(stream, &pages, latency).await.ok() });
        }
    });
    let end = tokio::task::spawn_blocking(|| io::stdin().read_line(&mut String::new()));
    end.await??;
    Ok(())
}

/// Asks a sandbox for all pages.
async fn render(jobs: u32) -> Result<(Pages, Value), Box<dyn Error>> {
    let url = SandboxUrl::parse(&format!("sandbox:?jobs={jobs}&seed=7"))
        .map_err(|problems| format!("{problems:?}"))?;
    let sandbox = Sandbox::load(SandboxOptions { data: url.data, ..SandboxOptions::default() })?;
    let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
    let (address, known) = (running.address().to_string(), running.credentials().clone());
    let rendered = tokio::task::spawn_blocking(move || {
        let mut connection = Connection::open(&address)?;
        let mut answer = Vec::new();
        let ask = json!({
            "grant_type": "client_credentials", "client_id": known.client_id,
            "client_secret": known.client_secret, "audience": known.audience, "tenant": known.tenant,
        });
        connection.post("/oauth/token", "", &ask.to_string(), &mut answer)?;
        let token: Value = serde_json::from_slice(&answer)?;
        let token = token["access_token"].as_str().unwrap_or_default().to_owned();
        all_pages(&mut connection, &token)
    });
    let rendered = rendered.await??;
    running.stop().await;
    Ok(rendered)
}

fn all_pages(connection: &mut Connection, token: &str) -> io::Result<(Pages, Value)> {
    let (mut pages, mut cursor, mut answer) = (Pages::new(), None::<String>, Vec::new());
    let (mut jobs, mut tasks, mut bytes) = (0, 0, 0);
    loop {
        connection.post(PATH, token, &request(100, cursor.as_deref()), &mut answer)?;
        let page: Value = serde_json::from_slice(&answer)?;
        let records = page["records"].as_array().cloned().unwrap_or_default();
        jobs += records.len();
        tasks +=
            records.iter().filter_map(|job| Some(job["tasks"].as_array()?.len())).sum::<usize>();
        bytes += answer.len();
        let mut whole = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        )
        .into_bytes();
        whole.extend_from_slice(&answer);
        pages.insert(cursor.take().unwrap_or_default(), whole);
        match page["next_starting_after"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let counted = json!({"pages": pages.len(), "jobs": jobs, "tasks": tasks, "bytes": bytes});
    Ok((pages, counted))
}

async fn serve(mut stream: TcpStream, pages: &Pages, latency: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break String::from_utf8_lossy(&bytes.drain(..end + 4).collect::<Vec<u8>>())
                    .to_lowercase();
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        while bytes.len() < length {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let body: Vec<u8> = bytes.drain(..length).collect();
        if head.starts_with("post /oauth/token") {
            let token =
                json!({"access_token": "token", "expires_in": 10_800, "token_type": "Bearer"});
            let token = token.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{token}",
                token.len()
            );
            stream.write_all(answer.as_bytes()).await?;
            continue;
        }
        let asked: Value = serde_json::from_slice(&body)?;
        let cursor = asked["starting_after"].as_str().unwrap_or_default();
        let Some(page) = pages.get(cursor) else {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(page).await?;
    }
}
