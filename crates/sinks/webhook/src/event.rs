//! Records as CloudEvents 1.0.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{KeyPath, Problem, RunContext};
use url::Url;

/// How records become CloudEvents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudEventsOptions {
    /// How many events a request holds: one (`structured`) or many (`batched`).
    pub mode: EventMode,
    /// The `type` of every event. It should begin with a domain of yours, turned around: `com.example.task`.
    /// By default `taskferry.record`.
    #[serde(rename = "type", default = "record_type")]
    pub event_type: String,
    /// The `source` of every event: a URI, or a path such as `/hr/tasks`. By default `/taskferry/` and the
    /// pipeline's name.
    pub source: Option<String>,
}

/// How many events a request holds.
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
    /// All that is wrong with the options, with paths that start at the sink's table.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let table = KeyPath::of("cloud_events");
        let mut problems = Vec::new();
        if self.event_type.trim().is_empty() {
            let problem = Problem::at(table.key("type"), "value::empty", "`type` is empty");
            problems.push(problem.help("write for example \"com.example.task\", or take it out"));
        }
        if self.source.as_deref().is_some_and(|source| !is_uri_reference(source)) {
            let message = "this is neither a URI nor a path of one";
            let problem = Problem::at(table.key("source"), "url::invalid", message);
            let help = "write for example \"https://hr.example.com/tasks\" or \"/hr/tasks\"";
            problems.push(problem.help(help));
        }
        problems
    }
}

/// RFC 3986, section 4.1, as far as it matters to those who read it.
fn is_uri_reference(text: &str) -> bool {
    let base = Url::parse("https://base.example/").ok();
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
        && Url::options().base_url(base.as_ref()).parse(text).is_ok()
}

/// What all events of a run have in common.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) mode: EventMode,
    /// `source`, `type`, `time` and `datacontenttype` as JSON members, with a comma in front.
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

    /// Appends the event whose data is `record`, a JSON text of that `job`.
    pub(crate) fn write(&self, id: &str, job: Option<&str>, record: &[u8], body: &mut Vec<u8>) {
        let mut head = format!("{{\"specversion\":\"1.0\",\"id\":\"{id}\"{}", self.common);
        // An empty subject is none.
        if let Some(job) = job.filter(|job| !job.is_empty()) {
            // Writing to a string can't fail.
            let _ = write!(head, ",\"subject\":{}", Value::from(job));
        }
        for part in [head.as_bytes(), b",\"data\":", record, b"}"] {
            body.extend_from_slice(part);
        }
    }
}

/// The pipeline's name as a path that any URI reader takes.
fn default_source(pipeline: &str) -> String {
    pipeline.bytes().fold("/taskferry/".to_owned(), |mut source, byte| {
        // Writing to a string can't fail.
        let _ = match byte {
            b'-' | b'.' | b'_' | b'~' => write!(source, "{}", char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => write!(source, "{}", char::from(byte)),
            byte => write!(source, "%{byte:02X}"),
        };
        source
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(options: Value, pipeline: &str, job: Option<&str>) -> Value {
        let options: CloudEventsOptions = serde_json::from_value(options).unwrap();
        assert_eq!(options.problems(), []);
        let run = RunContext::new(pipeline, "2026-11-23T20:42:43.5Z".parse().unwrap(), "r1");
        let mut body = Vec::new();
        Envelope::new(&options, &run).write("id1", job, br#"{"a": 1.10}"#, &mut body);
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn an_event_says_whose_it_is_and_of_which_run() {
        assert_eq!(
            event(json!({"mode": "structured"}), "täsks 1", Some("j \"1\"")),
            json!({"specversion": "1.0", "id": "id1", "source": "/taskferry/t%C3%A4sks%201",
                "type": "taskferry.record", "time": "2026-11-23T20:42:43.5Z",
                "datacontenttype": "application/json", "subject": "j \"1\"",
                "data": serde_json::from_str::<Value>("{\"a\":1.10}").unwrap()})
        );
        let named =
            json!({"mode": "batched", "type": "com.example.task", "source": "urn:hr:tasks"});
        let event = event(named, "p", None);
        assert_eq!(
            (&event["type"], &event["source"]),
            (&json!("com.example.task"), &json!("urn:hr:tasks"))
        );
        assert!(event.get("subject").is_none());
    }

    #[test]
    fn a_source_is_a_uri_or_a_path_of_one() {
        for good in ["/hr", "hr/tasks", "https://hr.example/tasks?x=1#y", "urn:uuid:1", "//host/x"]
        {
            assert!(is_uri_reference(good), "{good}");
        }
        for bad in ["", " ", "/h r", "/hr\n", "https://", "/{pipeline}", "/ü"] {
            assert!(!is_uri_reference(bad), "{bad}");
        }
    }
}
