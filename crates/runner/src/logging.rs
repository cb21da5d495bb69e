//! The log on standard error, as text or JSON.

use std::io;
use std::sync::{Arc, OnceLock};

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Map, Value};
use taskferry_engine::LiveStats;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::console;

/// The format of standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object a line.
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

/// The active run, whose id every line of the JSON log has.
static RUN: OnceLock<Arc<LiveStats>> = OnceLock::new();

/// Adds the id of this run to every further line of the JSON log.
pub(crate) fn set_run(run: &Arc<LiveStats>) {
    RUN.get_or_init(|| Arc::clone(run));
}

fn write_json(mut line: Map<String, Value>) {
    if let Some(run_id) = RUN.get().and_then(|run| run.run_id()) {
        line.insert("run_id".to_owned(), run_id.into());
    }
    console::json(&Value::Object(line).to_string());
}

/// Writes a line to the JSON log outside of `tracing`, with the fields `more`.
pub(crate) fn json_line(level: &str, message: &str, more: Map<String, Value>) {
    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond());
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), now.unwrap_or_default().to_string().into());
    line.insert("level".to_owned(), level.into());
    line.insert("message".to_owned(), message.into());
    line.extend(more);
    write_json(line);
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
    let (filter, mistake) = match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(mistake)) => (EnvFilter::new(default), Some(mistake)),
        None => (EnvFilter::new(default), None),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    let lines = lines.with_ansi(false).with_writer(LineWriter(format));
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text if console::is_terminal() => lines.without_time().try_init(),
        LogFormat::Text => lines.try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was set up before");
    }
    if let Some(mistake) = mistake {
        tracing::warn!(
            "{VARIABLE} is ignored, because its value is invalid: {mistake}; write for example `debug`"
        );
    }
}

/// Writes each event as one line above the progress bar.
struct LineWriter(LogFormat);

impl<'a> MakeWriter<'a> for LineWriter {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.0, Vec::new())
    }
}

/// Collects one event.
struct Line(LogFormat, Vec<u8>);

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.1);
        match self.0 {
            LogFormat::Text => console::event(&text),
            LogFormat::Json => match serde_json::from_str(&text) {
                Ok(line) => write_json(line),
                Err(_) => console::json(text.trim_end_matches('\n')),
            },
        }
    }
}
