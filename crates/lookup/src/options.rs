//! The options.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_http::ConnectionOptions;
use taskferry_retry::RetryOptions;
use taskferry_sdk::{ByteCount, Duration, Secret};

/// The service, and how requests are sent to it. The options of a transform contain this table under the name `lookup`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupOptions {
    /// The address of the service, `https://…`. A key for the service belongs in `headers`.
    #[schemars(extend("examples" = ["https://hr.example.com/titles"]))]
    pub url: String,
    /// Allows `http://` addresses of other machines, for example within a cluster that encrypts its network. The keys and
    /// headers are then sent unencrypted. Addresses of this machine are always allowed.
    #[serde(default)]
    pub allow_http: bool,
    /// Headers of every request, by name: `headers = { Authorization = "Bearer ${TITLES_TOKEN}" }`. The values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// The maximum number of keys in one request. The default is the number that the service accepts, which the transform declares.
    #[schemars(range(min = 1, max = 10_000), extend("x-same-output" = true))]
    pub batch: Option<usize>,
    /// The maximum number of concurrent requests.
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 64), extend("x-same-output" = true))]
    pub concurrency: usize,
    /// The maximum number of requests per second, including retries. Unlimited by default. A `Retry-After` of the service always
    /// applies.
    #[schemars(range(min = 0.001, max = 1000), extend("x-same-output" = true))]
    pub rate_limit: Option<f64>,
    /// The time limit of one request, from connecting to the last byte of the response.
    #[serde(default = "thirty_seconds")]
    #[schemars(extend("x-same-output" = true))]
    pub timeout: Duration,
    /// The size limit of one response after decompression.
    #[serde(default = "sixteen_mebibytes")]
    pub max_response_bytes: ByteCount,
    /// The maximum number of answers to keep, the newest ones. Answers are kept until the end of the run, so that each key
    /// is usually requested once. 0 disables the cache.
    #[serde(default = "hundred_thousand")]
    pub cache_entries: usize,
    /// The age at which a kept answer is no longer used, for values that change during a run. Unlimited by default.
    pub cache_age: Option<Duration>,
    /// The connection to the service.
    #[serde(default)]
    pub connection: ConnectionOptions,
    /// Retries of failed requests.
    #[serde(default)]
    #[schemars(extend("x-same-output" = true))]
    pub retry: RetryOptions,
}

fn four() -> usize {
    4
}

fn hundred_thousand() -> usize {
    100_000
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn sixteen_mebibytes() -> ByteCount {
    ByteCount::new(16 << 20)
}
