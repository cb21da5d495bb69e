//! The spans of the log: the stage that an event belongs to, and what the stages wait for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use taskferry_engine::STAGE_SPAN;
use taskferry_retry::Waiting;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::fields::Fields;

/// The stage of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) is_sink: bool,
}

/// A wait in progress.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    pub(crate) stage: Option<Stage>,
    /// What the stage waits for.
    pub(crate) reason: String,
    pub(crate) start: Instant,
    /// The end, if it is known.
    pub(crate) end: Option<Instant>,
}

/// The waits of the stages.
#[derive(Debug)]
struct Waits {
    /// The waits in progress, by the id of their span.
    open: BTreeMap<u64, Wait>,
    /// The number of retries of each sink.
    retries: BTreeMap<String, u64>,
}

static WAITS: Mutex<Waits> = Mutex::new(Waits { open: BTreeMap::new(), retries: BTreeMap::new() });

fn lock() -> MutexGuard<'static, Waits> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The waits in progress.
pub(crate) fn waits() -> Vec<Wait> {
    lock().open.values().cloned().collect()
}

/// The number of requests of each sink that were retries. Sinks without retries are left out.
pub(crate) fn sink_retries() -> Vec<(String, u64)> {
    lock().retries.iter().map(|(sink, retries)| (sink.clone(), *retries)).collect()
}

/// Whether this is a span of a stage or of a wait.
pub(super) fn is_known(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && [STAGE_SPAN, Waiting::TARGET].contains(&metadata.target())
}

/// The innermost stage.
pub(super) fn stage_of<'a, S: LookupSpan<'a>>(scope: Scope<'a, S>) -> Option<Stage> {
    let mut scope = scope.into_iter();
    scope.find_map(|span| span.extensions().get::<Stage>().cloned())
}

/// Collects stages and waits.
pub(super) struct Spans;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let fields = fields.0;
        if attributes.metadata().target() == STAGE_SPAN {
            let is_sink = text(&fields, "role") == "sink";
            span.extensions_mut().insert(Stage { name: text(&fields, "stage"), is_sink });
            return;
        }
        let start = Instant::now();
        let wait = fields.get("wait_ms").and_then(Value::as_u64);
        let end = wait.and_then(|wait| start.checked_add(Duration::from_millis(wait)));
        let (stage, reason) = (stage_of(span.scope()), text(&fields, "reason"));
        let mut waits = lock();
        if fields.get("is_retry") == Some(&Value::Bool(true))
            && let Some(sink) = stage.as_ref().filter(|stage| stage.is_sink)
        {
            *waits.retries.entry(sink.name.clone()).or_default() += 1;
        }
        waits.open.insert(id.into_u64(), Wait { stage, reason, start, end });
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        lock().open.remove(&id.into_u64());
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
