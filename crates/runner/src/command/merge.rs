//! `taskferry merge`: merges the manifests of all shards of an export.

mod merged;
mod shard_manifest;

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
use shard_manifest::ShardManifest;

/// Prints the shards, and reports whether they are the whole export.
pub(crate) fn merge(arguments: &MergeArguments) -> Ended {
    let inputs: Vec<&Path> = arguments.manifests.iter().map(PathBuf::as_path).collect();
    let summary = arguments.summary.as_deref();
    let summary = summary.map(|path| ReportFile::prepare("summary", path, &inputs)).transpose()?;
    let mut shards = Vec::new();
    let mut problems = Vec::new();
    for path in inputs {
        match ShardManifest::read(path) {
            Ok(manifest) => shards.push(manifest),
            Err(reason) => problems.push(format!("`{}` {reason}", path.display())),
        }
    }
    shards.sort_by_key(|manifest| manifest.shard.index);
    problems.extend(mismatches(&shards));
    if !problems.is_empty() {
        for problem in &problems {
            console::error(problem);
        }
        return Ok(Exit::USAGE);
    }
    let merged =
        Merged::of(&shards).ok_or_else(|| CommandError::usage("pass at least one manifest"))?;
    printed(console::page(&overview(&shards)))?;
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
    write_outcome(&merged, shards.len() as u64);
    Ok(exit)
}

/// A table with one row per shard.
fn overview(shards: &[ShardManifest]) -> String {
    let header = ["shard", "status", "exit", "jobs", "delivered", "dead", "run", "content"];
    let mut table = TextTable::new(&header, 2..=5);
    let partitioned = shards.iter().any(|manifest| !manifest.shard.values.is_empty());
    for manifest in shards {
        let delivered = manifest.run.sinks.iter().map(|sink| number(sink.records));
        table.row([
            format!("{} of {}", manifest.shard.index, manifest.shard.count),
            manifest.run.status.clone(),
            manifest.run.exit_code.to_string(),
            number(manifest.run.source.records),
            delivered.collect::<Vec<_>>().join(", "),
            number(manifest.run.dead_letters),
            manifest.run.run_id.clone(),
            manifest.content(partitioned),
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
        return console::line(&format!("{name}: {jobs} in {}", count(given, "shard")));
    }
    let dead = match merged.dead_letters() {
        0 => String::new(),
        dead => format!(", {}", count(dead, "dead letter")),
    };
    let all = count(u64::from(merged.count()), "shard");
    console::line(&format!("{name}: all {all} are complete, {jobs}{dead}"));
}
