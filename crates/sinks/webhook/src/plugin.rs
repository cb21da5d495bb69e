//! Builds the sink from the options.

use taskferry_http::{check_encryption, check_headers, parse_address};
use taskferry_sdk::{BuildContext, KeyPath, Part, Plugin, Problem, Secret, Sink, SinkPlugin};
use url::Url;

use crate::config::WebhookOptions;
use crate::event::CloudEventsOptions;
use crate::signature::Signer;
use crate::sink::{Target, WebhookSink};

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
        problems.extend(self.circuit.check(&KeyPath::of("circuit")));
        problems.extend(self.cloud_events.iter().flat_map(CloudEventsOptions::problems));
        problems.extend(self.records_in_one_event());
        let signer = self.signature.as_ref().map(Signer::new).transpose();
        let signer = signer.map_err(|found| problems.extend(found)).unwrap_or_default();
        let connection = self.connection.check(&KeyPath::of("connection"), context);
        let connection = connection.map_err(|found| problems.extend(found)).unwrap_or_default();
        match target {
            Some(target) if problems.is_empty() => {
                let options = self.clone();
                Ok(Box::new(WebhookSink {
                    options,
                    headers,
                    signer,
                    connection,
                    target: Some(target),
                    open: None,
                }))
            }
            _ => Err(problems),
        }
    }
}

impl WebhookOptions {
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
