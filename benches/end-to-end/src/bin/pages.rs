//! Serves generated pages from memory: `pages JOBS LATENCY_MS`. Prints its address and the expected counts as one line
//! of JSON, and serves until its standard input ends. It also accepts posts to `/hook` and discards them.
//!
//! A request costs almost nothing here, so that only the client is measured: the sandbox renders the pages once,
//! and they are stored as complete HTTP responses.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use taskferry_bench_end_to_end::pages::{Counted, Page};
use taskferry_bench_end_to_end::{Connection, LIMIT, PATH, request};
use taskferry_sandbox::{Credentials, DataOrigin, Generator, Sandbox, SandboxOptions};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Complete responses by the cursor of their request.
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
            // A client that closes the connection has received everything.
            tokio::spawn(async move { serve(stream, &pages, latency).await.ok() });
        }
    });
    let end = tokio::task::spawn_blocking(|| io::stdin().read_line(&mut String::new()));
    end.await??;
    Ok(())
}

/// Jobs of about 17 tasks and 9 kB: each has the tasks of two generated jobs of the sandbox.
fn dataset(jobs: u32) -> io::Result<NamedTempFile> {
    let (generator, mut file) = (Generator::new(7), NamedTempFile::new()?);
    let mut out = BufWriter::new(&mut file);
    for index in 0..jobs {
        let mut job = generator.job(index);
        let mut known: HashSet<String> =
            job.tasks.iter().map(|task| task.task_id.clone()).collect();
        let more = generator.job(jobs + index).tasks.into_iter();
        job.tasks.extend(more.filter(|task| known.insert(task.task_id.clone())));
        serde_json::to_writer(&mut out, &job)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    drop(out);
    Ok(file)
}

/// Requests all pages from a sandbox.
async fn render(jobs: u32) -> Result<(Pages, Counted), Box<dyn Error>> {
    let dataset = dataset(jobs)?;
    let data = DataOrigin::File(dataset.path().to_owned());
    let sandbox = Sandbox::load(SandboxOptions { data, ..SandboxOptions::default() })?;
    let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
    let (address, known) = (running.address().to_string(), running.credentials().clone());
    let rendered = tokio::task::spawn_blocking(move || all_pages(&address, &known)).await?;
    running.stop().await;
    Ok(rendered?)
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

fn all_pages(address: &str, known: &Credentials) -> io::Result<(Pages, Counted)> {
    let mut connection = Connection::open(address)?;
    let (mut pages, mut counted) = (Pages::new(), Counted::default());
    let (mut cursor, mut answer) = (None::<String>, Vec::new());
    let ask = json!({
        "grant_type": "client_credentials", "client_id": known.client_id,
        "client_secret": known.client_secret.expose(), "audience": known.audience, "tenant": known.tenant,
    });
    connection.post("/oauth/token", "", &ask.to_string(), &mut answer)?;
    let Token { access_token } = serde_json::from_slice(&answer)?;
    loop {
        connection.post(PATH, &access_token, &request(LIMIT, cursor.as_deref()), &mut answer)?;
        let page: Page = serde_json::from_slice(&answer)?;
        counted.add(&page, answer.len());
        pages.insert(cursor.take().unwrap_or_default(), ok(&answer));
        cursor = page.next_starting_after;
        if cursor.is_none() {
            return Ok((pages, counted));
        }
    }
}

/// A complete HTTP response.
fn ok(body: &[u8]) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
    [format!("{head} {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// The fields of a request that affect the response.
#[derive(Deserialize)]
struct Asked {
    limit: u32,
    starting_after: Option<String>,
}

async fn serve(stream: TcpStream, pages: &Pages, latency: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let token = json!({"access_token": "token", "expires_in": 10_800, "token_type": "Bearer"});
    let token = ok(token.to_string().as_bytes());
    while let Some((path, body)) = read_request(&mut stream).await? {
        if path == "/oauth/token" {
            stream.write_all(&token).await?;
            continue;
        }
        if path == "/hook" {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            continue;
        }
        let asked: Asked = serde_json::from_slice(&body)?;
        let page = pages.get(asked.starting_after.as_deref().unwrap_or_default());
        let Some(page) = page.filter(|_| path == PATH && asked.limit == LIMIT) else {
            // Only rendered pages can be served: pages of this size that start where another page ends.
            let refused = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refused).await?;
            continue;
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(page).await?;
    }
    Ok(())
}

/// The path and body of the next request, `None` after the client has closed the connection.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    // Query parameters only request the defaults: list records with TechWolf's skills.
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((path, body)))
}
