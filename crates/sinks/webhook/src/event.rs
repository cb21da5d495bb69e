//! Records as CloudEvents 1.0.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{KeyPath, Problem, RunContext};
use url::Url;

/// All characters but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The options of CloudEvents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudEventsOptions {
    /// How many events a request contains: one (`structured`) or many (`batched`).
    pub mode: EventMode,
    /// The `type` of every event. It should begin with your domain in reverse order: `com.example.task`.
    #[serde(rename = "type", default = "record_type")]
    pub event_type: String,
    /// The `source` of every event: a URI, or a path such as `/hr/tasks`. By default `/taskferry/` followed by the
    /// pipeline's name.
    pub source: Option<String>,
}

/// How many events a request contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventMode {
    /// One: the body is the event, `application/cloudevents+json`.
    Structured,
    /// Many: the body is an array of events, `application/cloudevents-batch+json`.
    Batched,
}

fn record_type() -> String {
    "taskferry.record".to_owned()
}

impl CloudEventsOptions {
    /// All errors in the options, with paths from the sink's table.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let table = KeyPath::of("cloud_events");
        let mut problems = Vec::new();
        if self.event_type.trim().is_empty() {
            let problem = Problem::at(table.key("type"), "empty-value", "`type` is empty");
            problems.push(problem.help("write for example \"com.example.task\", or remove `type`"));
        }
        if self.source.as_deref().is_some_and(|source| !is_uri_reference(source)) {
            let message = "`source` is neither a URI nor a path";
            let problem = Problem::at(table.key("source"), "invalid-url", message);
            let help = "write for example \"https://hr.example.com/tasks\" or \"/hr/tasks\"";
            problems.push(problem.help(help));
        }
        problems
    }
}

/// Whether a text is a URI reference of RFC 3986, section 4.1.
fn is_uri_reference(text: &str) -> bool {
    let base = Url::parse("https://base.example/").ok();
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
        && Url::options().base_url(base.as_ref()).parse(text).is_ok()
}

/// The common parts of all events of a run.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) mode: EventMode,
    /// `source`, `type`, `time` and `datacontenttype` as JSON members, with a leading comma.
    common: String,
}

impl Envelope {
    pub(crate) fn new(options: &CloudEventsOptions, run: &RunContext) -> Self {
        let source = options.source.clone().unwrap_or_else(|| default_source(&run.pipeline));
        let members = [
            ("source", source),
            ("type", options.event_type.clone()),
            ("time", run.started_at.to_string()),
            ("datacontenttype", "application/json".to_owned()),
        ];
        let common = members.into_iter().fold(String::new(), |mut common, (name, value)| {
            // Writing to a string can't fail.
            let _ = write!(common, ",\"{name}\":{}", Value::from(value));
            common
        });
        Self { mode: options.mode, common }
    }

    /// Appends the event with the data `record`, the JSON text of a record of `job`.
    pub(crate) fn write(&self, id: &str, job: Option<&str>, record: &[u8], body: &mut Vec<u8>) {
        let mut head = format!("{{\"specversion\":\"1.0\",\"id\":\"{id}\"{}", self.common);
        // CloudEvents does not allow an empty subject.
        if let Some(job) = job.filter(|job| !job.is_empty()) {
            // Writing to a string can't fail.
            let _ = write!(head, ",\"subject\":{}", Value::from(job));
        }
        for part in [head.as_bytes(), b",\"data\":", record, b"}"] {
            body.extend_from_slice(part);
        }
    }
}

fn default_source(pipeline: &str) -> String {
    format!("/taskferry/{}", utf8_percent_encode(pipeline, RESERVED))
}
