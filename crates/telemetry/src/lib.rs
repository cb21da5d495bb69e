//! Exports runs as traces and metrics: over OTLP, and as Prometheus text.
//!
//! - [`Telemetry`] sends a trace and the metrics of a run over OTLP, if the standard `OTEL_*` variables name an endpoint.
//! - [`prometheus_text`] writes the metrics as text, and [`METRICS`] lists them. They come from the run's manifest.
//! - An unreachable collector costs a warning and at most [`EXPORT_TIMEOUT`], never the run.
//!
//! ```
//! let names: Vec<String> = taskferry_telemetry::METRICS.iter().map(|metric| metric.prometheus_name()).collect();
//! assert!(names.contains(&"taskferry_run_duration_seconds".to_owned()));
//! ```

mod environment;
mod exporter_client;
mod metrics;
mod prometheus;
mod samples;
mod telemetry;
mod trace;

pub use metrics::{METRICS, Metric};
pub use prometheus::text as prometheus_text;
pub use telemetry::{EXPORT_TIMEOUT, Telemetry};
