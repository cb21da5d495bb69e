//! Writes the mistakes in pipeline files, and the warnings about them, to standard error.

use std::sync::atomic::{AtomicBool, Ordering};

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::{Map, Value, json};
use taskferry_config::{Checked, Layers, Mistake, Mistakes, TextPosition};
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

/// Checks a pipeline, and writes its mistakes and warnings.
pub(crate) fn load(
    layers: &Layers,
    registry: &Registry,
    log: LogFormat,
) -> Result<Checked, CommandError> {
    let checked = taskferry_config::load(layers, registry).map_err(|found| refused(&found, log))?;
    write(&checked.warnings, log);
    Ok(checked)
}

/// The end of a command because of mistakes in a pipeline, which are written.
pub(crate) fn refused(mistakes: &Mistakes, log: LogFormat) -> CommandError {
    write_all(mistakes, log);
    Exit::USAGE.into()
}

/// Writes all mistakes and their number, with the command that explains the first one.
pub(crate) fn write_all(mistakes: &Mistakes, format: LogFormat) {
    write(mistakes.all(), format);
    if format == LogFormat::Text {
        let errors = count(mistakes.count() as u64, "error");
        console::line(&format!("{errors}; nothing was run"));
        hint(mistakes);
    }
}

/// Suggests `taskferry explain` for the first error, once per process.
fn hint(mistakes: &Mistakes) {
    static HINTED: AtomicBool = AtomicBool::new(false);
    let mut mistakes = mistakes.all().iter().filter(|one| one.severity() == Severity::Mistake);
    if let Some(known) = mistakes.find_map(|mistake| explanations::find(mistake.code()))
        && !HINTED.swap(true, Ordering::Relaxed)
    {
        console::line(&format!("run `taskferry explain {}` for details", known.name));
    }
}

pub(crate) fn write(mistakes: &[Mistake], format: LogFormat) {
    match format {
        LogFormat::Text => console::drawn(&draw(mistakes)),
        LogFormat::Json => {
            for mistake in mistakes {
                let level = match mistake.severity() {
                    Severity::Mistake => "ERROR",
                    Severity::Warning => "WARN",
                };
                let fields = [
                    ("code", json!(mistake.code())),
                    ("file", json!(mistake.file())),
                    ("line", json!(mistake.line())),
                    ("column", json!(mistake.column())),
                    ("help", json!(mistake.help_text())),
                    ("related", mistake.related().map(related).collect()),
                ];
                let fields: Map<_, _> =
                    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                logging::json_line(level, &mistake.to_string(), fields);
            }
        }
    }
}

/// Another position that a mistake concerns.
fn related((at, _, label): (TextPosition, usize, &str)) -> Value {
    json!({ "file": at.file, "line": at.line, "column": at.column, "label": label })
}

fn draw(mistakes: &[Mistake]) -> String {
    let width = console::width().unwrap_or(WIDTH).min(WIDTH);
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_width(width);
    let handler = handler.with_break_words(false);
    let mut text = String::new();
    for mistake in mistakes {
        if handler.render_report(&mut text, mistake).is_err() {
            text.push_str(&mistake.to_string());
        }
        text.push('\n');
    }
    text
}
