//! `taskferry merge`: merges the manifests of all shares of an export.

mod merged;
mod share;

use std::path::{Path, PathBuf};

use super::arguments::MergeArguments;
use super::format::{count, number};
use super::reports::ReportFile;
use super::summary::FROM_SANDBOX;
use super::text_table::TextTable;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
pub(crate) use merged::MergedManifest;
use merged::{Merged, mismatches};
use share::ShareManifest;

/// Prints the shares, and reports whether they are the whole export.
pub(crate) fn merge(arguments: &MergeArguments) -> Ended {
    let inputs: Vec<&Path> = arguments.manifests.iter().map(PathBuf::as_path).collect();
    let summary = arguments.summary.as_deref();
    let summary = summary.map(|path| ReportFile::prepare("summary", path, &inputs)).transpose()?;
    let mut shares = Vec::new();
    let mut problems = Vec::new();
    for path in inputs {
        match ShareManifest::read(path) {
            Ok(share) => shares.push(share),
            Err(reason) => problems.push(format!("`{}` {reason}", path.display())),
        }
    }
    shares.sort_by_key(|share| share.shard.index);
    problems.extend(mismatches(&shares));
    if !problems.is_empty() {
        for problem in &problems {
            console::error(problem);
        }
        return Ok(Exit::USAGE);
    }
    let merged =
        Merged::of(&shares).ok_or_else(|| CommandError::usage("pass at least one manifest"))?;
    printed(console::page(&overview(&shares)))?;
    let mut exit = Exit(merged.exit_code());
    if let Some(file) = summary {
        let exported = merged.files();
        let exported: Vec<&Path> = exported.iter().map(PathBuf::as_path).collect();
        let text = console::printable_document(&merged.manifest()) + "\n";
        if let Err(message) = file.write(&text, &exported) {
            console::error(&message);
            exit = exit.or(Exit::SINK);
        }
    }
    write_outcome(&merged, shares.len() as u64);
    Ok(exit)
}

/// A table with one row a share.
fn overview(shares: &[ShareManifest]) -> String {
    let header = ["share", "status", "exit", "jobs", "delivered", "dead", "run", "content"];
    let mut table = TextTable::new(&header, 2..=5);
    let partitioned = shares.iter().any(|share| !share.shard.values.is_empty());
    for share in shares {
        let delivered = share.run.sinks.iter().map(|sink| number(sink.records));
        table.row([
            format!("{} of {}", share.shard.index, share.shard.count),
            share.run.status.clone(),
            share.run.exit_code.to_string(),
            number(share.run.source.records),
            delivered.collect::<Vec<_>>().join(", "),
            number(share.run.dead_letters),
            share.run.run_id.clone(),
            share.content(partitioned),
        ]);
    }
    table.draw(console::page_width())
}

fn write_outcome(merged: &Merged<'_>, given: u64) {
    if merged.has_sandbox_data() {
        console::sandbox(FROM_SANDBOX);
    }
    let (name, jobs) = (merged.pipeline(), count(merged.jobs(), "job"));
    if !merged.gaps().is_empty() {
        console::error("the merged export is not complete");
        for gap in merged.gaps() {
            console::line(&format!("  {gap}"));
        }
        return console::line(&format!("{name}: {jobs} in {}", count(given, "share")));
    }
    let dead = match merged.dead_letters() {
        0 => String::new(),
        dead => format!(", {}", count(dead, "dead letter")),
    };
    let all = count(u64::from(merged.count()), "share");
    console::line(&format!("{name}: all {all} are complete, {jobs}{dead}"));
}
