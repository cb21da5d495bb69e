//! Telling of a run over OTLP: who is told, and how long that may take.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use taskferry_engine::{Observer, RunReport};
use taskferry_pipeline::Pipeline;

use crate::carrier::Carrier;
use crate::environment::{Environment, Signal};
use crate::measure::{Sample, samples};
use crate::trace::{Ending, Trace, scope};

/// How long a run that has ended waits for the collector.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of one run as the `OTEL_*` variables say: nothing, unless they name an endpoint.
#[derive(Debug, Default)]
pub struct Telemetry {
    traces: Option<(Trace, Carrier)>,
    metrics: Option<(MetricExporter, Resource, Carrier)>,
}

impl Telemetry {
    /// What the process's environment asks for; the trace begins here. What is wrong with the variables is logged, and
    /// what they ask for is then left out. Needs a running tokio runtime.
    pub fn begin(pipeline: &Pipeline) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let environment = Environment::new(&variable);
        let traces = way(&environment, Signal::Traces, |carrier| {
            let exporter = SpanExporter::builder().with_http().with_http_client(carrier.clone());
            exporter.with_endpoint(carrier.address()).build()
        });
        let metrics = way(&environment, Signal::Metrics, |carrier| {
            let exporter = MetricExporter::builder().with_http().with_http_client(carrier.clone());
            exporter.with_endpoint(carrier.address()).build()
        });
        let traces = traces.map(|(exporter, carrier)| {
            (Trace::begin(exporter, resource(&environment), pipeline, &environment), carrier)
        });
        let metrics =
            metrics.map(|(exporter, carrier)| (exporter, resource(&environment), carrier));
        Self { traces, metrics }
    }

    /// What has to hear of the run while it lasts.
    pub fn observer(&self, pipeline: &Pipeline) -> Option<Box<dyn Observer>> {
        self.traces.as_ref().map(|(trace, _)| trace.observer(pipeline))
    }

    /// Tells how the run ended, and waits for the collector, but not for longer than [`PATIENCE`]. What does not
    /// arrive is logged as a warning. `last_success` is when a run before it was last complete.
    pub async fn end(self, report: &RunReport, last_success: Option<Timestamp>) {
        let Self { traces, metrics } = self;
        let ending = Ending::of(report);
        let samples = samples(&report.manifest, last_success);
        let traces = traces.map(|(trace, carrier)| {
            let full = "they came faster than it took them; raise OTEL_BSP_MAX_QUEUE_SIZE";
            let what = "the run's trace";
            let end = move || {
                let ended = trace.end(ending);
                ended.map_err(|(lost, all)| (format!("{lost} of {all} spans of {what}"), full))
            };
            deliver(what, carrier, end)
        });
        let metrics = metrics.map(|(exporter, resource, carrier)| {
            let what = "the run's metrics";
            let end = move || {
                let sent = send(exporter, resource, &samples);
                sent.map_err(|_| (what.to_owned(), "they could not be encoded"))
            };
            deliver(what, carrier, end)
        });
        tokio::join!(or_not(traces), or_not(metrics));
    }
}

/// Who encodes a signal, and who carries it away.
fn way<E>(
    environment: &Environment<'_>,
    signal: Signal,
    exporter: impl FnOnce(&Carrier) -> Result<E, opentelemetry_otlp::ExporterBuildError>,
) -> Option<(E, Carrier)> {
    let destination = environment.destination(signal).and_then(|found| {
        let Some(destination) = found else { return Ok(None) };
        let carrier = Carrier::to(&destination)?;
        let exporter = exporter(&carrier).map_err(|error| error.to_string())?;
        Ok(Some((exporter, carrier)))
    });
    destination.unwrap_or_else(|why| {
        tracing::warn!("no {} are sent over OTLP: {why}", signal.word().to_lowercase());
        None
    })
}

/// Who the telemetry is about.
fn resource(environment: &Environment<'_>) -> Resource {
    let detected = Resource::builder().build();
    let named = environment.get("OTEL_SERVICE_NAME").or_else(|| {
        let found = detected.get(&"service.name".into())?.to_string();
        (!found.starts_with("unknown_service")).then_some(found)
    });
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let own = detected.get(&version.key).is_none().then_some(version);
    let builder = Resource::builder().with_attributes(own);
    builder.with_service_name(named.unwrap_or_else(|| "taskferry".to_owned())).build()
}

/// Sends all figures at once.
fn send(exporter: MetricExporter, resource: Resource, samples: &[Sample]) -> OTelSdkResult {
    let provider =
        SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter);
    let provider = provider.build();
    let meter = provider.meter_with_scope(scope());
    for Sample { metric, labels, value } in samples {
        let gauge = meter.f64_gauge(metric.name).with_description(metric.description);
        let labels: Vec<KeyValue> =
            labels.iter().map(|(name, value)| KeyValue::new(*name, value.clone())).collect();
        gauge.with_unit(metric.unit).build().record(*value, &labels);
    }
    provider.shutdown()
}

/// Does what may have to wait for the collector, away from the threads that carry requests, and warns if it comes to
/// nothing: `work` returns what did not arrive, and why if no request is to blame.
async fn deliver(
    what: &str,
    carrier: Carrier,
    work: impl FnOnce() -> Result<(), (String, &'static str)> + Send + 'static,
) {
    let start = Instant::now();
    let done = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await;
    let (lost, otherwise) = match done {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(lost))) => lost,
        Ok(Err(_)) => (what.to_owned(), "the exporter broke down"),
        Err(_) => (what.to_owned(), ""),
    };
    let late = start.elapsed() >= PATIENCE;
    let why = carrier.failure().unwrap_or_else(|| {
        if late {
            format!("it did not take everything within {} s", PATIENCE.as_secs())
        } else {
            otherwise.to_owned()
        }
    });
    tracing::warn!("{lost} did not reach the collector at {}: {why}", carrier.collector());
}

async fn or_not(work: Option<impl Future<Output = ()>>) {
    if let Some(work) = work {
        work.await;
    }
}
