//! The options of `type = "webhook"`.

use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroU32};

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_http::ConnectionOptions;
use taskferry_retry::{CircuitOptions, RetryOptions};
use taskferry_sdk::{ByteCount, Duration, Secret};

use crate::compression::Compression;
use crate::event::{CloudEventsOptions, EventMode};
use crate::signature::SignatureOptions;

const DEFAULT_BATCH_RECORDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// Posts records to a URL in batches, as JSON arrays or CloudEvents, optionally signed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// The address, `https://…`. `sandbox:` posts to a receiver inside this process. Addresses often contain a key, so messages
    /// show only the scheme and the host.
    #[schemars(extend("x-sandbox" = "sandbox:"))]
    pub url: Secret,
    /// Allows `http://` addresses of other machines, for example within a cluster that encrypts its network. Records and
    /// headers are then sent unencrypted. Addresses of this machine are always allowed.
    #[serde(default)]
    pub allow_http: bool,
    /// Headers of every request, by name. The values are secrets.
    #[serde(default)]
    #[schemars(extend("x-sandbox" = null))]
    pub headers: BTreeMap<String, Secret>,
    /// The maximum number of records in one request. A request never contains records of two pages. By default 100; always 1
    /// for structured CloudEvents.
    #[schemars(range(min = 1))]
    pub batch_records: Option<NonZeroU32>,
    /// The maximum size of the body of one request, before compression. A larger record is sent alone.
    #[serde(default = "one_mebibyte")]
    pub batch_bytes: ByteCount,
    /// The maximum number of concurrent requests. With 1, the receiver gets all records in order. With more, the
    /// requests of one page may arrive in any order. The requests of the next page wait until all requests of a page are delivered.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: NonZeroU8,
    /// The compression of bodies.
    #[serde(default)]
    pub compression: Compression,
    /// Signs every request as in Standard Webhooks (standardwebhooks.com). By default, requests are not signed. The
    /// signature covers the uncompressed body. With `compression = "gzip"`, the receiver decompresses the body, then
    /// verifies the signature.
    #[schemars(extend("x-sandbox" = null))]
    pub signature: Option<SignatureOptions>,
    /// Wraps every record in a CloudEvents 1.0 event. By default plain records are sent.
    pub cloud_events: Option<CloudEventsOptions>,
    /// The time limit of one request, from connecting to the last byte of the response.
    #[serde(default = "thirty_seconds")]
    pub timeout: Duration,
    /// The connection to the receiver.
    #[serde(default)]
    #[schemars(extend("x-sandbox" = null))]
    pub connection: ConnectionOptions,
    /// Retries of failed requests.
    #[serde(default)]
    pub retry: RetryOptions,
    /// When requests to an unavailable receiver are paused, and when the run ends.
    #[serde(default)]
    pub circuit: CircuitOptions,
}

fn one() -> NonZeroU8 {
    NonZeroU8::MIN
}

fn one_mebibyte() -> ByteCount {
    ByteCount::new(1 << 20)
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

impl WebhookOptions {
    /// The maximum number of records in one request.
    pub(crate) fn records(&self) -> usize {
        match self.batch_records {
            _ if self.is_structured() => 1,
            records => records.unwrap_or(DEFAULT_BATCH_RECORDS).get() as usize,
        }
    }

    /// The secrets that a response may repeat.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let signing = self.signature.iter().flat_map(|signature| &signature.secrets);
        self.headers.values().chain(signing).cloned().collect()
    }

    pub(crate) fn is_structured(&self) -> bool {
        self.cloud_events.as_ref().is_some_and(|options| options.mode == EventMode::Structured)
    }
}
