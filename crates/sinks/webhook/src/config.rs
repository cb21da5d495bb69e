//! The options of `type = "webhook"`.

use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroU32};

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_http::{ConnectionOptions, check_encryption, check_headers, parse_address};
use taskferry_retry::RetryOptions;
use taskferry_sdk::{
    BuildContext, ByteCount, Duration, KeyPath, Part, Plugin, Problem, Secret, Sink, SinkPlugin,
};
use url::Url;

use crate::batch::Limits;
use crate::circuit::CircuitOptions;
use crate::compression::Compression;
use crate::event::{CloudEventsOptions, EventMode};
use crate::receiver::RequestTemplate;
use crate::signature::{SignatureOptions, Signer};
use crate::sink::{SendOptions, Target, WebhookSink};

/// Headers that the sink sets itself.
const OWN_HEADERS: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

const DEFAULT_BATCH_RECORDS: u32 = 100;

/// Posts records to a URL in batches, as JSON arrays or CloudEvents, optionally signed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// The address, `https://…`. `sandbox:` posts to a receiver inside this process. The address is a secret, because
    /// it often contains a key: messages show only the scheme and the host.
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
    /// requests of one page may arrive in any order. The requests of the next page wait until all of them are
    /// delivered.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: NonZeroU8,
    /// How bodies are compressed.
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

impl Plugin for WebhookOptions {
    const TYPE: &'static str = "webhook";
}

impl SinkPlugin for WebhookOptions {
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        let mut problems = Vec::new();
        let target = self.target(context).map_err(|found| problems.extend(found)).ok();
        let path = KeyPath::of("headers");
        let headers = check_headers(&self.headers, &path, &OWN_HEADERS, "the sink", &mut problems);
        if self.timeout.get().is_zero() {
            let path = KeyPath::of("timeout");
            let problem = Problem::at(path, "invalid-value", "`timeout` must be greater than zero");
            problems.push(problem.help("write for example \"30s\""));
        }
        problems.extend(self.retry.check(&KeyPath::of("retry")));
        problems.extend(self.circuit.problems());
        problems.extend(self.cloud_events.iter().flat_map(CloudEventsOptions::problems));
        problems.extend(self.records_in_one_event());
        let signer = self.signature.as_ref().map(Signer::new).transpose();
        let signer = signer.map_err(|found| problems.extend(found)).unwrap_or_default();
        let connection = self.connection.check(&KeyPath::of("connection"), context);
        let connection = connection.map_err(|found| problems.extend(found)).unwrap_or_default();
        match target {
            Some(target) if problems.is_empty() => {
                let sending = self.sending();
                let (timeout, retry) = (self.timeout, self.retry);
                let signing = self.signature.iter().flat_map(|signature| &signature.secrets);
                let secrets = self.headers.values().chain(signing).cloned().collect();
                let template =
                    RequestTemplate { headers, secrets, signer, timeout, connection, retry };
                Ok(Box::new(WebhookSink::new(self.url.clone(), target, template, sending)))
            }
            _ => Err(problems),
        }
    }
}

impl WebhookOptions {
    fn sending(&self) -> SendOptions {
        let records = match (self.batch_records, self.is_structured()) {
            (_, true) => 1,
            (Some(records), false) => records.get(),
            (None, false) => DEFAULT_BATCH_RECORDS,
        };
        SendOptions {
            limits: Limits { records: records as usize, bytes: self.batch_bytes.get() },
            cloud_events: self.cloud_events.clone(),
            compression: self.compression,
            concurrency: usize::from(self.concurrency.get()),
            circuit: self.circuit,
        }
    }

    fn is_structured(&self) -> bool {
        self.cloud_events.as_ref().is_some_and(|options| options.mode == EventMode::Structured)
    }

    fn records_in_one_event(&self) -> Option<Problem> {
        let records =
            self.batch_records.filter(|records| records.get() > 1 && self.is_structured())?;
        let message = format!("a structured event contains one record, not {records}");
        let problem = Problem::at(KeyPath::of("batch_records"), "invalid-value", message);
        let mode = KeyPath::of("cloud_events").key("mode");
        Some(
            problem
                .label("the records of one request")
                .related(mode, Part::Value, "one event a request")
                .help("remove `batch_records`, or write `mode = \"batched\"` in `cloud_events`"),
        )
    }

    fn target(&self, context: &BuildContext<'_>) -> Result<Target, Vec<Problem>> {
        let path = KeyPath::of("url");
        match context.local_endpoint(self.url.expose()) {
            Some(Ok(endpoint)) => Ok(Target::Local(endpoint)),
            Some(Err(found)) => {
                Err(found.into_iter().map(|problem| problem.under(&path)).collect())
            }
            None => check_url(&self.url, self.allow_http)
                .map(Target::Remote)
                .map_err(|problem| vec![problem]),
        }
    }
}

/// Checks the URL. Messages do not contain it.
fn check_url(url: &Secret, allow_http: bool) -> Result<Url, Problem> {
    let path = KeyPath::of("url");
    if url.expose().trim().is_empty() {
        let problem = Problem::at(path, "empty-value", "`url` is empty");
        return Err(
            problem.help("write the address of the receiver, or set the variable that contains it")
        );
    }
    let credentials =
        "send user and password as a header: `headers = { Authorization = \"Basic …\" }`";
    let url = parse_address(url.expose(), "https://hr.example.com/tasks", credentials)
        .map_err(|problem| problem.under(&path))?;
    check_encryption(&url, allow_http, "records").map_err(|problem| problem.under(&path))?;
    Ok(url)
}
