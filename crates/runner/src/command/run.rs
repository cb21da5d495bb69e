//! `taskferry run`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Map;
use taskferry_config::{Checked, Mistake};
use taskferry_engine::{
    FinishedRun, Interrupt, LiveStats, Manifest, RunOptions, RunReport, Status, Stopper,
};
use taskferry_pipeline::{Pipeline, Registry, StageFailure};
use taskferry_sdk::RunContext;
use taskferry_telemetry::Telemetry;

use super::accounts::Accounts;
use super::arguments::{Conditions, HowArguments, LayerArguments, RunArguments};
use super::shard::{self, ShardArgument};
use super::state::{Place, Refused};
use super::{mistakes, progress, table};
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};

/// What is said of every run on a sandbox.
pub(crate) const FROM_SANDBOX: &str =
    "the records are made up by a sandbox; this is not a real export";

/// What is said of a run that `--set` makes an experiment.
const EXPERIMENT: &str = "`--set` changes what comes out: this run keeps its state apart, and is compared with runs of the same \
                          `--set` alone";

/// Runs a pipeline to its end.
pub(crate) async fn run(registry: &Registry, arguments: RunArguments) -> Exit {
    let RunArguments { file, shard, layers, when, how } = arguments;
    how.start_logging();
    let shard = match shard.map(ShardArgument::resolve).transpose() {
        Ok(shard) => shard,
        Err(why) => {
            how.log.error(&why);
            return Exit::USAGE;
        }
    };
    let checked = match load(registry, &layers, &file, how.log) {
        Ok(checked) => checked,
        Err(exit) => return exit,
    };
    let problems = shard.map(|_| shard::problems(&checked.pipeline)).unwrap_or_default();
    for problem in &problems {
        how.log.error(problem);
    }
    if !problems.is_empty() {
        return Exit::USAGE;
    }
    let run = shard.map(|shard| shard::new_run(&checked.pipeline, shard));
    let inputs: Vec<&Path> = layers.files(&file).collect();
    carry_out(checked, &how, when, &inputs, run).await
}

/// Reads a pipeline file, and shows what is wrong with it and what it warns of.
pub(crate) fn load(
    registry: &Registry,
    layers: &LayerArguments,
    file: &Path,
    log: LogFormat,
) -> Result<Checked, Exit> {
    match taskferry_config::load(&layers.layers(file), registry) {
        Ok(checked) => {
            mistakes::write(&checked.warnings, log);
            Ok(checked)
        }
        Err(found) => {
            mistakes::show(&found, log);
            Err(Exit::USAGE)
        }
    }
}

/// Runs a pipeline that is checked, as `how` and `when` say. `inputs` are files that no account of the run must replace, the
/// pipeline file first; `run` is who runs, if that is known.
pub(crate) async fn carry_out(
    checked: Checked,
    how: &HowArguments,
    when: Conditions,
    inputs: &[&Path],
    run: Option<RunContext>,
) -> Exit {
    let Checked { pipeline, files, warnings } = checked;
    let accounts = match Accounts::prepare(how, inputs, &files) {
        Ok(accounts) => accounts,
        Err(message) => {
            how.log.error(&message);
            return Exit::USAGE;
        }
    };
    let on_sandbox = pipeline.sandbox;
    let place = Place::of(&pipeline, run.as_ref().and_then(|run| run.shard));
    let state = if when.dry_run {
        tracing::info!("this is a dry run: nothing is published or sent, and no state is kept");
        None
    } else {
        match place.open(&pipeline, run.as_ref(), inputs.first().copied().unwrap_or(Path::new("")))
        {
            Ok(state) => {
                if pipeline.experiment.is_some() && !run.as_ref().is_some_and(|run| run.replay) {
                    tracing::info!("{EXPERIMENT}");
                }
                Some(state)
            }
            // Whoever starts runs until one is over may well start one while another is active.
            Err(refused @ Refused::Busy(_)) if when.if_incomplete => {
                tracing::info!("{}; nothing is done", refused.why());
                return refused.exit();
            }
            Err(refused) => {
                how.log.error(refused.why());
                return refused.exit();
            }
        }
    };
    let over = state.as_ref().filter(|_| when.if_incomplete);
    if let Some(over) = over.and_then(|state| taskferry_engine::last_finished_run(state, &pipeline))
    {
        return leave_alone(&over, &pipeline, accounts, how.log);
    }
    let Ok(interrupts) = Interrupts::listen() else {
        how.log.error("can't listen for signals");
        return Exit::SINK;
    };
    // What can't be read was told of by the engine, which needs it as well.
    let last_success =
        state.as_ref().and_then(|state| taskferry_engine::last_complete(state).ok()?);
    // Whoever watches the runs of a pipeline is not told of a dry one.
    let telemetry = (!when.dry_run).then(|| Telemetry::begin(&pipeline));
    let options = RunOptions {
        state,
        fresh: how.fresh,
        run,
        dry_run: when.dry_run,
        compared_with: Some(place.folder()),
        observer: telemetry.as_ref().and_then(|telemetry| telemetry.observer(&pipeline)),
        warnings: warnings.iter().map(Mistake::in_one_line).collect(),
        ..RunOptions::default()
    };
    let report = match watched(pipeline, options, how, interrupts).await {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    let mut exit = Exit(report.manifest.exit_code);
    for message in accounts.write(&report.manifest, last_success) {
        how.log.error(&message);
        if exit == Exit::COMPLETE {
            exit = Exit::SINK;
        }
    }
    if let Some(telemetry) = telemetry {
        telemetry.end(&report, last_success).await;
    }
    match how.log {
        LogFormat::Json => tell_in_json(&report.manifest),
        LogFormat::Text => tell(&report, how.quiet, on_sandbox),
    }
    exit
}

/// What `--if-incomplete` does where the last run is over: the summary that was asked for is that run's.
fn leave_alone(
    over: &FinishedRun,
    pipeline: &Pipeline,
    accounts: Accounts,
    log: LogFormat,
) -> Exit {
    let FinishedRun { run_id, finished_at, exit_code, manifest, .. } = over;
    let advice = match exit_code {
        0 => "",
        _ => "; look at it, then run without `--if-incomplete`",
    };
    tracing::info!(
        "run {run_id} was over at {finished_at:.3} with exit code {exit_code}, less than `resume_within` ({}) ago; \
         nothing is done{advice}",
        pipeline.state.resume_within
    );
    match accounts.repeat(manifest.as_ref()) {
        Ok(()) => Exit(*exit_code),
        Err(message) => {
            log.error(&message);
            Exit::SINK
        }
    }
}

/// Runs while showing progress and listening for signals. The first asks the run to stop, the second not to
/// wait for what is under way; a third ends the process as it is.
async fn watched(
    pipeline: Pipeline,
    options: RunOptions,
    how: &HowArguments,
    mut interrupts: Interrupts,
) -> Result<RunReport, Exit> {
    // What comes out there beside the bar would leave pieces of it behind.
    let beside_bar = pipeline.sinks.iter().any(|sink| sink.type_name == "stdout")
        && console::output_may_be_shown();
    let bar = console::is_terminal() && !how.quiet && how.log == LogFormat::Text && !beside_bar;
    let counters = Arc::new(LiveStats::new(&pipeline));
    let (stopper, stop) = Stopper::new();
    let options =
        RunOptions { stop: Some(stop), live_stats: Some(Arc::clone(&counters)), ..options };
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

/// The end of a run in JSON: its warnings, and the manifest as the log's last line.
fn tell_in_json(manifest: &Manifest) {
    if manifest.sandbox {
        LogFormat::Json.warning(&format!("sandbox: {FROM_SANDBOX}"));
    }
    for warning in &manifest.warnings {
        LogFormat::Json.warning(warning);
    }
    let level = if manifest.status == Status::Complete { "INFO" } else { "ERROR" };
    // Texts, numbers and lists can always be written.
    let value = serde_json::to_value(manifest).unwrap_or_default();
    logging::json_line(level, &outcome(manifest), Map::from_iter([("manifest".to_owned(), value)]));
}

/// The end of a run in words; `on_sandbox` is whether it was one with `--sandbox`.
fn tell(report: &RunReport, quiet: bool, on_sandbox: bool) {
    let manifest = &report.manifest;
    // Of a run that never got a page there is nothing to count.
    let table = !quiet && (manifest.source.pages > 0 || manifest.error.is_none());
    if table {
        console::write("\n");
    }
    if manifest.sandbox {
        console::sandbox(FROM_SANDBOX);
    }
    if table {
        console::write(&format!("{}\n", table::closing(manifest, console::width())));
    }
    for warning in &manifest.warnings {
        console::warning(warning);
    }
    if let Some(path) = manifest.dead_letter_file.as_ref().filter(|_| manifest.dead_letters > 0) {
        let count = table::count(manifest.dead_letters, "dead letter");
        console::line(&format!(
            "{count} in `{}`; `taskferry replay` sends them on once the reason is mended",
            path.display()
        ));
    }
    match &manifest.error {
        Some(failure) => {
            let stage =
                failure.stage.as_deref().map(|stage| format!("{stage}: ")).unwrap_or_default();
            console::error(&format!("{stage}{}", failure.message));
            if let Some(origin) = report.error.as_ref().and_then(StageFailure::origin) {
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
                console::line(&format!("  {}", violation.message));
            }
            // A dry run leaves nothing to go on with.
            if !manifest.dry_run && !manifest.sinks.iter().any(|sink| sink.published) {
                let sandbox = if on_sandbox { "--sandbox " } else { "" };
                let accept = manifest.violations.iter().map(|it| format!("--set {}", it.accept));
                let accept = accept.collect::<Vec<_>>().join(" ");
                console::line(&format!(
                    "  help: if it is right all the same, run once with `{sandbox}{accept}`: it goes on with what was read, and \
                     later runs are compared with it"
                ));
            }
            console::line(&outcome(manifest));
        }
        None if quiet && manifest.status == Status::Complete => {}
        None => console::line(&outcome(manifest)),
    }
}

fn outcome(manifest: &Manifest) -> String {
    let took = manifest.finished_at.duration_since(manifest.started_at).as_secs_f64();
    let share = manifest.shard.as_ref();
    let share = share.map(|shard| format!(" (share {} of {})", shard.index, shard.count));
    let name = format!("{}{}", manifest.pipeline, share.unwrap_or_default());
    let committed = manifest.committed.as_ref().map_or(0, |committed| committed.pages);
    let were = if committed == 1 { "was" } else { "were" };
    let so_far =
        format!("{} {were} delivered, {}", table::count(committed, "page"), published(manifest));
    let so_far = if manifest.dry_run {
        "it was a dry run, and nothing was published or sent".to_owned()
    } else if manifest.resumable {
        format!("{so_far}, and the next run goes on there")
    } else {
        so_far
    };
    match manifest.status {
        Status::Suspicious => {
            format!("{name}: suspicious after {took:.1} s; {so_far} (run {})", manifest.run_id)
        }
        Status::Complete if manifest.dry_run => {
            format!("{name}: complete in {took:.1} s; {so_far}")
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
    let only = if manifest.sinks.iter().all(|sink| sink.published) { "" } else { "only " };
    match &files[..] {
        [] => "nothing was published".to_owned(),
        [file] => format!("{only}{file} was published"),
        _ => format!("{only}{} were published", files.join(", ")),
    }
}
