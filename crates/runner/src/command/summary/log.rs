//! The end of a run in the log.

use serde_json::{Map, Value};
use taskferry_engine::{Failure, Manifest, Status};
use taskferry_pipeline::{Role, StageId};

use crate::command::summary::dropped_records::transforms;
use crate::command::summary::outcome::{FROM_SANDBOX, outcome};
use crate::logging::{self, LogFormat};

/// Writes the end of a run as JSON lines: the warnings, then the manifest. The first `shown` warnings were written before.
pub(crate) fn write_json(manifest: &Manifest, shown: usize) {
    if manifest.sandbox {
        LogFormat::Json.warning(&format!("sandbox: {FROM_SANDBOX}"));
    }
    for warning in manifest.warnings.iter().skip(shown) {
        logging::json_line("WARN", warning, warning_fields(manifest, warning));
    }
    if let Some(failure) = &manifest.error {
        logging::json_line("ERROR", &failure.message, error_fields(manifest, failure));
    }
    // Every value of a manifest can be serialized as JSON.
    let value = serde_json::to_value(manifest).unwrap_or_default();
    let fields = Map::from_iter([("manifest".to_owned(), value)]);
    logging::json_line(level(manifest), &outcome(manifest), fields);
}

/// Keeps the end of a run in the log in the state folder.
pub(crate) fn keep(manifest: &Manifest) {
    for warning in &manifest.warnings {
        logging::keep_line("WARN", warning, warning_fields(manifest, warning));
    }
    for violation in &manifest.violations {
        logging::keep_line("ERROR", &violation.message, Map::new());
    }
    if let Some(failure) = &manifest.error {
        logging::keep_line("ERROR", &failure.message, error_fields(manifest, failure));
    }
    logging::keep_line(level(manifest), &outcome(manifest), Map::new());
}

fn level(manifest: &Manifest) -> &'static str {
    match manifest.status {
        Status::Complete if manifest.withheld_removals > 0 => "WARN",
        Status::Complete => "INFO",
        _ => "ERROR",
    }
}

fn warning_fields(manifest: &Manifest, warning: &str) -> Map<String, Value> {
    let stage = stage_in(manifest, warning).map(|name| ("stage".to_owned(), name.into()));
    stage.into_iter().collect()
}

fn error_fields(manifest: &Manifest, failure: &Failure) -> Map<String, Value> {
    let stage = failure.stage.as_ref().and_then(|stage| stage_in(manifest, &format!("{stage}: ")));
    let hint = failure.hint.as_deref();
    let fields = [("stage", stage), ("hint", hint)].into_iter();
    fields.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

/// The name of the stage with which a message begins.
fn stage_in<'a>(manifest: &'a Manifest, message: &str) -> Option<&'a str> {
    let source = std::iter::once((Role::Source, &manifest.source.name));
    let transforms = transforms(manifest).map(|transform| (Role::Transform, &transform.name));
    let sinks = manifest.sinks.iter().map(|sink| (Role::Sink, &sink.name));
    let begins = |(role, name): &(Role, &String)| {
        let id = StageId { role: *role, name: (*name).clone() };
        message.starts_with(&format!("{id}: "))
    };
    source.chain(transforms).chain(sinks).find(begins).map(|(_, name)| name.as_str())
}
