//! The options of `type = "webhook"`.

use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroU32};

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_http::ConnectionOptions;
use taskferry_http::header::{HeaderMap, HeaderName, HeaderValue};
use taskferry_http::is_this_machine;
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

/// Headers that say what the sink itself knows better.
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

/// Posts records to a URL, many at a time, as JSON arrays or CloudEvents, signed if you like.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// Where to post, `https://…`; `sandbox:` posts to a receiver inside the process. Taken for a secret as a whole, since such addresses often have a key in their path:
    /// messages show no more than scheme and host.
    #[schemars(extend("x-sandbox" = "sandbox:"))]
    pub url: Secret,
    /// Whether records and headers may go unencrypted to another machine, where `url` begins with `http://`: within a
    /// cluster that sees to encryption itself, for example. To this machine they may in any case.
    #[serde(default)]
    pub allow_http: bool,
    /// Headers to send with every request, by name. The values are taken for secrets. None by default.
    #[serde(default)]
    #[schemars(extend("x-sandbox" = null))]
    pub headers: BTreeMap<String, Secret>,
    /// How many records one request carries at most; never those of two pages. By default 100, and 1 in structured
    /// CloudEvents, where there is no choice.
    #[schemars(range(min = 1))]
    pub batch_records: Option<NonZeroU32>,
    /// How large the body of one request may be, before compression. A record that is larger by itself is sent alone.
    #[serde(default = "one_mebibyte")]
    pub batch_bytes: ByteCount,
    /// How many requests may be under way at a time. With 1 the receiver gets all records in order. With more, the
    /// requests of one page go side by side and may arrive in any order; the next page waits for all of them.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: NonZeroU8,
    /// How bodies are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Signs every request as Standard Webhooks (standardwebhooks.com) has it. Nothing is signed by default. The signature is
    /// over the body before compression: with `compression = "gzip"` the receiver decompresses first, then checks.
    #[schemars(extend("x-sandbox" = null))]
    pub signature: Option<SignatureOptions>,
    /// Wraps every record in a CloudEvents 1.0 event. By default records are sent as they are.
    pub cloud_events: Option<CloudEventsOptions>,
    /// How long one request may take, from connecting to the last byte of the answer.
    #[serde(default = "thirty_seconds")]
    pub timeout: Duration,
    /// How the receiver is reached.
    #[serde(default)]
    #[schemars(extend("x-sandbox" = null))]
    pub connection: ConnectionOptions,
    /// How often and how patiently a failed request is repeated.
    #[serde(default)]
    pub retry: RetryOptions,
    /// When the receiver is taken for down, and how long it is waited for.
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
        let headers = check_headers(&self.headers, &mut problems);
        if self.timeout.get().is_zero() {
            let path = KeyPath::of("timeout");
            let problem =
                Problem::at(path, "value::invalid", "`timeout` must be greater than zero");
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
        let message = format!("a structured event holds one record, not {records}");
        let problem = Problem::at(KeyPath::of("batch_records"), "value::invalid", message);
        Some(problem.help("take it out, or write `mode = \"batched\"` in `cloud_events`"))
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

/// Says nothing of the URL itself.
fn check_url(url: &Secret, allow_http: bool) -> Result<Url, Problem> {
    let problem = |code, message: String| {
        let help =
            "write an address that begins with `https://`, or set the variable it comes from";
        Problem::at(KeyPath::of("url"), code, message).help(help)
    };
    if url.expose().trim().is_empty() {
        return Err(problem("value::empty", "`url` is empty".to_owned()));
    }
    let url = Url::parse(url.expose())
        .map_err(|error| problem("url::invalid", format!("this is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = "the URL begins neither with `https://` nor with `http://`";
        return Err(problem("url::scheme", message.to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL has a user or a password in it";
        let help = "take out what stands before `@`, and send it as a header: \
                    `headers = { Authorization = \"Basic …\" }`";
        return Err(problem("url::user", message.to_owned()).help(help));
    }
    if url.scheme() == "http" && !allow_http && !url.host_str().is_some_and(is_this_machine) {
        let message = "records would be sent unencrypted: the URL begins with `http:`";
        let help = "write `https://`; where the network itself is safe, add `allow_http = true`";
        return Err(problem("url::unencrypted", message.to_owned()).help(help));
    }
    Ok(url)
}

fn check_headers(headers: &BTreeMap<String, Secret>, problems: &mut Vec<Problem>) -> HeaderMap {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let path = KeyPath::of("headers").key(name.clone());
        let mut wrong = |part: Part, code, message: String| {
            problems.push(Problem::at(path.clone(), code, message).part(part));
        };
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            wrong(Part::Key, "header::name", format!("`{name}` can't be the name of a header"));
            continue;
        };
        if OWN_HEADERS.contains(&header.as_str()) {
            wrong(Part::Key, "header::own", format!("`{header}` is set by the sink itself"));
        }
        if checked.contains_key(&header) {
            wrong(Part::Key, "header::twice", format!("`{header}` stands here twice"));
        }
        if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
            value.set_sensitive(true);
            checked.insert(header, value);
        } else {
            let message = "the value holds characters that can't be sent, a line break perhaps";
            wrong(Part::Value, "header::value", message.to_owned());
        }
    }
    checked
}
