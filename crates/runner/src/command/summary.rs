//! The end of a run on standard error: the closing table, the warnings and the outcome.

mod dropped_records;
mod log;
mod next_command;
mod outcome;

use taskferry_engine::{Failure, Manifest, RunReport, Status, TransformSummary};
use taskferry_pipeline::StageFailure;

use super::format::{bytes, count, number};
use super::text_table::TextTable;
use crate::console;
use dropped_records::{DROPPED_BY, LargestDrop, dropped};
pub(crate) use log::{keep, write_json};
pub(crate) use next_command::RunInfo;
use next_command::next_command;
pub(crate) use outcome::FROM_SANDBOX;
use outcome::outcome;

/// Writes the end of a run as text.
pub(crate) fn write_text(report: &RunReport, shown: &RunInfo<'_>, quiet: bool) {
    let manifest = &report.manifest;
    // A run that failed before its first page has nothing to count.
    let table = !quiet && (manifest.source.pages > 0 || manifest.error.is_none());
    if table {
        console::write("\n");
    }
    if manifest.sandbox {
        console::sandbox(FROM_SANDBOX);
    }
    if table {
        console::write(&format!("{}\n", closing_table(manifest, console::width())));
    }
    let drop = LargestDrop::of(manifest, shown.stages).filter(|_| table);
    if let Some(drop) = &drop {
        console::line(&drop.text());
    }
    for warning in manifest.warnings.iter().skip(shown.warnings) {
        console::warning(warning);
    }
    if let Some(path) = manifest.dead_letter_file.as_ref().filter(|_| manifest.dead_letters > 0) {
        let dead_letters = count(manifest.dead_letters, "dead letter");
        console::line(&format!("{dead_letters} in `{}`", path.display()));
    }
    if let Some(failure) = &manifest.error {
        write_failure(failure, report);
    } else if manifest.status == Status::Suspicious {
        write_violations(manifest, shown.layers.sandbox);
    } else if quiet && manifest.status == Status::Complete {
        return;
    }
    if let Some(next) = next_command(report, drop.as_ref(), shown).filter(|_| !quiet) {
        console::line(&format!("next: {next}"));
    }
    console::line(&outcome(manifest));
}

/// Writes why a run failed, at which record, and what to do.
pub(crate) fn write_failure(failure: &Failure, report: &RunReport) {
    let stage = failure.stage.as_deref().map(|stage| format!("{stage}: ")).unwrap_or_default();
    console::error(&format!("{stage}{}", failure.message));
    if let Some(origin) = report.error.as_ref().and_then(StageFailure::origin) {
        console::line(&format!("  where: {origin}"));
    }
    if let Some(hint) = &failure.hint {
        console::help(hint);
    }
}

fn write_violations(manifest: &Manifest, with_sandbox: bool) {
    console::error("the export does not meet `[expect]` of the pipeline file");
    for violation in &manifest.violations {
        console::line(&format!("  {}", violation.message));
    }
    // A dry run leaves no checkpoint to resume.
    if !manifest.dry_run && !manifest.sinks.iter().any(|sink| sink.published) {
        let sandbox = if with_sandbox { "--sandbox " } else { "" };
        let mut accept: Vec<_> =
            manifest.violations.iter().map(|it| format!("--set {}", it.accept)).collect();
        accept.dedup();
        let accept = accept.join(" ");
        console::help(&format!(
            "if the export is correct, run once with `{sandbox}{accept}` to publish this export; later runs are \
             compared with it"
        ));
    }
}

/// The records, bytes and files of each stage, in at most `width` columns.
fn closing_table(manifest: &Manifest, width: Option<usize>) -> String {
    let mut table =
        TextTable::new(&["stage", "in", "out", "dropped", "refused", "bytes", "details"], 1..=5);
    let source = &manifest.source;
    table.row([
        stage("source", &source.name, source.type_name),
        String::new(),
        number(source.records),
        String::new(),
        String::new(),
        unless_zero(source.bytes, bytes),
        format!("{}, {}", count(source.pages, "page"), requests(source.requests, source.retries)),
    ]);
    for transform in &manifest.transforms {
        table.row(transform_row(transform, ""));
    }
    for sink in &manifest.sinks {
        for transform in &sink.transforms {
            table.row(transform_row(transform, "  "));
        }
        let file = |file: &taskferry_sdk::DeliveredFile| {
            format!("{} ({})", file.path.display(), count(file.records, "record"))
        };
        let mut delivered: Vec<String> = sink.files.iter().map(file).collect();
        if sink.requests > 0 {
            delivered.push(requests(sink.requests, sink.retries));
        }
        table.row([
            stage("sink", &sink.name, sink.type_name),
            number(sink.records_in),
            number(sink.records),
            String::new(),
            unless_zero(sink.failed, number),
            unless_zero(sink.bytes, bytes),
            delivered.join(", "),
        ]);
    }
    table.draw(width)
}

fn transform_row(transform: &TransformSummary, indent: &str) -> [String; 7] {
    let counter =
        |(name, count): (&String, &u64)| format!("{} {}", number(*count), name.replace('_', " "));
    // Omits the counters of single options: the column shows the sum, and the line below the table lists the options.
    let counters = transform.counters.iter().filter(|(name, _)| !name.starts_with(DROPPED_BY));
    let counters: Vec<String> = counters.map(counter).collect();
    [
        format!("{indent}{}", stage("transform", &transform.name, transform.type_name)),
        number(transform.records_in),
        number(transform.records_out),
        unless_zero(dropped(transform), number),
        unless_zero(transform.failed, number),
        String::new(),
        counters.join(", "),
    ]
}

fn stage(role: &str, name: &str, type_name: &str) -> String {
    if name == type_name {
        format!("{role} {name}")
    } else {
        format!("{role} {name} ({type_name})")
    }
}

fn requests(sent: u64, retries: u64) -> String {
    let repeated = unless_zero(retries, |retries| format!(", {} of them retries", number(retries)));
    format!("{}{repeated}", count(sent, "request"))
}

fn unless_zero(value: u64, format: impl Fn(u64) -> String) -> String {
    if value == 0 { String::new() } else { format(value) }
}
