//! Secrets are never shown.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use taskferry_testkit::Response;
use tracing_subscriber::fmt::MakeWriter;

use crate::driver::{PATH, batch, build, deliver, receiver, run, sink};

#[tokio::test]
async fn no_message_contains_secrets() {
    let token = "Bearer tok-4711";
    let echo = format!("Cannot POST {PATH}?k=hunter2 with {token}, with tok-4711, not hunter2");
    let server = receiver([Response::new(400, echo)]).await;
    let url = format!("{}{PATH}?k=hunter2", server.url());
    let more = json!({"url": url, "headers": {"authorization": token}});
    let mut sink = sink(&server, &more).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    let unreachable = json!({"url": "http://127.0.0.1:1/hunter2", "retry": {"max_attempts": 1}});
    let mut lost = build(&unreachable).unwrap();
    lost.open(&run("r1"), None).await.unwrap();
    let refused = deliver(&mut *lost, &batch(1, &["1"])).await.unwrap_err();
    for text in [
        error.full_message(),
        format!("{error:?}"),
        format!("{sink:?}"),
        refused.full_message(),
        format!("{refused:?} {:?}", refused.hint_text()),
    ] {
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
    }
    assert!(
        refused.full_message().contains("POST http://127.0.0.1:1/…: no connection"),
        "{refused}"
    );
}

/// All log output.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_at_any_level_contains_secrets() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());

    let shared = "Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5";
    let private = "UHJpdmF0ZVByaXZhdGVQcml2YXRlUHJpdmF0ZVByaXY=";
    let secrets = [format!("whsec_{shared}"), format!("whsk_{private}")];
    let echo = format!("whsec_{shared} and {PATH}");
    let answers = [
        Response::new(503, echo.clone()),
        Response::new(413, echo.clone()),
        Response::new(200, ""),
        Response::new(400, echo),
    ];
    let server = receiver(answers).await;
    let more = json!({
        "headers": {"authorization": "Bearer tok-4711"},
        "signature": {"secrets": secrets},
        "circuit": {"failures": 1, "cool_down": "1ms"},
    });
    let mut sink = sink(&server, &more).await;
    let error = deliver(&mut *sink, &batch(1, &["1", "2"])).await.unwrap_err();
    let state = sink.commit().await.unwrap();

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("the receiver is unavailable") && logged.contains("are split"),
        "{logged}"
    );
    let shown = format!("{logged} {error:?} {} {sink:?} {state:?}", error.full_message());
    for canary in [shared, private, "CanaryCanary", "PrivatePrivate", "hunter2", "4711"] {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}
