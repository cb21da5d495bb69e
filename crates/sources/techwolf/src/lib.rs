//! Source `techwolf`: reads the export of task profiles of a TechWolf tenant, page by page.
//!
//! One request returns one page: `POST {url}/job_architecture/export/jobs/task_profiles`, or `POST
//! {url}/export/employees/task_profiles` with `subject = "employees"`. A record is the task profile of one job or employee,
//! with the text that the API sent. Comments mark each fact about the API as *seen* in TechWolf's public reference, or as
//! *inferred* from similar endpoints.
//!
//! A repeated cursor or record ends the run with an error, so that an incomplete listing is not taken for a complete one.
//!
//! # The path of a page
//!
//! 1. `plugin.rs` builds the source from the options (`config.rs`) after their checks (`check.rs`, `credentials.rs`).
//! 2. `source.rs` opens it: `open_export.rs` creates the HTTP client and the tokens (`token_provider.rs`, `token_cache.rs`), and
//!    `strategy.rs` chooses a `PageStream` (`stream.rs`).
//! 3. The stream requests pages through a `Reader` (`reader.rs`): one after the other (`serial.rs`), in segments of the
//!    listing (`segment_reader.rs`, `repaginator.rs`), or from several listings in turn (`partition.rs`). Streams that read
//!    ahead use tasks (`prefetch.rs`).
//! 4. `export.rs` sends the request (`request.rs`) with a token, under the rate limit and with retries, and describes refusals
//!    (`refusal.rs`).
//! 5. `page.rs` parses the response in one pass. The records share its bytes and its index; only the ids are read.
//! 6. Wrappers of the stream check the progress of the listing (`progress.rs`), save the end of a shard (`shard_file.rs`), and
//!    save cursors for the next run (`cursor_log.rs`), with file operations on blocking threads.
//! 7. `source.rs` returns the page to the engine, which numbers it.
//!
//! `diagnosis.rs` makes the checks of `taskferry doctor` with the same clients and tokens.
//!
//! # Authentication
//!
//! A client has a secret (`client_secret`) or a private key (`private_key`, `private_key_file`). The private key signs an
//! assertion for each token request (RFC 7523, RS256 or ES256), which is valid for one minute by default. One token serves all
//! requests until shortly before its expiry. A token that is refused earlier is renewed once per page. `cache = true` stores the
//! token in `token.json` in the pipeline's state folder, for later runs with the same token endpoint, client, tenant, audience
//! and scopes. Only the owner can read the file, which contains neither the secret nor the private key. Credentials are sent
//! only to the two addresses in the options, over `https` unless the address is this machine.
//!
//! # Requests
//!
//! Up to `concurrency` requests are sent at a time. `rate_limit` bounds their rate. After a failure, the source waits as
//! `retry` and `Retry-After` require. A page that times out (`timeout`, 408 or 504) is requested again with half as many
//! records, which counts as an attempt. After ten successful pages the size doubles. Each time a larger page times out,
//! twice as many successful pages are needed before the size doubles again.
//!
//! # Reading in parallel
//!
//! Each page contains the cursor of the next page. The id of any record is also a cursor, and records are ordered by
//! creation (both *seen*). A run of the whole listing therefore saves ids in the state folder (`cursors.ndjson`), at least
//! one per hundred records. The listing between two saved ids is a segment. With `concurrency = N`, the next run reads N
//! segments at a time.
//!
//! A prefetched page is used only after its cursor has been seen in the preceding segment. If the cursor is not seen, the page
//! is dropped. A prefetch sends each request once. If the request fails, or the server may not have known the cursor, the page is
//! requested again, with retries, when it is due. A `Retry-After` delays all requests for pages. The segments are divided into
//! the pages that one cursor would return, so output, checkpoints and messages are the same, if the server fills its pages.
//! `docs/decisions/0012` contains the reasons.
//!
//! `partition` reads a listing in parts, one per job family, without saved cursors. A run that reads a shard of the export
//! ([`taskferry_sdk::Shard`]) reads from one saved cursor to another (`shard_bounds.rs`), or some of the parts.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SourcePlugin, testing};
//! use taskferry_source_techwolf::TechWolfOptions;
//!
//! let options = json!({
//!     "url": "https://acme.eu3.techwolf.ai",
//!     "include": ["ai_impact"],
//!     "auth": {"token": "from-a-secret-store"},
//! });
//! assert!(testing::build(&options, &NoFiles, TechWolfOptions::build).is_ok());
//! ```

mod assertion;
mod check;
mod client;
mod config;
mod credentials;
mod cursor_index;
mod cursor_log;
mod diagnosis;
mod export;
mod families;
mod fields;
mod open_export;
mod page;
mod page_size;
mod partition;
mod plugin;
mod prefetch;
mod problems;
mod progress;
mod reader;
mod refusal;
mod repaginator;
mod request;
mod segment_reader;
mod serial;
mod shard_bounds;
mod shard_file;
mod source;
mod strategy;
mod stream;
mod token;
mod token_cache;
mod token_claims;
mod token_provider;

pub use config::{
    AuthOptions, ExportSubject, ExternalVendor, FilterKind, FilterOptions, Include, Operator,
    PartitionBy, PartitionOptions, ResponseFormat, SigningAlgorithm, TechWolfOptions,
};
pub use page::split_page;
