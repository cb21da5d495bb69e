//! Log events as JSON.

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::line::{line_head, write_json};
use super::spans::stage_of;

/// Writes each event as one line of the JSON log.
pub(super) struct JsonLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        write_json(line(event, &context));
    }
}

/// Level, stage, message and fields of an event.
pub(super) fn line<S>(event: &Event<'_>, context: &Context<'_, S>) -> Map<String, Value>
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
