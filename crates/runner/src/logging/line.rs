//! Lines of the JSON log.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde_json::{Map, Value};
use taskferry_engine::LiveStats;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::spans::stage_of;
use crate::console;

/// The active run. Its id is in every line of the JSON log.
static RUN: OnceLock<Arc<LiveStats>> = OnceLock::new();

/// Adds the id of this run to every further line of the JSON log.
pub(crate) fn set_run(run: &Arc<LiveStats>) {
    RUN.get_or_init(|| Arc::clone(run));
}

/// Adds the id of the active run.
pub(super) fn add_run_id(line: &mut Map<String, Value>) {
    if let Some(run_id) = RUN.get().and_then(|run| run.run_id()) {
        line.insert("run_id".to_owned(), run_id.into());
    }
}

/// Writes a line to the JSON log.
fn write_json(mut line: Map<String, Value>) {
    add_run_id(&mut line);
    console::json(&Value::Object(line).to_string());
}

/// Writes a line to the JSON log outside of `tracing`, with the fields `more`.
pub(crate) fn json_line(level: &str, message: &str, more: Map<String, Value>) {
    write_json(new_line(level, message, more));
}

/// A line with the current time.
pub(super) fn new_line(level: &str, message: &str, more: Map<String, Value>) -> Map<String, Value> {
    let mut line = line_head(level);
    line.insert("message".to_owned(), message.into());
    line.extend(more);
    line
}

/// Writes each event as one line of the JSON log.
pub(super) struct JsonLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        write_json(line_of(event, &context));
    }
}

/// Level, stage, message and fields of an event.
pub(super) fn line_of<S>(event: &Event<'_>, context: &Context<'_, S>) -> Map<String, Value>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut line = line_head(event.metadata().level().as_str());
    if let Some(stage) = context.event_scope(event).and_then(stage_of) {
        line.insert("stage".to_owned(), stage.name.into());
    }
    let mut fields = Fields(line);
    event.record(&mut fields);
    fields.0
}

/// The first fields of each line.
fn line_head(level: &str) -> Map<String, Value> {
    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond());
    let now = now.unwrap_or_default().to_string();
    Map::from_iter([("timestamp".to_owned(), now.into()), ("level".to_owned(), level.into())])
}
