//! Tells of runs elsewhere, so that it is known how they went although they end before anyone could ask: one trace a run
//! and its figures over OTLP, and the same figures as Prometheus text.
//!
//! - OTLP is spoken when the standard `OTEL_*` variables name an endpoint, and never otherwise: [`Telemetry`].
//! - All figures come out of the run's manifest: [`METRICS`] lists them, [`prometheus_text`] writes them.
//! - A collector that is away costs a warning and at most [`PATIENCE`], never the run.
//!
//! ```
//! let names: Vec<String> = taskferry_telemetry::METRICS.iter().map(|metric| metric.prometheus_name()).collect();
//! assert!(names.contains(&"taskferry_run_duration_seconds".to_owned()));
//! ```

mod carrier;
mod environment;
mod measure;
mod metrics;
mod otlp;
mod prometheus;
mod trace;

pub use metrics::{METRICS, Metric};
pub use otlp::{PATIENCE, Telemetry};
pub use prometheus::text as prometheus_text;
