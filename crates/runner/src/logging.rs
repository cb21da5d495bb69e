//! The log on standard error, as text or JSON.

mod fields;
pub(crate) mod kept;
mod line;
mod spans;

use std::io;

use clap::ValueEnum;
use serde_json::Map;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use crate::console;
pub(crate) use kept::keep_line;
pub(crate) use line::{json_line, set_run};
#[cfg(test)]
pub(crate) use spans::Stage;
pub(crate) use spans::{Wait, sink_retries, waits};

/// The format of standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    pub(crate) fn error(self, text: &str) {
        match self {
            Self::Text => console::error(text),
            Self::Json => json_line("ERROR", text, Map::new()),
        }
    }

    pub(crate) fn warning(self, text: &str) {
        match self {
            Self::Text => console::warning(text),
            Self::Json => json_line("WARN", text, Map::new()),
        }
    }
}

/// The variable with the log filter: `level` or `target=level,…`.
const VARIABLE: &str = "TASKFERRY_LOG";

/// The default filter. A sandbox inside the process logs warnings only.
pub(crate) const NORMAL: &str = "warn,taskferry=info,taskferry_sandbox=warn";
/// The default filter with `--quiet`: warnings only.
pub(crate) const QUIET: &str = "warn";
/// The default filter of `taskferry sandbox`.
#[cfg(feature = "sandbox")]
pub(crate) const SERVER: &str = "warn,taskferry=info";

/// Sets up logging for the process. Later calls have no effect.
pub(crate) fn start(format: LogFormat, default: &str) {
    let given = std::env::var(VARIABLE).ok().filter(|filter| !filter.is_empty());
    let (filter, error) = match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(default), Some(error)),
        None => (EnvFilter::new(default), None),
    };
    let is_span = filter_fn(spans::is_known);
    let kept = EnvFilter::new(NORMAL).or(is_span.clone());
    let log = registry().with(spans::Spans.with_filter(is_span.clone()));
    let log = log.with(kept::KeptLines.with_filter(kept));
    let text = fmt::layer().with_target(false).with_ansi(false).with_writer(|| EventWriter);
    let started = match format {
        LogFormat::Json => log.with(line::JsonLines.with_filter(filter.or(is_span))).try_init(),
        LogFormat::Text => {
            // Spans are not written to the text log.
            let filter = filter.and(filter_fn(|metadata| !metadata.is_span()));
            if console::is_terminal() {
                log.with(text.without_time().with_filter(filter)).try_init()
            } else {
                log.with(text.with_filter(filter)).try_init()
            }
        }
    };
    if started.is_err() {
        tracing::debug!("logging was set up before");
    }
    if let Some(error) = error {
        tracing::warn!(
            "{VARIABLE} is ignored, because its value is invalid: {error}; write for example `debug`"
        );
    }
}

/// Writes the events of the text log above the progress bar. Each call of `write` passes one event.
struct EventWriter;

impl io::Write for EventWriter {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        console::event(&String::from_utf8_lossy(event));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
