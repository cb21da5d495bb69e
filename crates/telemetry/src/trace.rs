//! The trace of a run: a span for the run, with a child span for each fetch, transformation and delivery of a page.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, Status as SpanStatus, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use taskferry_engine::{Manifest, Observer, Period, RunEvent, RunReport, Status, Violation};
use taskferry_pipeline::Pipeline;
use taskferry_sdk::{ErrorKind, SourceStatistics};

use crate::environment::Environment;
use crate::samples::status_name;

/// The default of `OTEL_BSP_MAX_QUEUE_SIZE`. OpenTelemetry's default is 2048 spans, which pages from a file or the sandbox quickly fill.
const QUEUE_SIZE: usize = 8192;

#[derive(Debug)]
pub(crate) struct Trace {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    run: Context,
    counts: Arc<SpanCounts>,
}

#[derive(Debug, Default)]
struct SpanCounts {
    ended: AtomicU64,
    delivered: AtomicU64,
}

impl Trace {
    /// Starts the trace, below the span in `TRACEPARENT`, if any.
    pub(crate) fn begin(
        exporter: impl SpanExporter + 'static,
        resource: Resource,
        pipeline: &Pipeline,
        environment: &Environment<'_>,
    ) -> Self {
        let counts = Arc::<SpanCounts>::default();
        let exporter = CountingExporter { exporter, counts: Arc::clone(&counts) };
        let queue = BatchConfigBuilder::default();
        let queue = match environment.get("OTEL_BSP_MAX_QUEUE_SIZE") {
            Some(_) => queue,
            None => queue.with_max_queue_size(QUEUE_SIZE),
        };
        let spans = BatchSpanProcessor::builder(exporter).with_batch_config(queue.build()).build();
        let provider =
            SdkTracerProvider::builder().with_span_processor(spans).with_resource(resource).build();
        // Dropping the last provider waits for the collector without a time limit. This clone prevents that.
        std::mem::forget(provider.clone());
        let tracer = provider.tracer_with_scope(scope());
        let run = tracer
            .span_builder("run")
            .with_attributes([KeyValue::new("taskferry.pipeline", pipeline.name.clone())])
            .start_with_context(&tracer, &parent(environment));
        let run = Context::new().with_span(run);
        Self { provider, tracer, run, counts }
    }

    /// The observer that records the spans.
    pub(crate) fn observer(&self, pipeline: &Pipeline) -> Box<dyn Observer> {
        let stage = |name: &str, type_name: &'static str| {
            vec![
                KeyValue::new("taskferry.stage", name.to_owned()),
                KeyValue::new("taskferry.type", type_name),
            ]
        };
        let sinks = pipeline.sinks.iter().map(|sink| SinkSpans {
            stage: stage(&sink.name, sink.type_name),
            requests: SourceStatistics::default(),
        });
        Box::new(PageSpans {
            tracer: self.tracer.clone(),
            run: self.run.clone(),
            counts: Arc::clone(&self.counts),
            source: stage(&pipeline.source.name, pipeline.source.type_name),
            requests: SourceStatistics::default(),
            sinks: sinks.collect(),
        })
    }

    /// Ends the trace, and waits until the collector has received it.
    ///
    /// # Errors
    /// The number of lost spans, and of all spans.
    pub(crate) fn end(self, ending: Ending) -> Result<(), (u64, u64)> {
        let run = self.run.span();
        run.set_attributes(ending.attributes);
        run.set_status(ending.status);
        run.end();
        self.counts.add_ended(run.span_context().is_sampled());
        // Ignores the error, because the counts show what was lost.
        _ = self.provider.shutdown();
        let ended = self.counts.ended.load(Ordering::Relaxed);
        let delivered = self.counts.delivered.load(Ordering::Relaxed);
        if delivered >= ended { Ok(()) } else { Err((ended - delivered, ended)) }
    }
}

/// The instrumentation scope of spans and metrics.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("taskferry").with_version(env!("CARGO_PKG_VERSION")).build()
}

fn parent(environment: &Environment<'_>) -> Context {
    let names = ["traceparent", "tracestate"];
    let found = names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), environment.get(&name.to_ascii_uppercase())?)));
    let carrier: HashMap<String, String> = found.collect();
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

impl SpanCounts {
    fn add_ended(&self, is_sampled: bool) {
        self.ended.fetch_add(u64::from(is_sampled), Ordering::Relaxed);
    }
}

/// The end of the run's span.
#[derive(Debug)]
pub(crate) struct Ending {
    attributes: Vec<KeyValue>,
    status: SpanStatus,
}

impl Ending {
    pub(crate) fn of(report: &RunReport) -> Self {
        let manifest = &report.manifest;
        let mut attributes = vec![
            KeyValue::new("taskferry.run_id", manifest.run_id.clone()),
            KeyValue::new("taskferry.status", status_name(manifest.status)),
            KeyValue::new("taskferry.exit_code", i64::from(manifest.exit_code)),
            KeyValue::new("taskferry.resumed", manifest.resumed_from.is_some()),
            KeyValue::new("taskferry.replay", manifest.replay),
            number("taskferry.pages", manifest.source.pages),
            number("taskferry.records", manifest.source.records),
            number("taskferry.requests", manifest.source.requests),
            number("taskferry.retries", manifest.source.retries),
            number("taskferry.dead_letters", manifest.dead_letters),
        ];
        let failure = manifest.error.as_ref().and_then(|failure| failure.stage.clone());
        attributes.extend(failure.map(|stage| KeyValue::new("taskferry.failed_stage", stage)));
        let kind = report.error.as_ref().map(|error| kind_name(error.error().kind()));
        attributes.extend(kind.map(|kind| KeyValue::new("error.type", kind)));
        Self { attributes, status: status(manifest) }
    }
}

fn status(manifest: &Manifest) -> SpanStatus {
    match (manifest.status, &manifest.error) {
        (Status::Complete, _) => SpanStatus::Ok,
        (_, Some(failure)) => SpanStatus::error(failure.message.clone()),
        (Status::Suspicious, None) => SpanStatus::error(messages(&manifest.violations)),
        (status, None) => SpanStatus::error(status_name(status)),
    }
}

/// Records a span for each event.
#[derive(Debug)]
struct PageSpans {
    tracer: SdkTracer,
    run: Context,
    counts: Arc<SpanCounts>,
    source: Vec<KeyValue>,
    /// The requests in earlier spans.
    requests: SourceStatistics,
    sinks: Vec<SinkSpans>,
}

#[derive(Debug)]
struct SinkSpans {
    stage: Vec<KeyValue>,
    requests: SourceStatistics,
}

impl Observer for PageSpans {
    fn on_event(&mut self, event: RunEvent) {
        match event {
            RunEvent::Fetched { page, period, records, bytes, statistics } => {
                let mut attributes = self.source.clone();
                attributes.extend([
                    number("taskferry.records", records),
                    number("taskferry.bytes", bytes),
                ]);
                attributes.extend(since(&mut self.requests, statistics));
                self.span("fetch", page, period, attributes);
            }
            RunEvent::Transformed { page, period, records_in, records_out } => {
                let attributes = vec![
                    number("taskferry.records_in", records_in),
                    number("taskferry.records_out", records_out),
                ];
                self.span("transform", page, period, attributes);
            }
            RunEvent::Delivered { page, sink, period, records, requests, retries } => {
                let Some(sink) = self.sinks.get_mut(sink) else { return };
                let mut attributes = sink.stage.clone();
                attributes.push(number("taskferry.records", records));
                let mut now = SourceStatistics::default();
                (now.requests, now.retries) = (requests, retries);
                attributes.extend(since(&mut sink.requests, now));
                self.span("deliver", page, period, attributes);
            }
            RunEvent::Sealed { sink } => self.event("sealed", sink),
            RunEvent::Published { sink } => self.event("published", sink),
            _ => {}
        }
    }
}

impl PageSpans {
    fn span(&self, name: &'static str, page: u64, period: Period, mut attributes: Vec<KeyValue>) {
        attributes.push(number("taskferry.page", page));
        let mut span = self
            .tracer
            .span_builder(name)
            .with_start_time(period.start)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &self.run);
        self.counts.add_ended(span.span_context().is_sampled());
        span.end_with_timestamp(period.end);
    }

    fn event(&self, name: &'static str, sink: usize) {
        if let Some(sink) = self.sinks.get(sink) {
            self.run.span().add_event(name, sink.stage.clone());
        }
    }
}

/// The requests since the last span; none for a stage without requests.
fn since(last: &mut SourceStatistics, now: SourceStatistics) -> Vec<KeyValue> {
    let before = std::mem::replace(last, now);
    if now.requests == 0 {
        return Vec::new();
    }
    vec![
        number("taskferry.requests", now.requests.saturating_sub(before.requests)),
        number("taskferry.retries", now.retries.saturating_sub(before.retries)),
    ]
}

/// `RateLimited` as `rate_limited`.
fn kind_name(kind: ErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn number(name: &'static str, number: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX))
}

/// Counts the spans that the collector has received.
#[derive(Debug)]
struct CountingExporter<E> {
    exporter: E,
    counts: Arc<SpanCounts>,
}

impl<E: SpanExporter> SpanExporter for CountingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.exporter.export(batch).await?;
        self.counts.delivered.fetch_add(spans, Ordering::Relaxed);
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: std::time::Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

fn messages(violations: &[Violation]) -> String {
    violations.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; ")
}
