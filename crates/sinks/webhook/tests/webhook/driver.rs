//! Scripted receivers, and sinks that post to them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use taskferry_sdk::{
    Batch, Cursor, Origin, Problem, Record, Refusal, Refusals, RunContext, Sink, SinkPlugin,
    SinkState, StageError,
};
use taskferry_sink_webhook::WebhookOptions;
use taskferry_testkit::{self as testkit, FaultServer, Response, in_order, merged};

pub(crate) use taskferry_testkit::run_context as run;

pub(crate) const PATH: &str = "/services/T0/hunter2";

/// A receiver that sends these responses in order and repeats the last one.
pub(crate) async fn receiver(answers: impl IntoIterator<Item = Response>) -> FaultServer {
    FaultServer::start(in_order(answers)).await
}

pub(crate) fn build(options: &Value) -> Result<Box<dyn Sink>, Vec<Problem>> {
    testkit::build(options, WebhookOptions::build)
}

/// A sink for `url` before `open`.
pub(crate) fn sink_to(url: &str, more: &Value) -> Box<dyn Sink> {
    let retry = json!({"initial_delay": "1ms", "max_delay": "1ms"});
    build(&merged(json!({"url": url, "retry": retry}), more)).unwrap()
}

/// A sink for `server`, opened for the run `r1`.
pub(crate) async fn sink(server: &FaultServer, more: &Value) -> Box<dyn Sink> {
    sink_in(&run("r1"), server, more).await
}

pub(crate) async fn sink_in(run: &RunContext, server: &FaultServer, more: &Value) -> Box<dyn Sink> {
    let mut sink = sink_to(&format!("{}{PATH}", server.url()), more);
    sink.open(run, None).await.unwrap();
    sink
}

/// The batch of page `page`. Each record is a pair of a job id and a text.
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

/// As [`jobs`], with records without a job.
pub(crate) fn batch(page: u64, records: &[&'static str]) -> Batch {
    jobs(page, &records.iter().map(|text| ("", *text)).collect::<Vec<_>>())
}

pub(crate) async fn deliver(sink: &mut dyn Sink, batch: &Batch) -> Result<SinkState, StageError> {
    sink.write(batch, &mut Refusals::forbidden()).await?;
    sink.commit().await
}

/// Delivers a batch like a stage that continues without the refused records. Returns the refusals.
pub(crate) async fn deliver_or_keep(
    sink: &mut dyn Sink,
    batch: &Batch,
) -> Result<Vec<Refusal>, StageError> {
    let mut refusals = Refusals::collected();
    sink.write(batch, &mut refusals).await?;
    Ok(refusals.into_sorted())
}

pub(crate) fn bodies(server: &FaultServer) -> Vec<String> {
    server.requests().into_iter().map(|request| request.body).collect()
}

pub(crate) fn headers(server: &FaultServer, name: &str) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.header(name).unwrap().to_owned()).collect()
}

pub(crate) fn keys(server: &FaultServer) -> Vec<String> {
    headers(server, "idempotency-key")
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
