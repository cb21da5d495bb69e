//! Writes the errors in pipeline files, and the warnings about them, to standard error.

use std::sync::atomic::{AtomicBool, Ordering};

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::{Map, Value, json};
use taskferry_config::{Checked, Diagnostic, Diagnostics, Layers, TextPosition};
use taskferry_pipeline::Registry;
use taskferry_sdk::Severity;

use super::format::count;
use crate::command_error::CommandError;
use crate::console;
use crate::exit::Exit;
use crate::explanations;
use crate::logging::{self, LogFormat};

/// The maximum number of columns.
const WIDTH: usize = 100;

/// Checks a pipeline, and writes its errors and warnings.
pub(crate) fn load(
    layers: &Layers,
    registry: &Registry,
    log: LogFormat,
) -> Result<Checked, CommandError> {
    let checked = taskferry_config::load(layers, registry).map_err(|found| refused(&found, log))?;
    write(&checked.warnings, log);
    Ok(checked)
}

/// Writes the errors in a pipeline, and returns the error that ends the command.
pub(crate) fn refused(diagnostics: &Diagnostics, log: LogFormat) -> CommandError {
    write_all(diagnostics, log);
    Exit::USAGE.into()
}

/// Writes all errors and their number, with the command that explains the first one.
pub(crate) fn write_all(diagnostics: &Diagnostics, format: LogFormat) {
    write(diagnostics.all(), format);
    if format == LogFormat::Text {
        let errors = count(diagnostics.count() as u64, "error");
        console::line(&format!("{errors}; nothing was run"));
        hint(diagnostics);
    }
}

/// Suggests `taskferry explain` for the first error, once per process.
fn hint(diagnostics: &Diagnostics) {
    static HINTED: AtomicBool = AtomicBool::new(false);
    let mut diagnostics = diagnostics.all().iter().filter(|one| one.severity() == Severity::Error);
    if let Some(known) = diagnostics.find_map(|diagnostic| explanations::find(diagnostic.code()))
        && !HINTED.swap(true, Ordering::Relaxed)
    {
        console::line(&format!("run `taskferry explain {}` for details", known.name));
    }
}

pub(crate) fn write(diagnostics: &[Diagnostic], format: LogFormat) {
    match format {
        LogFormat::Text => console::drawn(&draw(diagnostics)),
        LogFormat::Json => {
            for diagnostic in diagnostics {
                let level = match diagnostic.severity() {
                    Severity::Error => "ERROR",
                    Severity::Warning => "WARN",
                };
                let fields = [
                    ("code", json!(diagnostic.code())),
                    ("file", json!(diagnostic.file())),
                    ("line", json!(diagnostic.line())),
                    ("column", json!(diagnostic.column())),
                    ("help", json!(diagnostic.help_text())),
                    ("related", diagnostic.related().map(related).collect()),
                ];
                let fields: Map<_, _> =
                    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                logging::json_line(level, &diagnostic.to_string(), fields);
            }
        }
    }
}

/// Another position that an error concerns.
fn related((at, _, label): (TextPosition, usize, &str)) -> Value {
    json!({ "file": at.file, "line": at.line, "column": at.column, "label": label })
}

fn draw(diagnostics: &[Diagnostic]) -> String {
    let width = console::width().unwrap_or(WIDTH).min(WIDTH);
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_width(width);
    let handler = handler.with_break_words(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        if handler.render_report(&mut text, diagnostic).is_err() {
            text.push_str(&diagnostic.to_string());
        }
        text.push('\n');
    }
    text
}
