//! The options.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_http::{ConnectionOptions, check_encryption, check_headers, parse_address};
use taskferry_retry::RetryOptions;
use taskferry_sdk::{
    AnyTransform, BuildContext, ByteCount, Duration, KeyPath, Part, Problem, Secret,
};
use url::Url;

use crate::cache::CacheLimits;
use crate::settings::Settings;
use crate::transform::{LookupStage, LookupTransform};

/// Headers that the lookup sets itself.
const OWN_HEADERS: [&str; 5] =
    ["connection", "content-length", "content-type", "host", "transfer-encoding"];
const MAX_BATCH: usize = 10_000;
const MAX_CONCURRENCY: usize = 64;
/// The minimum length of a secret in the query of the address.
const MIN_SECRET: usize = 6;

/// The service to ask, and how. The options of a transform contain it under the name `lookup`.
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
    /// The maximum number of answers to keep, the newest ones. They are kept as long as the run, so a key is usually asked once.
    /// 0 keeps none.
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

impl LookupOptions {
    /// Builds the transform. Opens nothing. `option` is the name of the option with this table.
    ///
    /// # Errors
    /// All mistakes in the table.
    pub fn transform(
        &self,
        option: &'static str,
        context: &BuildContext<'_>,
        transform: impl LookupTransform,
    ) -> Result<AnyTransform, Vec<Problem>> {
        let settings = self.settings(&KeyPath::of(option), context, transform.max_batch())?;
        let stage = LookupStage::new(option, settings, Arc::new(transform));
        Ok(AnyTransform::asynchronous(stage))
    }

    fn settings(
        &self,
        table: &KeyPath,
        context: &BuildContext<'_>,
        accepted: usize,
    ) -> Result<Settings, Vec<Problem>> {
        let mut problems = self.numbers(table, accepted);
        let path = table.key("headers");
        let headers =
            check_headers(&self.headers, &path, &OWN_HEADERS, "the lookup", &mut problems);
        problems.extend(self.retry.check(&table.key("retry")));
        let connection = self.connection.check(&table.key("connection"), context);
        let connection = connection.map_err(|found| problems.extend(found)).unwrap_or_default();
        let url = self.address(table).map_err(|problem| problems.push(problem)).ok();
        let Some(url) = url.filter(|_| problems.is_empty()) else { return Err(problems) };
        // A shorter value is no secret, and would occur in every second message.
        let query = url.query_pairs().filter(|(_, value)| value.len() >= MIN_SECRET);
        let query: Vec<Secret> = query.map(|(_, value)| Secret::new(value)).collect();
        Ok(Settings {
            url,
            headers,
            secrets: self.headers.values().cloned().chain(query).collect(),
            batch: self.batch.unwrap_or(accepted).clamp(1, MAX_BATCH),
            concurrency: self.concurrency,
            rate_limit: self.rate_limit,
            timeout: self.timeout,
            max_response_bytes: self.max_response_bytes.get(),
            cache: CacheLimits {
                entries: self.cache_entries,
                age: self.cache_age.map(Duration::get),
            },
            connection,
            retry: self.retry,
        })
    }

    fn address(&self, table: &KeyPath) -> Result<Url, Problem> {
        let path = table.key("url");
        if self.url.trim().is_empty() {
            let problem = Problem::at(path, "empty-value", "`url` is empty");
            return Err(problem.help("write the address of the service"));
        }
        let credentials =
            "send user and password as a header: `headers = { Authorization = \"Basic …\" }`";
        let url = parse_address(&self.url, "https://hr.example.com/titles", credentials)
            .and_then(|url| check_encryption(&url, self.allow_http, "keys").map(|()| url));
        url.map_err(|problem| problem.under(&path))
    }

    fn numbers(&self, table: &KeyPath, accepted: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut invalid = |key: &str, message: String, help: &str| {
            let problem = Problem::at(table.key(key), "invalid-value", message);
            problems.push(problem.part(Part::Value).help(help));
        };
        if let Some(batch) = self.batch {
            let most = accepted.clamp(1, MAX_BATCH);
            if batch == 0 || batch > MAX_BATCH {
                let message = format!("{batch} is out of range, expected 1 to {MAX_BATCH}");
                invalid("batch", message, "write the number of keys in one request");
            } else if batch > most {
                let keys = if most == 1 { "1 key".to_owned() } else { format!("{most} keys") };
                let message = format!("the service accepts {keys} in one request, not {batch}");
                invalid("batch", message, "lower `batch`, or remove it");
            }
        }
        if !(1..=MAX_CONCURRENCY).contains(&self.concurrency) {
            let given = self.concurrency;
            let message = format!("{given} is out of range, expected 1 to {MAX_CONCURRENCY}");
            invalid("concurrency", message, "write the number of concurrent requests");
        }
        if let Some(rate) = self.rate_limit.filter(|rate| !(0.001..=1000.0).contains(rate)) {
            let message = format!("{rate} is out of range, expected a number from 0.001 to 1000");
            let help =
                "write the number of requests per second, or remove `rate_limit` for no limit";
            invalid("rate_limit", message, help);
        }
        let is_zero = |duration: Duration| duration.get().is_zero();
        if is_zero(self.timeout) {
            let message = "`timeout` must be greater than zero".to_owned();
            invalid("timeout", message, "write for example \"30s\"");
        }
        if self.cache_age.is_some_and(is_zero) {
            let message = "`cache_age` must be greater than zero".to_owned();
            invalid("cache_age", message, "write for example \"1h\", or `cache_entries = 0`");
        }
        problems
    }
}
