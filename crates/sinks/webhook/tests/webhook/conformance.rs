//! The rules for plugins.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_sink_webhook::WebhookOptions;
use taskferry_testkit::{Receiver, Response};

/// The bodies of the accepted requests, without the first `skipped` requests and without repeated idempotency keys. Each body
/// has one record.
fn records(receiver: &Receiver, skipped: usize) -> Vec<String> {
    let mut keys = BTreeSet::new();
    let requests = receiver.requests().into_iter().skip(skipped);
    let accepted = requests.filter(|request| !request.body.contains("\"wrong\""));
    let new = accepted
        .filter(|request| keys.insert(request.header("idempotency-key").unwrap().to_owned()));
    new.map(|request| request.body).collect()
}

#[test]
fn the_sink_conforms_to_the_rules_for_sinks() {
    let receiver = Rc::new(Receiver::start(|request| {
        Response::new(if request.body.contains("\"wrong\"") { 422 } else { 200 }, "")
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _context = runtime.enter();
    let options = json!({"url": receiver.url(), "batch_records": 1});
    let first = Rc::new(Cell::new(0));
    let (published, reset) = ((receiver.clone(), first.clone()), (receiver, first));
    Conformance::sink::<WebhookOptions>(
        options,
        move || records(&published.0, published.1.get()),
        move || reset.1.set(reset.0.requests().len()),
    )
    .refuses(r#"{"wrong": true}"#)
    .run();
}
