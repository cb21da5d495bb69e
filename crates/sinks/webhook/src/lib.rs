//! Sink `webhook`: posts records to a URL in batches, as JSON arrays or CloudEvents, optionally signed.
//!
//! A batch is one request: `POST`, `content-type: application/json`, the body `[{…},{…}]` with the text of the records. A
//! batch is delivered when the status of the response is 2xx. A request never contains records of two pages.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SinkPlugin, testing};
//! use taskferry_sink_webhook::WebhookOptions;
//!
//! let options = json!({
//!     "url": "https://hooks.example/services/T0/B1",
//!     "signature": {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
//!     "cloud_events": {"mode": "batched", "type": "com.example.task"},
//!     "compression": "gzip",
//! });
//! assert!(testing::build(&options, &NoFiles, WebhookOptions::build).is_ok());
//! ```
//!
//! `plugin` builds the stage, `sink`. `batch` builds requests from records, with the keys of `key` and the events of `event`. `sender`
//! sends them with `receiver`, the HTTP client. A circuit breaker decides when. `state` is the checkpoint.
//!
//! # Idempotency
//!
//! A receiver can get a batch twice: if its response is lost, or if the run is killed before the checkpoint is saved. Every
//! request therefore has an `Idempotency-Key`. A receiver that stores the keys processes every batch once. The key is the
//! SHA-256, in hexadecimal digits, of these parts, each preceded by its length in 8 bytes (all numbers are big-endian):
//!
//! 1. `batch`, the `run_id`, the pipeline's name, and the `url` as written in the pipeline,
//! 2. the first record of the batch: `job`, the job's id, and the number of earlier records of the same job in the page.
//!    Without a job: `page`, the cursor of the page, the position in the page, and the number of earlier records with the
//!    same position,
//! 3. the body, before compression.
//!
//! The key is the same for every attempt and every resumed run. It does not depend on the number of earlier requests, or on
//! the page size. Two batches with equal text have different keys if they contain different records. A new run has new keys.
//!
//! # Signatures
//!
//! With `signature`, requests are signed as in [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0: `webhook-id` is
//! the idempotency key, `webhook-timestamp` the time of the attempt in seconds, `webhook-signature` one signature for each
//! secret, separated by spaces: `v1,…` (HMAC-SHA256) or `v1a,…` (Ed25519). The signed content is `id.timestamp.body`, where
//! the body is the uncompressed JSON text. A receiver of compressed bodies decompresses first, as most servers do.
//!
//! # CloudEvents
//!
//! With `cloud_events`, every record is the `data` of one event (CloudEvents 1.0, JSON format). In the mode `structured` a
//! request contains one event, so that receivers can route it by `type` or `subject`. In the mode `batched` it contains
//! many. `id` is computed like the idempotency key, from `event`, the run, the pipeline, the record's origin and its text.
//! `source` is the pipeline, `subject` the job's id, `time` the start of the run.
//!
//! # Responses of the receiver
//!
//! | response | effect |
//! |---|---|
//! | 2xx | The batch is delivered. |
//! | 408, 425, 429, 5xx, no response, a broken connection | The request is repeated (`retry`), until the circuit opens (`circuit`). |
//! | 409 | The receiver still processes a request with the same key. The request is repeated. The run ends if the response is still 409 after all attempts. |
//! | 400, 422 | The receiver refuses the records. `on_error` decides what happens to them. |
//! | 413 | The batch is split in halves until the requests are small enough. A single record that is too large is refused. |
//! | 410 | The receiver is gone. The run ends at once. |
//! | any other: 3xx, 401, 403, 404, 405, 415, … | The response would be the same for all records. The run ends at once. |
//!
//! A response with 400 or 422 refuses all records of the batch, because it does not name the invalid record. To refuse
//! single records, set `batch_records = 1`.
//!
//! A `Retry-After` delays all requests of the sink. The run ends if it is longer than `retry.max_retry_after`.
//!
//! # Unavailable receivers
//!
//! A failed request is repeated after increasing delays. After `circuit.failures` consecutive failures of any requests, the
//! circuit opens: no request is sent for `circuit.cool_down`, then one request is sent as a probe. If the probe fails, the
//! next pause begins. Any response other than a temporary failure closes the circuit. If the receiver is unavailable for
//! longer than `circuit.give_up_after`, the run ends, and the next run resumes with this batch. While the circuit is open,
//! `retry.max_elapsed` applies, but `retry.max_attempts` does not.
//!
//! # Order
//!
//! With `concurrency = 1` the receiver gets all records in order. With a higher value, the batches of one page are sent
//! concurrently. The batches of the next page follow after all of them are delivered.
//!
//! # Resuming
//!
//! A resumed run repeats the batches of at most one page, with the same keys. If `url` has changed, the run starts over,
//! because the new receiver lacks the earlier records.

mod batch;
mod compression;
mod config;
mod event;
mod key;
mod plugin;
mod receiver;
mod sender;
mod signature;
mod sink;
mod state;

pub use compression::Compression;
pub use config::WebhookOptions;
pub use event::{CloudEventsOptions, EventMode};
pub use signature::SignatureOptions;
pub use taskferry_retry::CircuitOptions;
