//! Completes the manifest after the run.

use std::iter;
use std::sync::Arc;

use futures_util::future::join_all;
use taskferry_pipeline::DriftAction;

use super::{ABORT_TIMEOUT, Dispatcher, GRACE_PERIOD};
use crate::baseline::Baseline;
use crate::chain::Chain;
use crate::checkpoint::CheckpointState;
use crate::checkpoint_writer::StateFiles;
use crate::drift::Drift;
use crate::manifest::{
    Committed, Failure, Manifest, RunReport, SinkSummary, Status, TransformSummary,
    current_millisecond,
};
use crate::run_stats::TransformStats;
use crate::worker_event::WorkerEvent;

impl Dispatcher {
    /// Completes the manifest. Returns the report and the closed state files.
    pub(crate) async fn report(
        mut self,
        mut manifest: Manifest,
    ) -> (RunReport, Option<StateFiles>) {
        let is_resumable = self.error.as_ref().is_none_or(|failure| failure.error().is_resumable());
        if !is_resumable && self.progress.position().is_some() {
            self.save_again(CheckpointState::NotResumable);
        }
        self.close_transforms().await;
        let transform_warnings = self.transform_warnings();
        let may_be_empty = self.may_be_empty();
        manifest.withheld_removals = self.withheld_removals();
        let files = if self.aborted {
            // The run must end even if the disk hangs.
            tokio::time::timeout(ABORT_TIMEOUT, self.checkpoints.close()).await.ok().flatten()
        } else {
            self.checkpoints.close().await
        };
        while let Ok(event) = self.events.try_recv() {
            if let WorkerEvent::SaveFailed(error) = event {
                self.error.get_or_insert(error);
            }
        }

        let stats = self.progress.stats().clone();
        manifest.source.set_stats(&stats.source);
        for (summary, stats) in manifest.transforms.iter_mut().zip(&stats.transforms) {
            summary.set_stats(stats);
        }
        for (summary, stats) in manifest.sinks.iter_mut().zip(&stats.sinks) {
            summary.set_stats(stats);
        }
        manifest.sandbox |= stats.source.sandbox;
        manifest.dead_letters = stats.dead_letters();
        manifest.violations = std::mem::take(&mut self.violations);
        manifest.drift = Drift::since(&self.baseline, &stats.source.fields);
        manifest.finished_at = current_millisecond();
        manifest.set_status(self.error.as_ref(), self.interrupt);
        manifest.error = self.error.as_ref().map(Failure::from);
        if let (Some(shard), Some(range)) = (&mut manifest.shard, self.shard_range.take()) {
            shard.range = range;
        }
        manifest.committed = match &files {
            // The next run resumes at the last saved checkpoint.
            Some(files) if self.run.resumable => files.saved().cloned(),
            _ => self.progress.position().map(|position| Committed {
                pages: position.pages,
                next_cursor: position.cursor.map(|cursor| cursor.as_str().to_owned()),
            }),
        };
        manifest.resumable = manifest.committed.is_some()
            && self.run.resumable
            && is_resumable
            && matches!(manifest.status, Status::Failed | Status::Interrupted);

        let source = &manifest.source.name;
        let source_warnings = std::mem::take(&mut self.source_warnings).into_iter();
        let mut warnings: Vec<String> =
            source_warnings.map(|text| format!("source `{source}`: {text}")).collect();
        warnings.extend(refusal_warnings(&manifest));
        if matches!(manifest.status, Status::Complete | Status::Suspicious) && !manifest.replay {
            warnings.extend(empty_warnings(&manifest, self.baseline.last(), &may_be_empty));
            warnings.extend(self.baseline.warning(&self.expect, manifest.experiment.is_some()));
            let drift = manifest.drift.as_ref().filter(|drift| !drift.is_empty());
            if let Some(drift) = drift.filter(|_| self.expect.drift == DriftAction::Warn) {
                warnings.push(format!("source `{}`: {}", manifest.source.name, drift.message()));
            }
        }
        warnings.extend(transform_warnings);
        for (index, (sink, summary)) in self.sinks.into_iter().zip(&mut manifest.sinks).enumerate()
        {
            summary.published = sink.published.is_some() && !manifest.dry_run;
            summary.state = sink.state;
            let mut delivery = sink.published.unwrap_or_else(|| self.progress.take_delivery(index));
            let texts = std::mem::take(&mut delivery.warnings).into_iter();
            warnings.extend(texts.map(|text| format!("sink `{}`: {text}", summary.name)));
            summary.set_delivery(delivery);
        }
        manifest.warnings.extend(warnings);
        let fields = stats.source.fields;
        (RunReport { manifest, error: self.error, fields }, files)
    }

    /// Closes the transforms that are open, within a time limit.
    fn close_transforms(&self) -> impl Future<Output = ()> + use<> {
        let chains = iter::once(&self.chain).chain(self.sinks.iter().map(|sink| &sink.chain));
        let chains: Vec<_> = chains.flatten().cloned().collect();
        let limit = if self.aborted { ABORT_TIMEOUT } else { GRACE_PERIOD };
        async move {
            let closing = join_all(chains.iter().map(|chain| chain.close()));
            _ = tokio::time::timeout(limit, closing).await;
        }
    }

    /// The transforms of the pipeline and those of each sink, with their counts.
    fn chains(&self) -> impl Iterator<Item = (Option<&Arc<Chain>>, &[TransformStats])> {
        let stats = self.progress.stats();
        let own = self.sinks.iter().zip(&stats.sinks);
        let own = own.map(|(sink, stats)| (sink.chain.as_ref(), &stats.transforms[..]));
        iter::once((self.chain.as_ref(), &stats.transforms[..])).chain(own)
    }

    fn withheld_removals(&self) -> u64 {
        let chains = self.chains();
        chains.filter_map(|(chain, totals)| Some(chain?.withheld_removals(totals))).sum()
    }

    /// For each sink, whether it is normal that it receives no record.
    fn may_be_empty(&self) -> Vec<bool> {
        let mut chains =
            self.chains().map(|(chain, _)| chain.is_some_and(|chain| chain.may_emit_nothing()));
        let shared = chains.next().unwrap_or_default();
        chains.map(|own| shared || own).collect()
    }

    /// The warnings of all transforms. A text that several transforms return is listed once.
    fn transform_warnings(&self) -> Vec<String> {
        let mut warnings: Vec<(String, String)> = Vec::new();
        for (chain, totals) in self.chains() {
            for (name, text) in chain.iter().flat_map(|chain| chain.warnings(totals)) {
                if warnings.iter().all(|(_, known)| *known != text) {
                    warnings.push((name, text));
                }
            }
        }
        warnings.into_iter().map(|(name, text)| format!("transform `{name}`: {text}")).collect()
    }
}

/// Warnings if a complete run read or delivered nothing. The usual causes are a mistyped filter and credentials with
/// too few permissions. A shard can be empty, so a shard gets a warning only if the last complete run had records.
/// `may_be_empty` is true for each sink that is expected to receive no records in some runs.
fn empty_warnings(
    manifest: &Manifest,
    last: Option<&Baseline>,
    may_be_empty: &[bool],
) -> Vec<String> {
    let (read, is_whole) = (manifest.source.records, manifest.shard.is_none());
    let compared = |count: u64, last: &Baseline| {
        format!(", but the last complete run ({}) had {count}", last.run_id)
    };
    if read == 0 {
        let last = last.filter(|last| last.jobs > 0).map(|last| compared(last.jobs, last));
        let warning = |last: String| {
            format!(
                "source `{}`: no record was read{last}; check the source's filters and the credentials' permissions",
                manifest.source.name
            )
        };
        return last.or_else(|| is_whole.then(String::new)).map(warning).into_iter().collect();
    }
    let is_unexpected = |(sink, may_be_empty): &(&SinkSummary, &bool)| {
        sink.records == 0 && !(**may_be_empty && sink.records_in == 0)
    };
    let empty = manifest.sinks.iter().zip(may_be_empty).filter(is_unexpected).map(|(sink, _)| sink);
    let warning = |sink: &SinkSummary| {
        let name = &sink.name;
        let last = last.and_then(|last| {
            let count = *last.delivered.get(name).filter(|count| **count > 0)?;
            Some(compared(count, last))
        });
        // Refused records have their own warning.
        let is_unusual = last.is_some() || (is_whole && sink.records_in == 0);
        let last = last.unwrap_or_default();
        is_unusual.then(|| match sink.records_in {
            0 => format!("sink `{name}`: received none of the {read} records that the source read{last}; check the filters of the transforms"),
            _ => format!("sink `{name}`: no record was delivered{last}"),
        })
    };
    empty.filter_map(warning).collect()
}

/// A warning for each stage that refused records.
fn refusal_warnings(manifest: &Manifest) -> Vec<String> {
    let transform = |summary: &TransformSummary| {
        refusal_warning("transform", &summary.name, summary.failed, summary.dead_letters)
    };
    let mut warnings: Vec<String> = manifest.transforms.iter().filter_map(transform).collect();
    for sink in &manifest.sinks {
        warnings.extend(sink.transforms.iter().filter_map(transform));
        warnings.extend(refusal_warning("sink", &sink.name, sink.failed, sink.dead_letters));
    }
    warnings
}

fn refusal_warning(role: &str, name: &str, failed: u64, dead_letters: u64) -> Option<String> {
    let action = if dead_letters > 0 { "written to the dead-letter file" } else { "skipped" };
    match failed {
        0 => None,
        1 => Some(format!("{role} `{name}`: 1 record was {action}")),
        count => Some(format!("{role} `{name}`: {count} records were {action}")),
    }
}
