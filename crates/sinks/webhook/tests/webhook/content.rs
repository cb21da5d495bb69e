//! Signatures and events.

use std::collections::HashSet;

use serde_json::{Value, json};
use taskferry_testkit::Response;

use crate::driver::{bodies, deliver, headers, jobs, receiver, run, sink, sink_in};

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
    assert_eq!(ids[..3], ids[3..6], "however events are packed");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 6, "the same text twice is two events");
}
