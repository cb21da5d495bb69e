//! `taskferry run`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use taskferry_core::{Pipeline, Registry};
use taskferry_engine::{Interrupt, Manifest, Progress, RunOptions, RunReport, Status, Stopper};
use taskferry_state::{Opening, StateDir};

use super::arguments::RunArguments;
use super::summary::SummaryFile;
use super::{mistakes, progress, table};
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};

/// Runs a pipeline to its end.
pub(crate) async fn run(registry: &Registry, arguments: RunArguments) -> Exit {
    logging::start(arguments.log, if arguments.quiet { logging::QUIET } else { logging::NORMAL });
    let pipeline = match taskferry_config::load(&arguments.layers.layers(&arguments.file), registry)
    {
        Ok(pipeline) => pipeline,
        Err(found) => {
            mistakes::show(&found, arguments.log);
            return Exit::USAGE;
        }
    };
    let overlays = arguments.layers.overlay.iter().map(PathBuf::as_path);
    let inputs: Vec<&Path> = overlays.chain([arguments.file.as_path()]).collect();
    let prepare = |path| SummaryFile::prepare(path, &inputs);
    let summary = match arguments.summary.as_deref().map(prepare).transpose() {
        Ok(summary) => summary,
        Err(error) => {
            let path = arguments.summary.unwrap_or_default();
            let message = format!("can't write the summary `{}`: {error}", path.display());
            arguments.log.error(&message);
            return Exit::USAGE;
        }
    };
    let state = match StateDir::open(Path::new(&pipeline.state.dir), &pipeline.name) {
        Ok(Opening::Free(state)) => state,
        Ok(Opening::Busy(holder)) => {
            let who = holder.map(|holder| format!(" (process {})", holder.pid)).unwrap_or_default();
            let message = format!("another run of `{}` is active{who}", pipeline.name);
            arguments.log.error(&message);
            return Exit::BUSY;
        }
        Err(error) => {
            let message = format!(
                "{error}: {}; state is kept there, and `dir` in [state] names another folder",
                error.source
            );
            arguments.log.error(&message);
            return Exit::USAGE;
        }
    };
    let Ok(interrupts) = Interrupts::listen() else {
        arguments.log.error("can't listen for signals");
        return Exit::DEFECT;
    };
    let report = match watched(pipeline, state, &arguments, interrupts).await {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    let mut exit = Exit(report.manifest.exit_code);
    if let Some(summary) = summary
        && let Err(error) = summary.write(&report.manifest)
    {
        arguments.log.error(&format!("can't write the summary: {error}"));
        if exit == Exit::COMPLETE {
            exit = Exit::SINK;
        }
    }
    match arguments.log {
        LogFormat::Json if arguments.quiet && report.manifest.status == Status::Complete => {}
        LogFormat::Json => console::line(&json_line(&report.manifest)),
        LogFormat::Text => tell(&report, arguments.quiet),
    }
    exit
}

/// Runs while showing progress and listening for signals. The first asks the run to stop, the second not to
/// wait for what is under way; a third ends the process as it is.
async fn watched(
    pipeline: Pipeline,
    state: StateDir,
    arguments: &RunArguments,
    mut interrupts: Interrupts,
) -> Result<RunReport, Exit> {
    let writes_to_terminal = pipeline.sinks.iter().any(|sink| sink.type_name == "stdout")
        && std::io::stdout().is_terminal();
    let bar = console::is_terminal()
        && !arguments.quiet
        && arguments.log == LogFormat::Text
        && !writes_to_terminal;
    let counters = Arc::new(Progress::new(&pipeline));
    let (stopper, stop) = Stopper::new();
    let options = RunOptions {
        stop: Some(stop),
        progress: Some(Arc::clone(&counters)),
        state: Some(state),
        fresh: arguments.fresh,
        ..RunOptions::default()
    };
    tracing::debug!(pipeline = %pipeline.name, "starting");
    let running = taskferry_engine::run(pipeline, options);
    let shown = progress::show(counters, bar);
    tokio::pin!(running, shown);
    let mut signals = 0;
    let ended = loop {
        tokio::select! {
            report = &mut running => break Ok(report),
            () = &mut shown => {}
            why = interrupts.next() => {
                signals += 1;
                match signals {
                    1 => {
                        tracing::warn!("stopping: what was read is still delivered; a second signal ends it at once");
                        stopper.stop(why);
                    }
                    2 => stopper.stop_at_once(why),
                    _ => break Err(Exit(match why { Interrupt::Interrupted => 130, Interrupt::Terminated => 143 })),
                }
            }
        }
    };
    console::set_bar(None);
    ended
}

/// The end of a run in JSON, as the log's last line.
fn json_line(manifest: &Manifest) -> String {
    let level = if manifest.status == Status::Complete { "INFO" } else { "ERROR" };
    serde_json::json!({"level": level, "message": outcome(manifest), "manifest": manifest})
        .to_string()
}

/// The end of a run in words.
fn tell(report: &RunReport, quiet: bool) {
    let manifest = &report.manifest;
    if !quiet {
        // Of a run that never got a page there is nothing to count.
        if manifest.source.pages > 0 || manifest.error.is_none() {
            console::write(&format!("\n{}\n", table::closing(manifest)));
        }
        for warning in &manifest.warnings {
            console::line(&format!("\u{1b}[1;33mwarning\u{1b}[0m: {warning}"));
        }
    }
    match &manifest.error {
        Some(failure) => {
            let stage =
                failure.stage.as_deref().map(|stage| format!("{stage}: ")).unwrap_or_default();
            console::error(&format!("{stage}{}", failure.message));
            if let Some(origin) = report.error.as_ref().and_then(taskferry_core::StageError::origin)
            {
                console::line(&format!("  where: {origin}"));
            }
            if let Some(hint) = &failure.hint {
                console::line(&format!("  help: {hint}"));
            }
            console::line(&outcome(manifest));
        }
        None if manifest.status == Status::Suspicious => {
            console::error("the export does not look as expected");
            for violation in &manifest.violations {
                console::line(&format!("  {violation}"));
            }
            if !manifest.sinks.iter().any(|sink| sink.published) {
                console::line(
                    "  help: if it is right all the same, run it with `--set expect.publish_anyway=true`: it goes on \
                     with what was read",
                );
            }
            console::line(&outcome(manifest));
        }
        None if quiet && manifest.status == Status::Complete => {}
        None => console::line(&outcome(manifest)),
    }
}

fn outcome(manifest: &Manifest) -> String {
    let took = manifest.finished_at.duration_since(manifest.started_at).as_secs_f64();
    let name = &manifest.pipeline;
    let committed = manifest.committed.as_ref().map_or(0, |committed| committed.pages);
    let were = if committed == 1 { "was" } else { "were" };
    let so_far =
        format!("{} {were} delivered, {}", table::count(committed, "page"), published(manifest));
    let so_far = if manifest.resumable {
        format!("{so_far}, and the next run goes on there")
    } else {
        so_far
    };
    match manifest.status {
        Status::Suspicious => {
            format!("{name}: suspicious after {took:.1} s; {so_far} (run {})", manifest.run_id)
        }
        Status::Complete => format!("{name}: complete in {took:.1} s (run {})", manifest.run_id),
        Status::Failed => {
            format!("{name}: failed after {took:.1} s; {so_far} (run {})", manifest.run_id)
        }
        Status::Interrupted => {
            format!("{name}: interrupted after {took:.1} s; {so_far} (run {})", manifest.run_id)
        }
    }
}

fn published(manifest: &Manifest) -> String {
    let files = manifest.sinks.iter().flat_map(|sink| &sink.files);
    let files: Vec<String> = files.map(|file| format!("`{}`", file.path.display())).collect();
    if files.is_empty() {
        "nothing was published".to_owned()
    } else {
        format!("only {} was published", files.join(", "))
    }
}
