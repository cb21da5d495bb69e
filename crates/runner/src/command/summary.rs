//! The end of a run on standard error: the closing table, the warnings and the outcome.

use std::path::Path;

use serde_json::Map;
use taskferry_config::StageInfo;
use taskferry_engine::{Manifest, RunReport, Status, TransformSummary};
use taskferry_pipeline::{Role, StageFailure};

use super::format::{bytes, count, number};
use super::text_table::TextTable;
use crate::console;
use crate::logging::{self, LogFormat};

/// The note on every run on a sandbox.
pub(crate) const FROM_SANDBOX: &str =
    "the records come from a sandbox, not from TechWolf; this is not a real export";

/// Writes the end of a run as JSON lines: the warnings, then the manifest. The first `shown` warnings were written before.
pub(crate) fn write_json(manifest: &Manifest, shown: usize) {
    if manifest.sandbox {
        LogFormat::Json.warning(&format!("sandbox: {FROM_SANDBOX}"));
    }
    for warning in manifest.warnings.iter().skip(shown) {
        LogFormat::Json.warning(warning);
    }
    let level = if manifest.status == Status::Complete { "INFO" } else { "ERROR" };
    // A manifest holds nothing that JSON cannot hold.
    let value = serde_json::to_value(manifest).unwrap_or_default();
    logging::json_line(level, &outcome(manifest), Map::from_iter([("manifest".to_owned(), value)]));
}

/// The pipeline file of a run, and what was printed about it.
pub(crate) struct Shown<'a> {
    /// The number of warnings that were written before the run.
    pub(crate) warnings: usize,
    pub(crate) stages: &'a [StageInfo],
    pub(crate) file: &'a Path,
}

/// Writes the end of a run as text. `with_sandbox` is whether `--sandbox` was given.
pub(crate) fn write_text(report: &RunReport, shown: &Shown<'_>, quiet: bool, with_sandbox: bool) {
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
        if let Some(drop) = largest_drop(manifest, shown) {
            console::line(&drop);
        }
    }
    for warning in manifest.warnings.iter().skip(shown.warnings) {
        console::warning(warning);
    }
    if let Some(path) = manifest.dead_letter_file.as_ref().filter(|_| manifest.dead_letters > 0) {
        console::line(&format!(
            "{} in `{}`; fix the cause, then process them with `taskferry replay`",
            count(manifest.dead_letters, "dead letter"),
            path.display()
        ));
    }
    if let Some(failure) = &manifest.error {
        let stage = failure.stage.as_deref().map(|stage| format!("{stage}: ")).unwrap_or_default();
        console::error(&format!("{stage}{}", failure.message));
        if let Some(origin) = report.error.as_ref().and_then(StageFailure::origin) {
            console::line(&format!("  where: {origin}"));
        }
        if let Some(hint) = &failure.hint {
            console::line(&format!("  help: {hint}"));
        }
    } else if manifest.status == Status::Suspicious {
        write_violations(manifest, with_sandbox);
    } else if quiet && manifest.status == Status::Complete {
        return;
    }
    console::line(&outcome(manifest));
}

fn write_violations(manifest: &Manifest, with_sandbox: bool) {
    console::error("the export does not meet the expectations of the pipeline file");
    for violation in &manifest.violations {
        console::line(&format!("  {}", violation.message));
    }
    // A dry run leaves no checkpoint to resume.
    if !manifest.dry_run && !manifest.sinks.iter().any(|sink| sink.published) {
        let sandbox = if with_sandbox { "--sandbox " } else { "" };
        let accept = manifest.violations.iter().map(|it| format!("--set {}", it.accept));
        let accept = accept.collect::<Vec<_>>().join(" ");
        console::line(&format!(
            "  help: if the export is correct, run once with `{sandbox}{accept}` to publish this export; later runs are \
             compared with it"
        ));
    }
}

/// The transform that dropped the most records, if they are a tenth of its records or more, with the options that may be the
/// cause.
fn largest_drop(manifest: &Manifest, shown: &Shown<'_>) -> Option<String> {
    let own = manifest.sinks.iter().flat_map(|sink| &sink.transforms);
    let largest = manifest.transforms.iter().chain(own).max_by_key(|stage| stage.filtered)?;
    if largest.filtered == 0 || largest.filtered * 10 < largest.records_in {
        return None;
    }
    let is_it = |info: &&StageInfo| info.id.role == Role::Transform && info.id.name == largest.name;
    let info = shown.stages.iter().find(is_it)?;
    let options = info.explained_options.iter().filter_map(|option| {
        let position = info.options.get(*option)?;
        Some(format!("`{option}` ({position})"))
    });
    let mut causes: Vec<String> = options.collect();
    if causes.is_empty() {
        causes.extend(info.position.as_ref().map(ToString::to_string));
    }
    Some(format!(
        "transform `{}` dropped {} of {}; see {}, or run `taskferry preview {}`",
        largest.name,
        number(largest.filtered),
        count(largest.records_in, "record"),
        causes.join(" and "),
        shown.file.display()
    ))
}

/// The outcome in one line.
fn outcome(manifest: &Manifest) -> String {
    let share = manifest.shard.as_ref();
    let share = share.map(|shard| format!(" (share {} of {})", shard.index, shard.count));
    let name = format!("{}{}", manifest.pipeline, share.unwrap_or_default());
    let seconds = manifest.finished_at.duration_since(manifest.started_at).as_secs_f64();
    let status = match manifest.status {
        Status::Complete => "complete in",
        Status::Suspicious => "suspicious after",
        Status::Failed => "failed after",
        Status::Interrupted => "interrupted after",
    };
    let committed = manifest.committed.as_ref().map_or(0, |committed| committed.pages);
    let were = if committed == 1 { "was" } else { "were" };
    let progress = || {
        let resumes = match (manifest.resumable, committed) {
            (false, _) => "",
            (true, 0) => "; the next run resumes at the first page",
            (true, 1) => "; the next run resumes after this page",
            (true, _) => "; the next run resumes after these pages",
        };
        let (pages, published) = (count(committed, "page"), published(manifest));
        format!("; {pages} {were} delivered, {published}{resumes}")
    };
    let run = format!(" (run {})", manifest.run_id);
    let details = match manifest.status {
        Status::Complete if manifest.dry_run => {
            "; dry run: nothing was published or sent".to_owned()
        }
        Status::Complete => run,
        _ if manifest.dry_run => format!("; dry run: nothing was published or sent{run}"),
        _ => format!("{}{run}", progress()),
    };
    format!("{name}: {status} {seconds:.1} s{details}")
}

fn published(manifest: &Manifest) -> String {
    let files = manifest.sinks.iter().flat_map(|sink| &sink.files);
    let files: Vec<String> = files.map(|file| format!("`{}`", file.path.display())).collect();
    let only = if manifest.sinks.iter().all(|sink| sink.published) { "" } else { "only " };
    let published = match &files[..] {
        [] => "nothing was published".to_owned(),
        [file] => format!("{only}{file} was published"),
        _ => format!("{only}{} were published", files.join(", ")),
    };
    let sent = manifest.sinks.iter().filter(|sink| sink.requests > 0 && sink.records > 0);
    let sent =
        sent.map(|sink| format!("`{}` has sent {}", sink.name, count(sink.records, "record")));
    let sent: Vec<String> = sent.collect();
    if sent.is_empty() { published } else { format!("{published}, but {}", sent.join(", ")) }
}

/// The records, bytes and files of each stage, in at most `width` columns.
fn closing_table(manifest: &Manifest, width: Option<usize>) -> String {
    let mut table = TextTable::new(&["stage", "in", "out", "refused", "bytes", ""], 1..=4);
    let source = &manifest.source;
    table.row([
        stage("source", &source.name, source.type_name),
        String::new(),
        number(source.records),
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
            number(sink.records),
            String::new(),
            String::new(),
            unless_zero(sink.bytes, bytes),
            delivered.join(", "),
        ]);
    }
    table.draw(width)
}

fn transform_row(transform: &TransformSummary, indent: &str) -> [String; 6] {
    let counter =
        |(name, count): (&String, &u64)| format!("{} {}", number(*count), name.replace('_', " "));
    let counters: Vec<String> = transform.counters.iter().map(counter).collect();
    [
        format!("{indent}{}", stage("transform", &transform.name, transform.type_name)),
        number(transform.records_in),
        number(transform.records_out),
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
