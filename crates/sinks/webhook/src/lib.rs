//! Sink `webhook`: posts records to a URL, many at a time, as JSON arrays.
//!
//! A batch is one request: `POST`, `content-type: application/json`, the body `[{…},{…}]` with the records as
//! their text is. An answer of 2xx means that the receiver has the batch; nothing else does.
//!
//! # Seen once
//!
//! A request that got no answer is sent again, and so may be a batch that a run which was killed had sent
//! already. Every batch therefore carries an `Idempotency-Key`, and a receiver that remembers the keys it has
//! seen takes every batch once. The key is the SHA-256, in hexadecimal digits, of
//!
//! 1. the `run_id` and the pipeline's name,
//! 2. the URL,
//! 3. where the batch's first record comes from: page, cursor, position within the page,
//! 4. the position of the batch among all batches of the run,
//! 5. the body,
//!
//! each preceded by its length. It stays the same however often a batch is repeated, and differs wherever one
//! of these does.
//!
//! ```
//! use serde_json::json;
//! use taskferry_core::{BuildContext, Endpoints, NoFiles, Registry};
//! use taskferry_sink_webhook::WebhookOptions;
//!
//! let mut registry = Registry::new();
//! registry.sink::<WebhookOptions>();
//! let options = json!({
//!     "url": "https://hooks.example/services/T0/B1",
//!     "headers": {"authorization": "Bearer from-a-secret-store"},
//!     "batch_records": 500,
//! });
//! let endpoints = Endpoints::default();
//! let context = BuildContext::new(&NoFiles, &endpoints);
//! let built = registry.build_sink("webhook", &options, &context).unwrap().unwrap();
//! assert_eq!(built.type_name, "webhook");
//! ```

mod config;

mod key;
mod parcel;
mod receiver;
mod sink;

pub use config::WebhookOptions;
