//! Telling of a run over OTLP: who is told, and how long that may take.

use std::time::Duration;

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use taskferry_core::Pipeline;
use taskferry_engine::{Observer, RunReport};

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
    metrics: Option<(MetricExporter, Carrier)>,
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
            let end = move || match trace.end(ending) {
                Ok(()) => None,
                Err((lost, all)) => Some(format!("{lost} of {all} spans")),
            };
            deliver("the run's trace", carrier, end)
        });
        let metrics = metrics.map(|(exporter, carrier)| {
            let end = move || send(exporter, &samples).err().map(|()| METRICS.to_owned());
            deliver(METRICS, carrier, end)
        });
        tokio::join!(or_not(traces), or_not(metrics));
    }
}

const METRICS: &str = "the run's metrics";

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
fn send(exporter: MetricExporter, samples: &[Sample]) -> Result<(), ()> {
    let variable = |name: &str| std::env::var(name).ok();
    let resource = resource(&Environment::new(&variable));
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
    provider.shutdown().map_err(drop)
}

/// Does what may have to wait for the collector, away from the threads that carry requests, and warns if it comes to
/// nothing. `work` returns what did not arrive.
async fn deliver(
    what: &str,
    carrier: Carrier,
    work: impl FnOnce() -> Option<String> + Send + 'static,
) {
    let collector = carrier.collector();
    let done = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await;
    let (lost, why) = match done {
        Ok(Ok(None)) => return,
        Ok(Ok(Some(lost))) => (lost, carrier.failure()),
        Ok(Err(_)) => (what.to_owned(), Some("the exporter broke down".to_owned())),
        Err(_) => {
            let late = format!("it did not take everything within {} s", PATIENCE.as_secs());
            (what.to_owned(), Some(carrier.failure().unwrap_or(late)))
        }
    };
    let why = why.unwrap_or_else(|| {
        "they came faster than they were taken; raise OTEL_BSP_MAX_QUEUE_SIZE".to_owned()
    });
    tracing::warn!("{lost} did not reach the collector at {collector}: {why}");
}

async fn or_not(work: Option<impl Future<Output = ()>>) {
    if let Some(work) = work {
        work.await;
    }
}
