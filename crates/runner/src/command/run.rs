//! `taskferry run`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use taskferry_config::{Checked, Diagnostic};
use taskferry_engine::{FinishedRun, LiveStats, RunOptions, RunReport, Stopper};
use taskferry_pipeline::{Pipeline, Registry};
use taskferry_sdk::RunContext;
use taskferry_telemetry::Telemetry;

use super::arguments::{LayerArguments, RunArguments, RunConditions, RunOptionArguments};
use super::diagnostics::load;
use super::reports::Reports;
use super::shard::{self, ShardArgument};
use super::state_folder::StateFolder;
use super::{accept_removals, progress, published, summary};
use crate::command_error::{CommandError, Ended};
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};

/// Runs a pipeline to its end.
pub(crate) async fn run(registry: &Registry, arguments: RunArguments) -> Ended {
    let RunArguments { file, shard, layers, accept_removals, conditions, options } = arguments;
    options.start_logging();
    let shard = shard.map(ShardArgument::resolve).transpose()?;
    let checked = load(&layers.layers(&file), registry, options.log)?;
    let problems = shard.map(|_| shard::problems(&checked.pipeline)).unwrap_or_default();
    for problem in &problems {
        options.log.error(problem);
    }
    if !problems.is_empty() {
        return Ok(Exit::USAGE);
    }
    let mut context = shard.map(|shard| shard::new_run(&checked.pipeline, shard));
    if let Some(run_id) = accept_removals {
        let folder = StateFolder::of(&checked.pipeline, shard).path();
        accept_removals::check(&folder, &run_id)?;
        let run = context.get_or_insert_with(|| taskferry_engine::new_run(&checked.pipeline.name));
        run.accept_removals = Some(run_id);
    }
    let inputs: Vec<&Path> = layers.files(&file).collect();
    execute(checked, &options, conditions, &inputs, &layers, context).await
}

/// Runs a checked pipeline. Reports must not replace `inputs`. The first input is the pipeline file.
pub(crate) async fn execute(
    checked: Checked,
    arguments: &RunOptionArguments,
    conditions: RunConditions,
    inputs: &[&Path],
    layers: &LayerArguments,
    context: Option<RunContext>,
) -> Ended {
    let (log, file) = (arguments.log, inputs.first().copied().unwrap_or(Path::new("")));
    let Checked { pipeline, files, stages, warnings, .. } = checked;
    let reports = Reports::prepare(arguments, inputs, &files)?;
    let folder = StateFolder::of(&pipeline, context.as_ref().and_then(|context| context.shard));
    let state = if conditions.dry_run {
        tracing::info!("dry run: nothing is published or sent, and no state is kept");
        None
    } else {
        match folder.open(&pipeline, context.as_ref(), file) {
            Ok(state) => {
                logging::kept::keep_in(state.entry(logging::kept::FILE));
                Some(state)
            }
            // A scheduler that retries may start a run while another one is active.
            Err(busy) if conditions.if_incomplete && busy.exit == Exit::BUSY => {
                tracing::info!("{}; nothing to do", busy.message.unwrap_or_default());
                return Ok(Exit::BUSY);
            }
            Err(unusable) => return Err(unusable),
        }
    };
    let is_replay = context.as_ref().is_some_and(|context| context.replay);
    if state.is_some() && pipeline.experiment.is_some() && !is_replay {
        tracing::info!(
            "`--set` changes the output, so this run uses its own state folder and is compared only with runs that have the \
             same `--set` options"
        );
    }
    if let Some(state) = state.as_ref().filter(|_| conditions.if_incomplete)
        && let Some(finished) = taskferry_engine::last_finished_run(state, &pipeline)
    {
        return skip(&finished, &pipeline, reports);
    }
    let interrupts = Interrupts::listen()?;
    // A dry run and a replay replace no file.
    let others = match &state {
        Some(_) if !is_replay => folder.files_of_others(),
        _ => BTreeMap::new(),
    };
    // Ignores an error: the engine reads the same file, and reports the error.
    let last_success =
        state.as_ref().and_then(|state| taskferry_engine::last_complete(state).ok()?);
    // Dry runs must not change what is monitored.
    let telemetry = (!conditions.dry_run).then(|| Telemetry::begin(&pipeline));
    let options = RunOptions {
        state,
        fresh: arguments.fresh,
        run: context,
        dry_run: conditions.dry_run,
        compared_with: Some(folder.path()),
        observer: telemetry.as_ref().and_then(|telemetry| telemetry.observer(&pipeline)),
        warnings: warnings.iter().map(Diagnostic::in_one_line).collect(),
        ..RunOptions::default()
    };
    let report = watch(pipeline, options, arguments, interrupts).await?;
    published::warn_of_replaced(&others, &report.manifest);
    let mut exit = Exit(report.manifest.exit_code);
    for message in reports.write(&report.manifest, last_success) {
        log.error(&message);
        exit = exit.or(Exit::SINK);
    }
    if let Some(telemetry) = telemetry {
        telemetry.end(&report, last_success).await;
    }
    summary::keep(&report.manifest);
    match log {
        LogFormat::Json => summary::write_json(&report.manifest, warnings.len()),
        LogFormat::Text => {
            let shown =
                summary::RunInfo { warnings: warnings.len(), stages: &stages, file, layers };
            summary::write_text(&report, &shown, arguments.quiet);
        }
    }
    Ok(exit)
}

/// Ends a run with `--if-incomplete`: writes the summary of the last run, and returns the exit code of that run.
fn skip(last: &FinishedRun, pipeline: &Pipeline, reports: Reports) -> Ended {
    let FinishedRun { run_id, finished_at, exit_code, manifest, .. } = last;
    let hint = match exit_code {
        0 => "",
        _ => "; inspect that run, then run without `--if-incomplete`",
    };
    tracing::info!(
        "nothing to do: run {run_id} ended with exit code {exit_code} at {finished_at:.3}, less than `resume_within` ({}) \
         ago{hint}",
        pipeline.state.resume_within
    );
    for file in manifest.iter().flat_map(published::changed_files) {
        tracing::warn!(
            "`{file}` was removed or changed after that run; to export again, run without `--if-incomplete`"
        );
    }
    let written = reports.write_earlier(manifest.as_ref());
    written.map_err(|message| CommandError::new(Exit::SINK, message))?;
    Ok(Exit(*exit_code))
}

/// Runs a pipeline, shows its progress and handles signals: the first one stops the run, the second one drops deliveries in
/// progress, the third one ends the process.
async fn watch(
    pipeline: Pipeline,
    options: RunOptions,
    arguments: &RunOptionArguments,
    mut interrupts: Interrupts,
) -> Result<RunReport, Exit> {
    // Records on the same terminal would leave pieces of the progress bar behind.
    let shares_terminal = pipeline.sinks.iter().any(|sink| sink.type_name == "stdout")
        && console::output_may_be_shown();
    let bar = console::is_terminal()
        && !arguments.quiet
        && arguments.log == LogFormat::Text
        && !shares_terminal;
    let stats = Arc::new(LiveStats::new(&pipeline));
    logging::set_run(&stats);
    let (stopper, stop) = Stopper::new();
    let options = RunOptions { stop: Some(stop), live_stats: Some(Arc::clone(&stats)), ..options };
    tracing::debug!(pipeline = %pipeline.name, "starting");
    let running = taskferry_engine::run(pipeline, options);
    let progress = progress::show(stats, bar);
    tokio::pin!(running, progress);
    let mut signals = 0;
    let ended = loop {
        tokio::select! {
            report = &mut running => break Ok(report),
            () = &mut progress => {}
            interrupt = interrupts.next() => {
                signals += 1;
                match signals {
                    1 => {
                        tracing::warn!(
                            "stopping after delivering the pages already read; send a second signal to stop immediately"
                        );
                        stopper.stop(interrupt);
                    }
                    2 => stopper.stop_at_once(interrupt),
                    _ => break Err(Exit::interrupted(interrupt)),
                }
            }
        }
    };
    console::set_bar(None);
    ended
}
