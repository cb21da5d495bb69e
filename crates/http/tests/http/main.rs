//! Behavior of the client against scripted servers and proxies.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod answers;
mod certificates;
mod excerpts;
mod files;
mod options;
mod probes;
mod proxies;
mod secrets;
mod tls;

use taskferry_http::header::HeaderMap;
use taskferry_http::{Client, Connection, Hints, ReadBody, Response, Server};
use taskferry_sdk::{Duration, StageError};

const HINTS: Hints = Hints { timeout: "be patient", unreachable: "look at the address" };

fn server(url: &str, connection: &Connection) -> Server {
    Server {
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        timeout: Duration::from_secs(20),
        connection: connection.clone(),
        hints: HINTS,
    }
}

fn client(url: &str, connection: &Connection) -> Client {
    Client::new(server(url, connection)).unwrap()
}

async fn post(url: &str, connection: &Connection) -> Result<Response, StageError> {
    let reading = ReadBody::Whole { max_bytes: 10_000 };
    client(url, connection).post(HeaderMap::new(), "[]", reading).await
}
