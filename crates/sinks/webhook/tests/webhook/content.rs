//! Signatures and events.

use std::collections::HashSet;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use taskferry_sdk::RunContext;
use taskferry_testkit::Response;

use crate::driver::{base64, bodies, deliver, headers, jobs, receiver, run, sink, sink_in};

const SHARED: &str = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
const PRIVATE: &str = "whsk_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[tokio::test]
async fn every_attempt_is_signed_with_the_same_id() {
    let server = receiver([Response::new(503, ""), Response::new(200, "")]).await;
    let mut sink = sink(&server, &json!({"signature": {"secrets": [SHARED, PRIVATE]}})).await;
    deliver(&mut *sink, &jobs(1, &[("j1", "{}")])).await.unwrap();
    let ids = headers(&server, "webhook-id");
    assert_eq!(ids, headers(&server, "idempotency-key"));
    assert_eq!(ids[0], ids[1]);
    for (timestamp, signatures) in
        headers(&server, "webhook-timestamp").iter().zip(headers(&server, "webhook-signature"))
    {
        assert!(timestamp.parse::<u64>().unwrap() > 1_700_000_000, "{timestamp}");
        let versions: Vec<&str> =
            signatures.split(' ').map(|signature| signature.split_once(',').unwrap().0).collect();
        assert_eq!(versions, ["v1", "v1a"]);
    }
}

#[tokio::test]
async fn every_secret_adds_a_signature_of_id_time_and_body() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let both = [&[7; 32], pair.public_key().as_ref()].concat();
    let secret = |prefix: &str, bytes: &[u8]| format!("{prefix}{}", base64(bytes));
    let (old, new) = (secret("whsec_", &[1; 24]), secret("whsec_", &[2; 64]));
    let secrets = json!([old, new.trim_end_matches('='), secret("whsk_", &both)]);
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({"signature": {"secrets": secrets}})).await;
    deliver(&mut *sink, &jobs(1, &[("j1", "{}")])).await.unwrap();
    let of = |name| headers(&server, name).remove(0);
    let content = format!("{}.{}.[{{}}]", of("webhook-id"), of("webhook-timestamp"));
    let signatures = of("webhook-signature");
    let [first, second, third] = signatures.split(' ').collect::<Vec<_>>()[..] else {
        panic!("three signatures: {signatures}")
    };
    for (signature, key) in [(first, &[1; 24][..]), (second, &[2; 64][..])] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), content.as_bytes());
        assert_eq!(signature, format!("v1,{}", base64(tag.as_ref())));
    }
    // Ed25519 signatures are deterministic.
    let signature = pair.sign(content.as_bytes());
    assert_eq!(third, format!("v1a,{}", base64(signature.as_ref())));
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key());
    public.verify(content.as_bytes(), signature.as_ref()).unwrap();
}

#[tokio::test]
async fn requests_are_unsigned_by_default() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({})).await;
    deliver(&mut *sink, &jobs(1, &[("j1", "{}")])).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].headers.iter().all(|(name, _)| !name.starts_with("webhook-")));
}

#[tokio::test]
async fn each_structured_event_is_one_request() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({"cloud_events": {"mode": "structured"}})).await;
    deliver(&mut *sink, &jobs(1, &[("j1", r#"{"hours": 1.10}"#), ("", "null")])).await.unwrap();
    assert_eq!(headers(&server, "content-type"), ["application/cloudevents+json"; 2]);
    let bodies = bodies(&server);
    assert!(bodies[0].ends_with(r#","subject":"j1","data":{"hours": 1.10}}"#), "{}", bodies[0]);
    let event: Value = serde_json::from_str(&bodies[1]).unwrap();
    assert_eq!(event["id"].as_str().unwrap().len(), 64);
    assert_eq!(
        event,
        json!({"specversion": "1.0", "id": event["id"], "source": "/taskferry/jobs",
            "type": "taskferry.record", "time": "2026-11-23T20:42:43Z",
            "datacontenttype": "application/json", "data": null})
    );
}

#[tokio::test]
async fn names_are_encoded_in_events() {
    let server = receiver([]).await;
    let run = RunContext::new("täsks 1", "2026-11-23T20:42:43.5Z".parse().unwrap(), "r1");
    let named = json!({"mode": "batched", "type": "com.example.task", "source": "urn:hr:tasks"});
    for events in [json!({"mode": "batched"}), named] {
        let mut sink = sink_in(&run, &server, &json!({"cloud_events": events})).await;
        deliver(&mut *sink, &jobs(1, &[("j \"1\"", "{}")])).await.unwrap();
    }
    let events: Vec<Value> =
        bodies(&server).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    for (event, event_type, source) in [
        (&events[0][0], "taskferry.record", "/taskferry/t%C3%A4sks%201"),
        (&events[1][0], "com.example.task", "urn:hr:tasks"),
    ] {
        assert_eq!((&event["type"], &event["source"]), (&json!(event_type), &json!(source)));
        assert_eq!(event["subject"], "j \"1\"");
        assert_eq!(event["time"], "2026-11-23T20:42:43.5Z");
    }
}

#[tokio::test]
async fn batched_events_have_stable_ids() {
    let server = receiver([]).await;
    let options = json!({"mode": "batched", "type": "com.example.task", "source": "/hr"});
    let records = [("j1", "{}"), ("j1", "{}"), ("j2", "{}")];
    for (run_id, batch_records) in [("r1", 3), ("r1", 2), ("r2", 3)] {
        let more = json!({"cloud_events": options, "batch_records": batch_records});
        let mut sink = sink_in(&run(run_id), &server, &more).await;
        deliver(&mut *sink, &jobs(1, &records)).await.unwrap();
    }
    assert_eq!(headers(&server, "content-type"), ["application/cloudevents-batch+json"; 4]);
    let ids: Vec<String> = bodies(&server)
        .iter()
        .flat_map(|body| serde_json::from_str::<Vec<Value>>(body).unwrap())
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids[..3], ids[3..6], "ids do not depend on the batches");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 6, "the same text twice is two events");
}
