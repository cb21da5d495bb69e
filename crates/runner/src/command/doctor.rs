//! `taskferry doctor`: checks everything that a run of a pipeline needs, and delivers nothing.

mod bundle;
mod local;
mod plan;
mod report;

use std::time::{Duration, Instant};

use taskferry_config::{Checked, Diagnostic};
use taskferry_pipeline::{Pipeline, Registry};
use taskferry_sdk::{Check, Finding, Severity, Verdict};

use super::arguments::DoctorArguments;
use super::diagnostics;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::wrap::indented;
use plan::Planned;
use report::{CheckResult, Report};

/// Runs the checks, and reports the results.
pub(crate) async fn doctor(registry: &Registry, arguments: DoctorArguments) -> Ended {
    let start = Instant::now();
    if arguments.timeout.get().is_zero() {
        return Err(CommandError::usage("`--timeout` must be greater than zero"));
    }
    let (first, pipeline) = check_files(registry, &arguments);
    let mut plan = pipeline.map(|pipeline| plan::of(pipeline, &arguments)).unwrap_or_default();
    let known = plan::names(&first, &plan);
    // Without a checked pipeline, the checks of its stages are not known.
    if first.verdict() != Verdict::Failed
        && let Some(unknown) = arguments.check.iter().find(|name| !known.contains(&name.as_str()))
    {
        let known = known.join(", ");
        let message = format!("the pipeline has no check `{unknown}`; its checks are {known}");
        return Err(CommandError::usage(message));
    }
    let is_selected =
        |name: &str| arguments.check.is_empty() || arguments.check.iter().any(|one| one == name);
    plan.retain(|planned| is_selected(planned.check.name()));
    announce(&plan);
    // If the file has an error, no check can run, so the error is shown even if another check was selected.
    let mut results = Vec::new();
    if is_selected(first.check) || first.verdict() == Verdict::Failed {
        results.push(first);
    }
    for planned in plan {
        let result = make(planned, arguments.timeout.get(), &results).await;
        results.push(result);
    }
    let report = Report::new(&arguments, results, start.elapsed());
    let exit = report.exit();
    if let Some(path) = &arguments.bundle
        && let Err(message) = bundle::write(path, registry, &arguments, &report)
    {
        return Err(CommandError::new(exit.or(Exit::SINK), message));
    }
    printed(if arguments.json {
        console::data(&(report.json() + "\n"))
    } else {
        console::drawn_page(&report.text(arguments.verbose, console::page_width()))
    })?;
    Ok(exit)
}

/// Checks the pipeline file and its overlays, as `taskferry check` does.
fn check_files(
    registry: &Registry,
    arguments: &DoctorArguments,
) -> (CheckResult, Option<Pipeline>) {
    let start = Instant::now();
    let finding = |diagnostic: &Diagnostic| {
        let finding = match diagnostic.severity() {
            Severity::Error => Finding::failed(diagnostic.in_one_line()),
            Severity::Warning => Finding::warning(diagnostic.in_one_line()),
        };
        match diagnostic.help_text() {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    };
    let layers = arguments.layers.layers(&arguments.file);
    let (findings, pipeline): (Vec<_>, _) = match taskferry_config::load(&layers, registry) {
        Ok(Checked { pipeline, warnings, .. }) => {
            let outline = super::check::outline(&pipeline);
            let ok = Finding::ok(format!("{}: {outline}", arguments.file.display()));
            let findings = std::iter::once(ok).chain(warnings.iter().map(finding));
            (findings.collect(), Some(pipeline))
        }
        Err(found) => {
            diagnostics::write(found.all(), LogFormat::Text);
            (found.all().iter().map(finding).collect(), None)
        }
    };
    let is_shown = pipeline.is_none();
    let result = CheckResult {
        stage: None,
        check: "pipeline",
        findings,
        elapsed: start.elapsed(),
        exit: Exit::USAGE,
        is_blocked: false,
        is_shown,
    };
    (result, pipeline)
}

/// Lists the requests before the first request is sent.
fn announce(plan: &[Planned]) {
    let mut stages: Vec<(&str, Vec<&str>)> = Vec::new();
    for planned in plan {
        let (Some(stage), Some(requests)) = (&planned.stage, planned.check.requests()) else {
            continue;
        };
        match stages.iter_mut().find(|(known, _)| known == stage) {
            Some((_, all)) if all.contains(&requests) => {}
            Some((_, all)) => all.push(requests),
            None => stages.push((stage, vec![requests])),
        }
    }
    if stages.is_empty() {
        return;
    }
    let mut text = String::from("these checks send requests, and deliver no record:\n");
    let width = console::width().unwrap_or(usize::MAX);
    for (stage, requests) in stages {
        text.push_str(&indented(&format!("{stage}: {}", requests.join("; ")), "  ", width));
    }
    console::write(&text);
}

/// Makes one check within its time limit, unless a check that it needs did not succeed.
async fn make(planned: Planned, time_limit: Duration, earlier: &[CheckResult]) -> CheckResult {
    let Planned { stage, exit, check } = planned;
    let name = check.name();
    let failed = check.needed().iter().find(|needed| {
        earlier.iter().any(|result| {
            result.stage == stage
                && result.check == **needed
                && (result.is_blocked || result.verdict() == Verdict::Failed)
        })
    });
    let failed = failed.copied();
    let start = Instant::now();
    let findings = match failed {
        Some(needed) => {
            vec![Finding::skipped(format!("the check requires `{needed}`, which did not succeed"))]
        }
        None => findings_of(check, time_limit).await,
    };
    let (elapsed, is_blocked) = (start.elapsed(), failed.is_some());
    CheckResult { stage, check: name, findings, elapsed, exit, is_blocked, is_shown: false }
}

/// Runs a check within the time limit. A panic of a plugin is a finding.
async fn findings_of(check: Check, time_limit: Duration) -> Vec<Finding> {
    let mut running = tokio::spawn(check.run());
    match tokio::time::timeout(time_limit, &mut running).await {
        Ok(Ok(mut findings)) => {
            // Removes duplicates: if a proxy fails, two servers behind the proxy report the same problem.
            findings.dedup();
            findings
        }
        Ok(Err(_)) => vec![
            Finding::failed("the check panicked")
                .hint("this is a defect in the plugin; please report it"),
        ],
        Err(_) => {
            running.abort();
            let seconds = time_limit.as_secs_f64();
            vec![
                Finding::failed(format!("no result within {seconds} s"))
                    .hint("check the network, or raise the limit with `--timeout`"),
            ]
        }
    }
}
