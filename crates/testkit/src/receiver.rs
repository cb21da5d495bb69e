//! A webhook receiver.

use std::collections::HashMap;
use std::ops::Deref;

use crate::{FaultServer, Request, Response};

/// A webhook receiver on a separate thread.
#[derive(Debug)]
pub struct Receiver(FaultServer);

/// The deliveries to a receiver that handles each idempotency key once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliveries {
    /// The body of each key, in the order of first arrival.
    pub bodies: Vec<String>,
    /// The number of requests that repeated a key.
    pub repeated: usize,
}

impl Receiver {
    /// Starts a receiver that answers each request with 200.
    pub fn accepting() -> Self {
        Self::start(|_| Response::new(200, ""))
    }

    /// Starts a receiver; `script` decides on each response.
    pub fn start(script: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        Self(FaultServer::start_blocking(script))
    }

    /// The idempotency key of each request, in order of arrival.
    pub fn keys(&self) -> Vec<String> {
        self.requests().iter().map(key).collect()
    }

    /// The requests without repetitions. Two requests with the same key and different bodies fail the test.
    pub fn deliveries(&self) -> Deliveries {
        let mut seen: HashMap<String, String> = HashMap::new();
        let mut deliveries = Deliveries { bodies: Vec::new(), repeated: 0 };
        for request in self.requests() {
            if let Some(body) = seen.get(&key(&request)) {
                assert_eq!(*body, request.body, "one key, two bodies");
                deliveries.repeated += 1;
            } else {
                deliveries.bodies.push(request.body.clone());
                seen.insert(key(&request), request.body);
            }
        }
        deliveries
    }
}

impl Deref for Receiver {
    type Target = FaultServer;

    fn deref(&self) -> &FaultServer {
        &self.0
    }
}

fn key(request: &Request) -> String {
    request.header("idempotency-key").expect("an idempotency key").to_owned()
}
