//! Receivers that answer as each test wants, and sinks that post to them.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use taskferry_retry::faulty_server::{Answer, FaultyServer, Request};
use taskferry_sdk::{
    Batch, Cursor, NoFiles, Origin, Problem, Record, Refusal, Refusals, RunContext, Sink,
    SinkPlugin, SinkState, StageError, testing,
};
use taskferry_sink_webhook::WebhookOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

pub(crate) const PATH: &str = "/services/T0/hunter2";

/// A receiver that gives these answers in order, the last again and again.
pub(crate) async fn receiver(answers: impl IntoIterator<Item = Answer>) -> FaultyServer {
    let mut answers: Vec<Answer> = answers.into_iter().collect();
    answers.reverse();
    let script = move |_: &Request| match answers.len() {
        0 => Answer::new(200, "ok"),
        1 => answers[0].clone(),
        _ => answers.pop().unwrap(),
    };
    FaultyServer::start(script).await.unwrap()
}

/// Heads and bodies of requests.
type Taken = Mutex<Vec<(String, Vec<u8>)>>;

/// A receiver that takes everything as soon as so many requests wait for it.
pub(crate) struct Patient {
    pub(crate) url: String,
    /// Head and body of every request, as they came.
    pub(crate) taken: Arc<Taken>,
    _serving: JoinSet<()>,
}

impl Patient {
    pub(crate) async fn start(together: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (taken, barrier) = (Arc::default(), Arc::new(Barrier::new(together)));
        let log = Arc::clone(&taken);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (log, barrier) = (Arc::clone(&log), Arc::clone(&barrier));
                connections.spawn(async move { take(stream, &log, &barrier).await.ok() });
            }
        });
        Self { url, taken, _serving: serving }
    }
}

async fn take(mut stream: TcpStream, log: &Taken, barrier: &Barrier) -> io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        stream.read_buf(&mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
    let length: usize = length.parse().unwrap();
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await?;
    }
    log.lock().unwrap().push((head, bytes.split_off(end)));
    barrier.wait().await;
    stream.write_all(b"HTTP/1.1 204 Taken\r\nconnection: close\r\n\r\n").await?;
    stream.shutdown().await
}

pub(crate) fn build(options: &Value) -> Result<Box<dyn Sink>, Vec<Problem>> {
    testing::build(options, &NoFiles, WebhookOptions::build)
}

pub(crate) fn run(run_id: &str) -> RunContext {
    RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), run_id)
}

/// A sink that posts to `url`, not opened yet.
pub(crate) fn sink_to(url: &str, more: &Value) -> Box<dyn Sink> {
    let mut options = json!({
        "url": url,
        "retry": {"initial_delay": "1ms", "max_delay": "1ms"},
    });
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    build(&options).unwrap()
}

/// A sink that posts to `server`, opened for the run `r1`.
pub(crate) async fn sink(server: &FaultyServer, more: &Value) -> Box<dyn Sink> {
    sink_in(&run("r1"), server, more).await
}

pub(crate) async fn sink_in(
    run: &RunContext,
    server: &FaultyServer,
    more: &Value,
) -> Box<dyn Sink> {
    let mut sink = sink_to(&format!("{}{PATH}", server.url()), more);
    sink.open(run, None).await.unwrap();
    sink
}

/// The batch that page `page` became: records by job and text.
pub(crate) fn jobs(page: u64, records: &[(&'static str, &'static str)]) -> Batch {
    let cursor = (page > 1).then(|| Cursor::new(format!("c{page}")));
    let mut batch = Batch::new(page);
    for (index, (job, text)) in records.iter().enumerate() {
        let job = (!job.is_empty()).then(|| (*job).into());
        let origin = Origin { page, cursor: cursor.clone(), index, job };
        batch.push(Record::parse(*text).unwrap(), origin);
    }
    batch
}

/// The same, of records that name no job.
pub(crate) fn batch(page: u64, records: &[&'static str]) -> Batch {
    jobs(page, &records.iter().map(|text| ("", *text)).collect::<Vec<_>>())
}

pub(crate) async fn deliver(sink: &mut dyn Sink, batch: &Batch) -> Result<SinkState, StageError> {
    sink.write(batch, &mut Refusals::forbidden()).await?;
    sink.commit().await
}

/// The same for a stage that goes on without the records that are refused.
pub(crate) async fn deliver_or_keep(
    sink: &mut dyn Sink,
    batch: &Batch,
) -> Result<Vec<Refusal>, StageError> {
    let mut refusals = Refusals::collected();
    sink.write(batch, &mut refusals).await?;
    Ok(refusals.into_sorted())
}

pub(crate) fn bodies(server: &FaultyServer) -> Vec<String> {
    server.requests().into_iter().map(|request| request.body).collect()
}

pub(crate) fn headers(server: &FaultyServer, name: &str) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.header(name).unwrap().to_owned()).collect()
}

pub(crate) fn keys(server: &FaultyServer) -> Vec<String> {
    headers(server, "idempotency-key")
}
