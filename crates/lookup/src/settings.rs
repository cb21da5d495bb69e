//! Checks the options.

use taskferry_http::{Hints, Server, StatusCheck, check_encryption, check_headers, parse_address};
use taskferry_sdk::{BuildContext, Duration, KeyPath, Part, Problem, Secret};
use url::Url;

use crate::options::LookupOptions;

/// Headers that the lookup sets itself.
const OWN_HEADERS: [&str; 5] =
    ["connection", "content-length", "content-type", "host", "transfer-encoding"];
const MAX_BATCH: usize = 10_000;
const MAX_CONCURRENCY: usize = 64;
/// The minimum length of a secret in the query of the address.
const MIN_SECRET: usize = 6;

const HINTS: Hints = Hints {
    timeout: "raise `timeout` or lower `batch` of the lookup",
    unreachable: "check the `url` of the lookup, and whether this machine can reach it",
};

/// The check of the service, for `taskferry doctor`.
pub(crate) const SERVICE: StatusCheck = StatusCheck {
    name: "service",
    owner: "the lookup",
    request: "1 HEAD request without keys to the service, with the `headers` of the lookup",
    effect: "nothing was looked up",
    unauthorized: "check the `headers` and the `url` of the lookup",
    rate_limited: "the service limits the rate: lower `rate_limit` of the lookup",
};

/// The checked options, without an open connection.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) options: LookupOptions,
    pub(crate) server: Server,
    /// Texts that are removed from excerpts of responses.
    pub(crate) secrets: Vec<Secret>,
    /// The maximum number of keys in a request.
    pub(crate) batch: usize,
}

impl LookupOptions {
    /// Checks the options in `table`. `accepted` is the number of keys that the service accepts in one request.
    pub(crate) fn settings(
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
        // A shorter value is no secret, and occurs in ordinary messages.
        let query = url.query_pairs().filter(|(_, value)| value.len() >= MIN_SECRET);
        let query: Vec<Secret> = query.map(|(_, value)| Secret::new(value)).collect();
        let secrets = self.headers.values().cloned().chain(query).collect();
        let (timeout, hints) = (self.timeout, HINTS);
        let server = Server { url, headers, timeout, connection, hints };
        let batch = self.batch.unwrap_or(accepted).clamp(1, MAX_BATCH);
        Ok(Settings { options: self.clone(), server, secrets, batch })
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
