//! Errors, debug texts and logs contain no secrets. This includes logs of every level, and the logs of libraries.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use serde_json::{Value, json};
use taskferry_testkit::{FaultServer, Request, Response};
use tempfile::TempDir;
use tracing::Level;

use crate::keys::p256;
use crate::tenant::{build, open_in, page, read_all, run_in, token};

#[derive(Clone, Default)]
struct Everything(Arc<Mutex<Vec<u8>>>);

impl Everything {
    fn note(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text.as_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Everything {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.note(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.note(&format!("{}\n", record.args()));
    }

    fn flush(&self) {}
}

/// A failing server that repeats everything it receives.
async fn echoing() -> FaultServer {
    let (mut tokens, mut pages) = (0, 0);
    let script = move |request: &Request| {
        let echo = format!("you sent {} {:?}", request.body, request.header("authorization"));
        if request.target == "/oauth/token" {
            tokens += 1;
            return match tokens {
                1 => Response::new(503, echo),
                number => token(&format!("canary-token-{number}"), 10_800),
            };
        }
        pages += 1;
        match pages {
            1 => page(&["a"], Some("a")),
            2 => Response::new(401, echo),
            3 => Response::new(504, echo),
            4 => Response::new(200, echo),
            _ => Response::new(400, json!([{"title": "no", "description": echo}]).to_string()),
        }
    };
    FaultServer::start(script).await
}

#[tokio::test]
async fn no_log_of_any_level_and_no_error_contains_secrets() {
    let seen = Everything::default();
    log::set_logger(Box::leak(Box::new(seen.clone()))).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let writer = seen.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With only one subscriber, `tracing` caches the interest of the first test that reaches a callsite,
    // and a concurrent test without a subscriber would disable the callsite for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _listening = tracing::subscriber::set_default(subscriber);

    let key = p256().private;
    let key_line = key.lines().nth(1).unwrap().to_owned();
    let mut assertions = Vec::new();
    for proof in [json!({"client_secret": "canary-secret"}), json!({"private_key": key})] {
        let server = echoing().await;
        let mut auth = json!({
            "token_url": format!("{}/oauth/token", server.url()), "client_id": "client-1",
            "audience": "eu3.techwolf.ai", "tenant": "acme", "cache": true,
        });
        auth.as_object_mut().unwrap().extend(proof.as_object().unwrap().clone());
        let folder = TempDir::new().unwrap();
        let proxy = "http://user:canary-password@proxy.example:3128";
        let options = json!({
            "url": server.url(), "auth": auth, "connection": {"proxy": proxy},
            "retry": {"initial_delay": "1ms", "max_delay": "1ms"},
        });
        let source = build(&options).unwrap();
        seen.note(&format!("{source:?}"));
        let mut source = open_in(source, run_in(folder.path())).await;
        let error = read_all(&mut *source).await.error.unwrap();
        seen.note(&format!("{source:?} {error:?} {error} {:?}", error.hint_text()));
        let requests = server.requests();
        assert_eq!(requests.len(), 8);
        assertions.extend(requests.iter().filter_map(|request| {
            let body: Value = serde_json::from_str(&request.body).ok()?;
            Some(body["client_assertion"].as_str()?.to_owned())
        }));
    }
    let text = seen.text();
    assert!(text.contains("[secret]") && text.contains("the token was refused"), "{text}");
    assert!(text.contains("hyper"), "the logs of libraries are missing: {text}");
    assert!(!text.contains("canary-"), "{text}");
    assert!(!text.contains(&key_line), "{text}");
    assert_eq!(assertions.len(), 3);
    assert!(assertions.iter().all(|assertion| !text.contains(assertion)), "{text}");
}
