//! Source `techwolf`: pages through the export of all jobs' task profiles of a TechWolf tenant.
//!
//! One request brings one page (`POST {url}/job_architecture/export/jobs/task_profiles`), and one record is
//! one job's task profile with the text that the API sent. What is known of the API, and how well, is marked
//! where it matters: *seen* in the public reference of TechWolf's API (Export, Job Architecture Export), or
//! *inferred* from the exports beside this one.
//!
//! The source promises that a listing which ends is complete as far as the API shows: a cursor that stands
//! still or comes again, and a page that was there before, end the run with an error instead of a silent half.
//!
//! # The path of a page
//!
//! 1. `plugin.rs` makes the source from the options (`config.rs`), which `check.rs` and `credentials.rs` check first.
//! 2. `source.rs` opens it: the HTTP client, the tokens (`issuer.rs`, `token_cache.rs`), and one
//!    `PageStream` (`stream.rs`), which `strategy.rs` chooses. From then on it asks that stream for the next page.
//! 3. A stream requests pages through a `Reader` (`reader.rs`): one after the other (`serial.rs`), in segments of the
//!    listing (`segmented.rs`), or from several listings in turn (`partition.rs`). Streams that read ahead do so in tasks
//!    (`prefetch.rs`).
//! 4. `export.rs` sends the request (`request.rs`), with a token and at its time, repeats it if that may help, and
//!    describes refusals (`answer.rs`).
//! 5. `page.rs` checks, splits and indexes the answer in one pass. The records share its bytes and its index; only the id
//!    of each job is read.
//! 6. Streams around the stream check that the listing makes progress (`progress.rs`), keep where a share ends
//!    (`share_file.rs`), and write the log of cursors for the next run (`cursor_log.rs`), the files on blocking threads.
//! 7. `source.rs` hands the page to the engine, which numbers it.
//!
//! # Who asks
//!
//! A client has a secret (`client_secret`) or a private key (`private_key`, `private_key_file`) with which it signs who it
//! is: RFC 7523, RS256 or ES256, a new assertion for every request, good for a minute. One token serves all requests until
//! shortly before its end. A token that is refused earlier is replaced once a page. `cache = true` keeps it in the
//! pipeline's state folder for the next run, in a file (`token.json`) that only its owner may read and that holds neither
//! secret nor key; it is used for the same client, tenant, audience and scopes alone. Credentials go to the two addresses in
//! the options, over `https` unless that is this machine, and nowhere else.
//!
//! # How it asks
//!
//! One request at a time unless `concurrency` says otherwise, no faster than `rate_limit`, and after a failure no sooner than `retry` and the server's
//! `Retry-After` say. A page that times out (no whole answer within `timeout`, or 408 or 504) is requested again with half as
//! many jobs, which counts as an attempt; the size that worked is kept for ten pages, then doubled, and each time that was too
//! early, twice as many pages go by before the next try.
//!
//! # Many cursors at once
//!
//! A listing is serial: the cursor of a page stands in the page before. But the id of any job is a cursor, and the order of
//! jobs is that of their creation (both *seen*). So a run that reads the whole listing leaves ids, one for every hundred jobs at least, in the
//! state folder (`cursors.ndjson`). With `concurrency = N` the next run requests what follows N of them at a time
//! (`segment_reader.rs`). A prefetched page is used only after its cursor has been seen in the segment before it. The
//! segments are then cut into the pages that one cursor would have had (`repaginator.rs`), if the server fills each: output,
//! checkpoints and messages are the same. A page that is requested before its turn is requested once; if it does not come, or
//! may not be what follows, it is requested again, with `retry`, when it is due. A `Retry-After` holds back all requests for pages.
//!
//! `partition` reads a listing in parts, one for each job family, for which nothing has to be remembered. A run that takes a
//! share of the export ([`taskferry_sdk::Shard`]) reads from one remembered id to another (`share.rs`), or some of the parts.
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

mod answer;
mod assertion;
mod check;
mod client;
mod config;
mod credentials;
mod cursor_index;
mod cursor_log;
mod export;
mod families;
mod fields;
mod issuer;
mod listing_id;
mod no_jobs;
mod page;
mod page_size;
mod partition;
mod plugin;
mod prefetch;
mod problems;
mod progress;
mod reader;
mod repaginator;
mod request;
mod segment_reader;
mod segmented;
mod serial;
mod share;
mod share_file;
mod source;
mod strategy;
mod stream;
mod token;
mod token_cache;

pub use config::{
    AuthOptions, ExportSubject, ExternalVendor, FilterKind, FilterOptions, Include, Operator,
    PartitionBy, PartitionOptions, ResponseFormat, SigningAlgorithm, TechWolfOptions,
};
pub use page::split_page;
