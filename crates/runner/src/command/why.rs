//! `taskferry why`: explains what each stage does with one record.

mod event;
mod manifest;
mod task;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use taskferry_config::{Checked, StageInfo};
use taskferry_engine::StopSignal;
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::{nearest, printable};

use super::arguments::WhyArguments;
use super::diagnostics::load;
use super::format::count;
use super::preview::mask::Mask;
use super::preview::{LOG, MASKED, json as preview_json, write_failure};
use super::state_folder::StateFolder;
use super::summary::FROM_SANDBOX;
use crate::command_error::{Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};
use crate::trace::{RecordTrace, Selection, Trace, trace};
use crate::wrap::wrapped_line;
use event::{Event, job_events};
use manifest::Manifest;
use task::Task;

/// The version of the JSON document.
const SCHEMA_VERSION: u32 = 1;
/// The maximum number of ids to suggest.
const MAX_IDS: usize = 3;

/// The explanation.
#[derive(Debug, Default)]
struct Explanation<'a> {
    events: Vec<Event<'a>>,
    origin: Value,
    /// Why the record or the task may be missing.
    reasons: Vec<String>,
    nearest_ids: Vec<String>,
    warnings: Vec<String>,
}

/// Shows what happens to one record.
pub(crate) async fn why(registry: &Registry, arguments: WhyArguments) -> Ended {
    logging::start(LogFormat::Text, LOG);
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        ended = explanation(registry, &arguments) => ended,
        interrupt = interrupts.next() => Ok(Exit::interrupted(interrupt)),
    }
}

async fn explanation(registry: &Registry, arguments: &WhyArguments) -> Ended {
    let manifest = arguments.run.as_deref().map(Manifest::read).transpose()?;
    let layers = arguments.layers.layers(&arguments.file);
    let Checked { pipeline, stages, .. } = load(&layers, registry, LogFormat::Text)?;
    let (name, digest) = (pipeline.name.clone(), pipeline.digest.clone());
    let ids = Arc::new(Mutex::new(Vec::new()));
    let selection = selection(&arguments.id, &ids);
    let run = StateFolder::sample_run(&pipeline);
    let found = trace(pipeline, None, selection, Some(run), StopSignal::never()).await;
    let is_sandbox = found.report.manifest.sandbox;
    if is_sandbox {
        console::sandbox(FROM_SANDBOX);
    }
    let masks_values = !arguments.show_values && !console::output_is_terminal();
    if masks_values && !found.records.is_empty() {
        console::line(MASKED);
    }
    let mut explanation = Explanation::default();
    match found.records.first() {
        Some(record) => {
            let mask = Mask::of(record, masks_values);
            explanation.follow(record, arguments.task.as_deref(), &stages, &mask);
        }
        None => explanation.explain_absence(arguments, &found, &stages, &ids),
    }
    if let Some(manifest) = &manifest {
        explanation.add_files(manifest);
        explanation.warnings = manifest.warnings(&name, &digest, is_sandbox);
    }
    explanation.warnings.iter().for_each(|warning| console::warning(warning));
    printed(if arguments.json {
        console::document(&explanation.document(arguments, &name, masks_values, &found))
    } else {
        console::page(&explanation.text(arguments, &found))
    })?;
    Ok(match write_failure(&found) {
        Some(failed) => failed,
        None if explanation.reasons.is_empty() => Exit::COMPLETE,
        None => Exit::NOT_FOUND,
    })
}

/// Selects the record with this id, and collects the ids before it.
fn selection(id: &str, ids: &Arc<Mutex<Vec<Arc<str>>>>) -> Selection {
    let (mut selection, ids) = (Selection::of_id(id), Arc::clone(ids));
    let mut is_wanted = selection.keep;
    selection.keep = Box::new(move |trace| {
        let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.extend(trace.origin.job.clone());
        is_wanted(trace)
    });
    selection
}

impl<'a> Explanation<'a> {
    fn follow(
        &mut self,
        record: &RecordTrace,
        task: Option<&str>,
        stages: &'a [StageInfo],
        mask: &Mask,
    ) {
        self.origin = preview_json::origin(record);
        self.events = match task.map(|task| Task::find(task, record)) {
            None => job_events(stages, record, mask),
            Some(Ok(task)) => task.events(stages, record, mask),
            Some(Err(reason)) => {
                self.reasons.push(reason);
                vec![Event::found(&record.origin)]
            }
        };
    }

    fn explain_absence(
        &mut self,
        arguments: &WhyArguments,
        found: &Trace,
        stages: &[StageInfo],
        ids: &Mutex<Vec<Arc<str>>>,
    ) {
        if found.report.manifest.error.is_some() {
            let read = count(found.read, "record");
            self.reasons.push(format!("the source failed after {read}"));
            return;
        }
        let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether one id is the beginning of the other.
        let begins = |id: &str| id.starts_with(&*arguments.id) || arguments.id.starts_with(id);
        let similar = ids.iter().filter(|id| !id.is_empty() && begins(id)).take(MAX_IDS);
        self.nearest_ids = similar.map(ToString::to_string).collect();
        ids.retain(|id| !begins(id));
        while self.nearest_ids.len() < MAX_IDS {
            let near = nearest(&arguments.id, ids.iter().map(|id| &**id)).map(str::to_owned);
            let Some(near) = near else { break };
            ids.retain(|id| **id != *near);
            self.nearest_ids.push(near);
        }
        if !found.is_complete {
            self.reasons.push("the listing was not read to its end".to_owned());
        }
        let source = stages.iter().find(|stage| stage.id.role == Role::Source);
        for option in ["filters", "partition"] {
            if let Some(position) = source.and_then(|source| source.options.get(option)) {
                let reason = format!("`{option}` at {position} selects only some jobs");
                self.reasons.push(reason);
            }
        }
        if let Some(position) = source.and_then(|source| source.options.get("auth")) {
            self.reasons.push(format!(
                "the credentials at {position} may give access to only some job families"
            ));
        }
        self.reasons
            .push("the job may have been created or deleted while the listing was read".to_owned());
        self.reasons.push(match self.nearest_ids.as_slice() {
            [] => "the id may be wrong; no id in the listing is similar".to_owned(),
            near => {
                let near: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
                format!("the id may be wrong; the nearest ids are {}", near.join(", "))
            }
        });
    }

    fn add_files(&mut self, manifest: &Manifest) {
        for event in self.events.iter_mut().filter(|event| event.kind == "delivered") {
            let files = event.stage.and_then(|stage| manifest.files_of(&stage.id.name));
            event.details.extend(files);
        }
    }

    fn text(&self, arguments: &WhyArguments, found: &Trace) -> String {
        let mut lines = Vec::new();
        for event in &self.events {
            lines.push(event.text.clone());
            lines.extend(event.details.iter().map(|detail| format!("  {detail}")));
        }
        if self.origin.is_null() {
            let what = if found.is_complete { "is not in the listing" } else { "was not found" };
            lines.push(format!("`{}` {what}; possible reasons:", arguments.id));
        }
        let mark = if self.origin.is_null() { "  - " } else { "" };
        lines.extend(self.reasons.iter().map(|reason| format!("{mark}{reason}")));
        let width = console::page_width();
        lines.iter().map(|line| wrapped_line(&printable(line), width)).collect()
    }

    fn document(
        &self,
        arguments: &WhyArguments,
        pipeline: &str,
        masks_values: bool,
        found: &Trace,
    ) -> Value {
        json!({
            "schema_version": SCHEMA_VERSION,
            "pipeline": pipeline,
            "id": arguments.id,
            "task": arguments.task,
            "found": self.reasons.is_empty(),
            "sandbox": found.report.manifest.sandbox,
            "values_masked": masks_values,
            "records_read": found.read,
            "listing_complete": found.is_complete,
            "origin": self.origin,
            "events": self.events.iter().map(Event::to_json).collect::<Vec<_>>(),
            "reasons": self.reasons,
            "nearest_ids": self.nearest_ids,
            "warnings": self.warnings,
            "error": found.report.manifest.error,
        })
    }
}
