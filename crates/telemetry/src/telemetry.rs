//! Exports a run over OTLP.

use std::time::Duration;

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use taskferry_engine::{Observer, RunReport};
use taskferry_pipeline::Pipeline;

use crate::environment::{Environment, Signal};
use crate::exporter_client::ExporterClient;
use crate::samples::{Sample, samples};
use crate::trace::{Ending, Trace, scope};

/// The maximum time to wait for the collector at the end of a run.
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Exports one run as configured by the `OTEL_*` variables. Exports nothing by default.
#[derive(Debug, Default)]
pub struct Telemetry {
    traces: Option<(Trace, ExporterClient)>,
    metrics: Option<(MetricExporter, Resource, ExporterClient)>,
}

impl Telemetry {
    /// Starts the trace. A signal with invalid variables is not exported, and the error is logged. Needs a tokio runtime.
    pub fn begin(pipeline: &Pipeline) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let environment = Environment::new(&variable);
        let traces = exporter(&environment, Signal::Traces, |client| {
            let exporter = SpanExporter::builder().with_http().with_http_client(client.clone());
            exporter.with_endpoint(client.url()).build()
        });
        let metrics = exporter(&environment, Signal::Metrics, |client| {
            let exporter = MetricExporter::builder().with_http().with_http_client(client.clone());
            exporter.with_endpoint(client.url()).build()
        });
        let traces = traces.map(|(exporter, client)| {
            (Trace::begin(exporter, resource(&environment), pipeline, &environment), client)
        });
        let metrics = metrics.map(|(exporter, client)| (exporter, resource(&environment), client));
        Self { traces, metrics }
    }

    /// The observer that records the run's spans.
    pub fn observer(&self, pipeline: &Pipeline) -> Option<Box<dyn Observer>> {
        self.traces.as_ref().map(|(trace, _)| trace.observer(pipeline))
    }

    /// Exports the rest of the run, within [`EXPORT_TIMEOUT`]. Lost data is logged as a warning. `last_success` is the end of the
    /// last complete run before this one.
    pub async fn end(self, report: &RunReport, last_success: Option<Timestamp>) {
        let Self { traces, metrics } = self;
        let ending = Ending::of(report);
        let samples = samples(&report.manifest, last_success);
        let traces = async {
            let Some((trace, client)) = traces else { return };
            let reason = "the collector was too slow; raise OTEL_BSP_MAX_QUEUE_SIZE";
            let export = move || {
                let ended = trace.end(ending);
                ended.map_err(|(lost, all)| {
                    (format!("{lost} of {all} spans of the run's trace"), reason)
                })
            };
            export_in_time("the run's trace", client, export).await;
        };
        let metrics = async {
            let Some((exporter, resource, client)) = metrics else { return };
            let name = "the run's metrics";
            let export = move || {
                let sent = send(exporter, resource, &samples);
                sent.map_err(|_| (name.to_owned(), "encoding failed"))
            };
            export_in_time(name, client, export).await;
        };
        tokio::join!(traces, metrics);
    }
}

/// Builds the exporter of a signal; `None` if the signal is not exported.
fn exporter<E>(
    environment: &Environment<'_>,
    signal: Signal,
    build: impl FnOnce(&ExporterClient) -> Result<E, ExporterBuildError>,
) -> Option<(E, ExporterClient)> {
    let exporter = environment.destination(signal).and_then(|destination| {
        let Some(destination) = destination else { return Ok(None) };
        let client = ExporterClient::new(&destination)?;
        let exporter = build(&client).map_err(|error| error.to_string())?;
        Ok(Some((exporter, client)))
    });
    exporter.unwrap_or_else(|reason| {
        tracing::warn!("no {} are sent over OTLP: {reason}", signal.name().to_lowercase());
        None
    })
}

/// The service that the telemetry describes.
fn resource(environment: &Environment<'_>) -> Resource {
    let detected = Resource::builder().build();
    let name = environment.get("OTEL_SERVICE_NAME").or_else(|| {
        let found = detected.get(&"service.name".into())?.to_string();
        (!found.starts_with("unknown_service")).then_some(found)
    });
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let own = detected.get(&version.key).is_none().then_some(version);
    let builder = Resource::builder().with_attributes(own);
    builder.with_service_name(name.unwrap_or_else(|| "taskferry".to_owned())).build()
}

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

/// Runs an export on a blocking thread and warns if it fails. `export` returns a description of the lost data, and
/// the reason to report if no request has failed.
async fn export_in_time(
    name: &str,
    client: ExporterClient,
    export: impl FnOnce() -> Result<(), (String, &'static str)> + Send + 'static,
) {
    let start = std::time::Instant::now();
    let done = tokio::time::timeout(EXPORT_TIMEOUT, tokio::task::spawn_blocking(export)).await;
    let (lost, reason) = match done {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(lost))) => lost,
        Ok(Err(_)) => (name.to_owned(), "the exporter panicked"),
        Err(_) => (name.to_owned(), ""),
    };
    let reason = client.last_failure().unwrap_or_else(|| {
        if start.elapsed() >= EXPORT_TIMEOUT {
            format!("the export took longer than {} s", EXPORT_TIMEOUT.as_secs())
        } else {
            reason.to_owned()
        }
    });
    tracing::warn!("{lost} did not reach the collector at {}: {reason}", client.origin());
}
