//! The outcome of a run in one line.

use taskferry_engine::{Manifest, Status};

use crate::command::format::count;

/// The note on every run on a sandbox.
pub(crate) const FROM_SANDBOX: &str =
    "the records come from a sandbox, not from TechWolf; this is not a real export";

/// The outcome in one line.
pub(super) fn outcome(manifest: &Manifest) -> String {
    let shard = manifest.shard.as_ref();
    let shard = shard.map(|shard| format!(" (shard {} of {})", shard.index, shard.count));
    let name = format!("{}{}", manifest.pipeline, shard.unwrap_or_default());
    let seconds = manifest.finished_at.duration_since(manifest.started_at).as_secs_f64();
    let status = match manifest.status {
        Status::Complete => "complete",
        Status::Suspicious => "suspicious",
        Status::Failed => "failed",
        Status::Interrupted => "interrupted",
    };
    let time = match (&manifest.resumed_from, manifest.status) {
        (Some(_), _) => format!("{seconds:.1} s after its first start"),
        (None, Status::Complete) => format!("in {seconds:.1} s"),
        (None, _) => format!("after {seconds:.1} s"),
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
        Status::Complete if manifest.withheld_removals > 0 => {
            format!("; {} withheld{run}", count(manifest.withheld_removals, "removal"))
        }
        Status::Complete => run,
        _ if manifest.dry_run => format!("; dry run: nothing was published or sent{run}"),
        _ => format!("{}{run}", progress()),
    };
    format!("{name}: {status} {time}{details}")
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
