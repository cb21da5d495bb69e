//! The account of a run, once it has ended.

use taskferry_core::RunContext;

use super::publish::Commit;
use super::{Dispatcher, RunReport, this_millisecond};
use crate::manifest::{
    self, Committed, Failure, Manifest, SinkSummary, SourceSummary, Status, TransformSummary,
};
use crate::progress::{Progress, TransformProgress};

impl Dispatcher {
    pub(super) fn report(
        self,
        run: &RunContext,
        source: (String, &'static str),
        progress: &Progress,
    ) -> RunReport {
        let interrupt = self.interrupt.filter(|_| self.error.is_none());
        let status = match (&self.error, interrupt) {
            (Some(_), _) => Status::Failed,
            (None, Some(_)) => Status::Interrupted,
            (None, None) => Status::Complete,
        };
        let committed = self.committed();
        let mut warnings = left_out(progress);
        if status == Status::Complete {
            warnings.extend(nothing_came(&source.0, progress));
        }
        let mut sinks = Vec::new();
        for (progress, state) in progress.sinks.iter().zip(self.sinks) {
            let mut delivery = state.delivery.unwrap_or_default();
            let said = std::mem::take(&mut delivery.warnings);
            warnings.extend(
                said.into_iter().map(|warning| format!("sink `{}`: {warning}", progress.name)),
            );
            sinks.push(SinkSummary::new(
                progress,
                delivery,
                state.committed.map(|commit| commit.mark),
            ));
        }
        let manifest = Manifest {
            pipeline: run.pipeline.clone(),
            run_id: run.run_id.clone(),
            status,
            exit_code: manifest::exit_code(self.error.as_ref(), interrupt),
            started_at: run.started_at,
            finished_at: this_millisecond(),
            resumed_from: None,
            committed,
            source: SourceSummary::new(source.0, source.1, progress, self.statistics),
            transforms: progress.transforms.iter().map(TransformSummary::from).collect(),
            sinks,
            dead_letters: 0,
            warnings,
            error: self.error.as_ref().map(Failure::from),
        };
        RunReport { manifest, error: self.error }
    }

    /// What every sink has made durable: as far as the slowest has come.
    fn committed(&self) -> Option<Committed> {
        let commits: Option<Vec<&Commit>> =
            self.sinks.iter().map(|sink| sink.committed.as_ref()).collect();
        let slowest = commits?.into_iter().min_by_key(|commit| commit.pages)?;
        let next_cursor = slowest.next.as_ref().map(|next| next.as_str().to_owned());
        Some(Committed { pages: slowest.pages, next_cursor })
    }
}

/// A warning where a run is complete and nothing came of it: most often a mistyped filter, or credentials that
/// may see nothing.
fn nothing_came(source: &str, progress: &Progress) -> Vec<String> {
    if progress.source.records() == 0 {
        return vec![format!(
            "source `{source}`: there was no record; check its filters, and what the credentials may see"
        )];
    }
    let empty = progress.sinks.iter().filter(|sink| sink.records() == 0);
    empty
        .map(|sink| {
            format!(
                "sink `{}`: none of the {} records read came this far",
                sink.name,
                progress.source.records()
            )
        })
        .collect()
}

/// A warning for each transform that left records out.
fn left_out(progress: &Progress) -> Vec<String> {
    let own = progress.sinks.iter().flat_map(|sink| &sink.transforms);
    let transforms = progress.transforms.iter().chain(own).filter(|transform| transform.skips);
    let warning = |transform: &TransformProgress| match transform.failed() {
        0 => None,
        1 => Some(format!("transform `{}`: 1 record was left out", transform.name)),
        count => Some(format!("transform `{}`: {count} records were left out", transform.name)),
    };
    transforms.filter_map(warning).collect()
}
