//! `taskferry merge`: the manifests of all shares of an export, put together.

mod share;
mod whole;

use std::path::{Path, PathBuf};

use taskferry_sdk::printable_json;

use super::account_file::AccountFile;
use super::arguments::MergeArguments;
use super::listing::Listing;
use super::run::FROM_SANDBOX;
use super::table;
use crate::console;
use crate::exit::Exit;
use share::ShareManifest;
use whole::Whole;

/// Shows what each share came to, and says whether together they are the export.
pub(crate) fn merge(arguments: &MergeArguments) -> Exit {
    let summary = match prepare(arguments) {
        Ok(summary) => summary,
        Err(message) => return usage(&[message]),
    };
    let mut shares = Vec::new();
    let mut problems = Vec::new();
    for path in &arguments.manifests {
        match ShareManifest::read(path) {
            Ok(share) => shares.push(share),
            Err(why) => problems.push(format!("`{}` {why}", path.display())),
        }
    }
    shares.sort_by_key(|share| share.index);
    problems.extend(whole::strangers(&shares));
    if !problems.is_empty() {
        return usage(&problems);
    }
    let Some(whole) = Whole::of(&shares) else {
        return usage(&["no manifest is named".to_owned()]);
    };
    let printed = Exit::printed(&console::page(&overview(&shares)));
    if printed != Exit::COMPLETE {
        return printed;
    }
    let mut exit = Exit(whole.exit_code());
    if let Some(file) = summary {
        let exported: Vec<PathBuf> = whole.files();
        let exported: Vec<&Path> = exported.iter().map(PathBuf::as_path).collect();
        if let Err(error) =
            file.write(&printable_json(&format!("{:#}\n", whole.manifest())), &exported)
        {
            console::error(&format!("can't write the summary: {error}"));
            exit = if exit == Exit::COMPLETE { Exit::SINK } else { exit };
        }
    }
    tell(&whole);
    exit
}

fn prepare(arguments: &MergeArguments) -> Result<Option<AccountFile>, String> {
    let inputs: Vec<&Path> = arguments.manifests.iter().map(PathBuf::as_path).collect();
    let prepare = |path: &PathBuf| {
        if AccountFile::would_replace(path, &inputs) {
            let why = "it is one of the manifests that are merged";
            return Err(format!("can't write the summary `{}`: {why}", path.display()));
        }
        AccountFile::prepare(path, &[])
            .map_err(|error| format!("can't write the summary `{}`: {error}", path.display()))
    };
    arguments.summary.as_ref().map(prepare).transpose()
}

fn usage(problems: &[String]) -> Exit {
    for problem in problems {
        console::error(problem);
    }
    Exit::USAGE
}

/// A share a line.
fn overview(shares: &[ShareManifest]) -> String {
    let header = ["share", "status", "exit", "jobs", "delivered", "dead", "run", "what"];
    let mut shown = Listing::new(&header, 2..=5);
    let in_parts = shares.iter().any(|share| !share.values.is_empty());
    for share in shares {
        let delivered: Vec<String> =
            share.sinks.iter().map(|sink| table::number(sink.records)).collect();
        shown.row([
            format!("{} of {}", share.index, share.count),
            share.status.clone(),
            share.exit_code.to_string(),
            table::number(share.source.records),
            delivered.join(", "),
            table::number(share.dead_letters),
            share.run_id.clone(),
            share.what(in_parts),
        ]);
    }
    shown.drawn(console::page_width())
}

fn tell(whole: &Whole<'_>) {
    if whole.is_made_up() {
        console::sandbox(FROM_SANDBOX);
    }
    let (name, jobs) = (whole.pipeline(), table::count(whole.jobs(), "job"));
    if whole.gaps().is_empty() {
        let dead = match whole.dead_letters() {
            0 => String::new(),
            dead => format!(", {}", table::count(dead, "dead letter")),
        };
        console::line(&format!(
            "{name}: all {} are there, {jobs}{dead}",
            table::count(u64::from(whole.count()), "share")
        ));
        return;
    }
    console::error("the shares are not the whole export");
    for gap in whole.gaps() {
        console::line(&format!("  {gap}"));
    }
    console::line(&format!("{name}: {jobs} in {}", table::count(whole.shares(), "share")));
}
