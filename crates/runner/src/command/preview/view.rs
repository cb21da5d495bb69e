//! One preview, as text or JSON.

use serde_json::{Value, json};
use taskferry_config::StageInfo;

use super::json;
use super::selection::OptionWithoutEffect;
use super::text::{TextWriter, footer};
use crate::command::arguments::PreviewArguments;
use crate::command::format::count;
use crate::command::summary;
use crate::command::summary::FROM_SANDBOX;
use crate::console;
use crate::exit::Exit;
use crate::trace::Trace;

/// The version of the JSON document.
const SCHEMA_VERSION: u32 = 1;

/// The note on masked texts.
pub(crate) const MASKED: &str =
    "text values are masked, because standard output is not a terminal; `--show-values` shows them";

/// The records to show, and what is known about them.
pub(crate) struct View<'a> {
    pub(crate) name: String,
    pub(crate) stages: &'a [StageInfo],
    pub(crate) idle: Vec<OptionWithoutEffect<'a>>,
    pub(crate) is_sandbox: bool,
    pub(crate) is_delivered: bool,
    pub(crate) masks_values: bool,
    pub(crate) found: &'a Trace,
}

impl View<'_> {
    /// Reports what applies to all records.
    pub(crate) fn write_notes(&self) {
        if self.is_sandbox {
            console::sandbox(FROM_SANDBOX);
        }
        if self.masks_values && !self.found.records.is_empty() {
            console::line(MASKED);
        }
    }

    pub(crate) fn text(&self, arguments: &PreviewArguments) -> String {
        let (found, only) = (self.found, arguments.stage.as_deref());
        let (stages, masks_values) = (self.stages, self.masks_values);
        let width = console::page_width();
        let mut text = TextWriter { stages, masks_values, only, width, text: String::new() };
        let total = found.records.len();
        for (index, record) in found.records.iter().enumerate() {
            text.record(record, index, total);
        }
        if found.read > 0 {
            text.footer(&footer(total, found.read, found.report.manifest.source.pages));
        }
        if !self.idle.is_empty() {
            let read = count(found.read, "record");
            text.footer(&format!("options without an effect on the {read} read:"));
            for it in &self.idle {
                text.footer(&format!("  `{}` of {} ({})", it.option, it.stage, it.position));
            }
        }
        text.text
    }

    pub(crate) fn document(&self, arguments: &PreviewArguments) -> Value {
        let (found, only) = (self.found, arguments.stage.as_deref());
        let record = |trace| json::record(self.stages, trace, self.masks_values, only);
        json!({
            "schema_version": SCHEMA_VERSION,
            "pipeline": self.name,
            "sandbox": self.is_sandbox,
            "values_masked": self.masks_values,
            "pages_read": found.report.manifest.source.pages,
            "records_read": found.read,
            "listing_complete": found.is_complete,
            "records": found.records.iter().map(record).collect::<Vec<_>>(),
            "options_without_effect": json::idle_options(&self.idle),
            "error": found.report.manifest.error,
        })
    }

    /// Reports why fewer records are shown than expected. Returns the exit code.
    pub(crate) fn end(&self, arguments: &PreviewArguments) -> Exit {
        let found = self.found;
        if let Some(exit) = write_failure(found) {
            return exit;
        }
        let (records, pages) = (count(found.read, "record"), found.report.manifest.source.pages);
        let read = format!("{records} ({})", count(pages, "page"));
        let limit = if found.is_complete || arguments.id.is_some() {
            ""
        } else {
            "; `--max-pages` raises the limit"
        };
        if found.records.is_empty() {
            let what = match (&arguments.id, &arguments.condition) {
                (Some(id), _) => format!("no record has the id `{id}`"),
                (None, Some(_)) => "no record matches `--where`".to_owned(),
                (None, None) => "there is no record".to_owned(),
            };
            console::error(&format!("{what}; {read} were read{limit}"));
            return Exit::NOT_FOUND;
        }
        if !self.is_delivered {
            let is_selection = arguments.id.is_some() || arguments.condition.is_some();
            let what = if is_selection { "none of the shown records" } else { "no record" };
            console::warning(&format!("{what} is delivered; {read} were read{limit}"));
        }
        Exit::COMPLETE
    }
}

/// Reports why a trace ended early. Returns the exit code, or `None` if the trace is complete.
pub(crate) fn write_failure(found: &Trace) -> Option<Exit> {
    let manifest = &found.report.manifest;
    let failure = manifest.error.as_ref()?;
    summary::write_failure(failure, &found.report);
    Some(Exit(manifest.exit_code))
}
