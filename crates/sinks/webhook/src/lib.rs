//! Sink `webhook`: posts records to a URL, many at a time, as JSON arrays or CloudEvents, signed if you like.
//!
//! A batch is one request: `POST`, `content-type: application/json`, the body `[{…},{…}]` with the records as
//! their text is. An answer of 2xx means that the receiver has the batch; nothing else does. A request never holds
//! records of two pages.
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
//! # Seen once
//!
//! A request that got no answer is sent again, and so is the batch that was under way when a run was killed. Every
//! request therefore carries an `Idempotency-Key`, and a receiver that remembers the keys it has seen takes every
//! batch once. The key is the SHA-256, in hexadecimal digits, of these parts, each preceded by its length in 8 bytes
//! (as all numbers here, the highest first):
//!
//! 1. `batch`, the `run_id`, the pipeline's name, and the `url` as it stands in the pipeline,
//! 2. which record is the first in the batch: `job` and the job's id, then how many records of the same job came
//!    before it. Where a record has no job: `page`, the cursor of the page, the position in the page, and how many
//!    records of the same position came before,
//! 3. the body, before compression.
//!
//! So it says what is sent, and not how it got there: it stays the same over attempts and resumed runs, whether a batch
//! was the first request or the hundredth, and even when a page is asked for again in smaller pieces, as long as the
//! batch holds the same records. Two batches that read alike, which happens when a transform leaves little of a record,
//! have different keys, since their records are different ones. A new run has new keys: what it says is news, even
//! if it says the same.
//!
//! # Signatures
//!
//! With `signature`, requests are signed as [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0 has it:
//! `webhook-id` is the idempotency key, `webhook-timestamp` the time of the attempt in seconds, `webhook-signature` has
//! one signature for each secret, `v1,…` (HMAC-SHA256) or `v1a,…` (Ed25519), with a space in between. What is signed is
//! `id.timestamp.body`, and the body is the JSON text: a receiver of compressed bodies decompresses first, as most servers
//! do by themselves before a program sees the request, and verifies then.
//!
//! # CloudEvents
//!
//! With `cloud_events`, every record becomes the `data` of an event (CloudEvents 1.0, JSON format). In the mode
//! `structured` a request is one event, and so one record: an event is one thing that happened, `subject` names
//! one job, and receivers that route events (by `type`, by `subject`) could do neither with an array of records. Who
//! wants fewer requests takes `batched`. `id` is made like the idempotency key, of `event`, the run, the pipeline, the
//! place of the record, and its text; it does not depend on how events are packed. `source` is the pipeline,
//! `subject` the job's id, `time` when the run began.
//!
//! # What the receiver says
//!
//! | answer | what happens |
//! |---|---|
//! | 2xx | The receiver has the batch. |
//! | 408, 425, 429, 5xx, no answer, a connection that breaks | The request is repeated (`retry`), until the receiver is taken for down (`circuit`). |
//! | 409 | A request with the same key is still being worked on, as receivers that know the `Idempotency-Key` say: it is repeated. If it stays, the run ends. |
//! | 400, 422 | The receiver does not want these records. What becomes of them is for `on_error` to say. |
//! | 413 | The body is sent in halves, and these in halves, until it fits; a single record that is too large is treated as above. |
//! | 410 | The receiver wants nothing any more. The run ends at once. |
//! | all else: 3xx, 401, 403, 404, 405, 415, … | It would be the same for all records. The run ends at once. |
//!
//! A batch that is refused (400, 422) is refused whole, all its records with it, since nobody knows which of them the
//! receiver means, or whether it took some. Who wants to lose no good record with a bad one sets `batch_records = 1`.
//!
//! `Retry-After` is honoured, up to `retry.max_retry_after`; it holds all requests of the sink, not just the one
//! that was answered.
//!
//! # A receiver that is down
//!
//! A failed request is repeated after growing waits. When `circuit.failures` requests in a row have failed, whichever they
//! were, the receiver is taken for down: nothing is sent for `circuit.cool_down`, then one request tries, and so on.
//! The first answer of any kind ends that, and all go on. When the receiver has been down for
//! `circuit.give_up_after`, or is going to be when the next attempt is due, the run ends, and the next run goes on at this
//! batch. There is one wait at a time: while the receiver is taken for down, `retry.max_attempts` does not count, and
//! `retry.max_elapsed` does.
//!
//! # Order
//!
//! With `concurrency = 1` the receiver gets all records in order, and a batch waits until the one before it is
//! taken. With more, the batches of one page go side by side; the next page waits until all of them are taken.
//!
//! # Resuming
//!
//! A resumed run repeats the batches of one page at most, under the same keys. Its counts go on. A run does not go on at another
//! receiver, which would lack what the first one has: it starts over when `url` has changed.

mod batch;
mod circuit;
mod compression;
mod config;
mod event;
mod key;
mod receiver;
mod sender;
mod signature;
mod sink;
mod state;

pub use circuit::CircuitOptions;
pub use compression::Compression;
pub use config::WebhookOptions;
pub use event::{CloudEventsOptions, EventMode};
pub use signature::SignatureOptions;
