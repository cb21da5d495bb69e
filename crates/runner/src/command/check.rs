//! `taskferry check`.

mod finding;
mod format;
mod github;
mod sarif;

use std::path::Path;

use serde_json::{Map, json};
use taskferry_config::{Layers, Unverified};
use taskferry_pipeline::{Pipeline, Registry};

use super::arguments::CheckArguments;
use super::diagnostics;
use crate::command::format::count;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::logging::{self, LogFormat};
use finding::Finding;

/// Checks pipeline files without sending a request.
pub(crate) fn check(registry: &Registry, arguments: &CheckArguments) -> Ended {
    let log = arguments.log;
    format::conflict(arguments)?;
    let mut check = Check { registry, arguments, findings: Vec::new(), warnings: 0 };
    let mut exit = Exit::COMPLETE;
    for file in &taskferry_config::pipeline_files(&arguments.files) {
        if let Err(error) = check.file(file) {
            exit = error.write(log);
        }
    }
    if arguments.deny_warnings && check.warnings > 0 {
        let warnings = count(check.warnings as u64, "warning");
        let message = format!("{warnings}, which `--deny-warnings` does not allow");
        exit = CommandError::usage(message).write(log);
    }
    match format::write(arguments, &check.findings) {
        Ok(()) => Ok(exit),
        Err(error) => Ok(exit.or(error.write(log))),
    }
}

struct Check<'a> {
    registry: &'a Registry,
    arguments: &'a CheckArguments,
    findings: Vec<Finding>,
    warnings: usize,
}

impl Check<'_> {
    fn file(&mut self, file: &Path) -> Result<(), CommandError> {
        let Self { registry, arguments, .. } = *self;
        let layers = arguments.layers.layers(file).placeholders(!arguments.env);
        if arguments.print {
            self.print(&layers)?;
        }
        let as_text = arguments.has_text();
        let checked = taskferry_config::load(&layers, registry).and_then(|checked| {
            let layers = arguments.layers.layers_of_tests(file);
            let tests = taskferry_config::load_tests(file, &layers, registry);
            tests.map(|_| checked)
        });
        match checked {
            Ok(checked) => {
                self.warnings += checked.warnings.len();
                self.keep(file, |names| {
                    let warnings = checked.warnings.iter().map(|one| Finding::of(one, names));
                    let unverified = checked.unverified.iter().map(|one| Finding::note(one, names));
                    warnings.chain(unverified).collect()
                });
                if as_text {
                    diagnostics::write(&checked.warnings, arguments.log);
                    write_unverified(&checked.unverified, arguments.log);
                    write_ok(file, &checked.pipeline, arguments.log);
                }
                Ok(())
            }
            Err(found) => {
                self.keep(file, |names| {
                    found.all().iter().map(|one| Finding::of(one, names)).collect()
                });
                if as_text {
                    diagnostics::write_all(&found, arguments.log);
                }
                Err(Exit::USAGE.into())
            }
        }
    }

    /// Keeps the findings for the other formats.
    fn keep(&mut self, file: &Path, findings: impl FnOnce(&finding::Files) -> Vec<Finding>) {
        let files = format::inputs(self.arguments, file);
        let names = files.iter().map(|path| path.to_string_lossy().into_owned());
        self.findings.extend(findings(&finding::Files(names.collect())));
    }

    /// Prints the values. Errors in them are reported by the check.
    fn print(&self, layers: &Layers) -> Result<(), CommandError> {
        let Ok(values) = taskferry_config::print_values(layers, self.registry) else {
            return Ok(());
        };
        printed(console::data(&values)).map(|_| ())
    }
}

fn write_ok(file: &Path, pipeline: &Pipeline, log: LogFormat) {
    match log {
        LogFormat::Text => {
            console::line(&format!("{}: ok, {}", file.display(), outline(pipeline)));
        }
        LogFormat::Json => {
            let file = ("file".to_owned(), file.to_string_lossy().into());
            logging::json_line("INFO", "ok", Map::from_iter([file]));
        }
    }
}

/// Lists the variables that are not set: one block, because all have the same reason.
fn write_unverified(unverified: &[Unverified], log: LogFormat) {
    if log == LogFormat::Json {
        for one in unverified {
            let place = one.position.as_ref();
            let fields = [
                ("code", json!(finding::UNSET)),
                ("file", json!(place.map_or("", |place| place.file.as_str()))),
                ("line", json!(place.map_or(0, |place| place.line))),
                ("column", json!(place.map_or(0, |place| place.column))),
            ];
            let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            logging::json_line("WARN", &finding::unverified(one), fields);
        }
        return;
    }
    let files = unverified.iter().filter(|one| one.file().is_some()).count();
    let reason = match (unverified.len(), files) {
        (0, _) => return,
        (1, 0) => "1 value is not checked, because its variable is not set".to_owned(),
        (1, _) => "1 value is not checked, because its file can't be read".to_owned(),
        (count, files) => {
            let reason = match files {
                0 => "their variables are not set",
                files if files == count => "their files can't be read",
                _ => "their variables are not set or their files can't be read",
            };
            format!("{count} values are not checked, because {reason}")
        }
    };
    console::warning(&format!("{reason} (`--env` makes this an error)"));
    let names = unverified.iter().map(|one| one.variable.chars().count());
    let width = names.max().unwrap_or_default();
    for one in unverified {
        let place = one.position.as_ref().map(ToString::to_string).unwrap_or_default();
        console::line(&format!("  {:width$}  {} ({place})", one.variable, one.option));
    }
    console::line("");
}

/// The stages of a pipeline in one line.
pub(super) fn outline(pipeline: &Pipeline) -> String {
    let transforms = pipeline.transforms.iter().map(|stage| stage.name.as_str());
    let chain: Vec<&str> =
        std::iter::once(pipeline.source.name.as_str()).chain(transforms).collect();
    let sinks: Vec<&str> = pipeline.sinks.iter().map(|stage| stage.name.as_str()).collect();
    format!("{} → {}", chain.join(" → "), sinks.join(" and "))
}
