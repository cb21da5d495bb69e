//! The account of a run, once it has ended.

use std::iter;

use taskferry_pipeline::OnError;
use taskferry_sdk::RunContext;

use super::{CLEAN_UP, Dispatcher};
use crate::account::{Account, SinkCount, TransformCount};
use crate::checkpoint::CheckpointState;
use crate::clock::this_millisecond;
use crate::expect::Baseline;
use crate::keeper::Files;
use crate::manifest::{
    Committed, Ending, Failure, Manifest, ShardSummary, SinkSummary, SourceSummary, Status,
    TransformSummary,
};
use crate::outline::{Outline, SinkOutline, StageOutline};
use crate::run_report::RunReport;

impl Dispatcher {
    /// The report, and the files that state is kept in, closed.
    pub(crate) async fn report(
        mut self,
        run: &RunContext,
        outline: Outline,
    ) -> (RunReport, Option<Files>) {
        let hopeless = self.error.as_ref().is_some_and(|failure| !failure.error().is_resumable());
        if hopeless && self.ledger.position().is_some() {
            self.save_again(CheckpointState::Hopeless);
        }
        let said = self.transforms_say();
        let files = if self.abandoned {
            // A disk that hangs must not keep a run that is not to wait.
            tokio::time::timeout(CLEAN_UP, self.keeper.close()).await.ok().flatten()
        } else {
            self.keeper.close().await
        };
        // What the keeper said at last.
        while let Ok(event) = self.events.try_recv() {
            if let crate::event::Event::NotSaved(error) = event {
                self.error.get_or_insert(error);
            }
        }
        let account = self.ledger.account().clone();
        let ending = Ending {
            error: self.error.as_ref(),
            interrupt: self.interrupt.filter(|_| self.error.is_none()),
            suspicious: !self.violations.is_empty(),
            dead_letters: account.dead_letters(),
        };
        let (status, exit_code) = (ending.status(), ending.exit_code());
        let source = &outline.source.name;
        let of_source = std::mem::take(&mut self.source_warnings).into_iter();
        let mut warnings: Vec<String> =
            of_source.map(|said| format!("source `{source}`: {said}")).collect();
        warnings.extend(refused(&outline, &account));
        if matches!(status, Status::Complete | Status::Suspicious) && !run.replay {
            let last = self.baseline.last();
            // A share may well be empty.
            warnings.extend(nothing_came(&outline, &account, last, run.shard.is_none()));
            warnings.extend(self.baseline.warning(&self.expect, self.experiment.is_some()));
        }
        let committed = match &files {
            // What could not be written down is not gone on with.
            Some(files) if run.resumable => files.saved().cloned(),
            _ => self.ledger.position().map(|position| Committed {
                pages: position.pages,
                next_cursor: position.cursor.map(|cursor| cursor.as_str().to_owned()),
            }),
        };
        warnings.extend(said);
        let mut sinks = Vec::new();
        let at_end = self.sinks.into_iter().zip(&account.sinks).zip(outline.sinks);
        for (index, ((state, count), outline)) in at_end.enumerate() {
            let published = state.delivery.is_some();
            let mut delivery = state.delivery.unwrap_or_else(|| self.ledger.delivery(index));
            let said = std::mem::take(&mut delivery.warnings);
            let name = &outline.stage.name;
            warnings.extend(said.into_iter().map(|said| format!("sink `{name}`: {said}")));
            sinks.push(SinkSummary::new(
                outline,
                count,
                delivery,
                state.mark,
                published && !run.dry_run,
            ));
        }
        let manifest = Manifest {
            pipeline: run.pipeline.clone(),
            run_id: run.run_id.clone(),
            digest: String::new(),
            experiment: None,
            dry_run: run.dry_run,
            replay: run.replay,
            sandbox: run.sandbox || account.source.sandbox,
            shard: run.shard.map(|shard| ShardSummary::new(shard, self.share)),
            status,
            exit_code,
            started_at: run.started_at,
            finished_at: this_millisecond(),
            resumed_from: None,
            resumable: committed.is_some()
                && run.resumable
                && !hopeless
                && matches!(status, Status::Failed | Status::Interrupted),
            committed,
            source: SourceSummary::new(outline.source, &account.source),
            transforms: TransformSummary::all(outline.transforms, &account.transforms),
            sinks,
            dead_letters: account.dead_letters(),
            dead_letter_file: None,
            violations: self.violations,
            warnings,
            error: self.error.as_ref().map(Failure::from),
        };
        (RunReport { manifest, error: self.error }, files)
    }

    /// What the transforms say about their totals. What several say in the same words is said once.
    fn transforms_say(&self) -> Vec<String> {
        let account = self.ledger.account();
        let own = self.sinks.iter().zip(&account.sinks);
        let own = own.map(|(sink, count)| (&sink.chain, &count.transforms));
        let mut said: Vec<(String, String)> = Vec::new();
        for (chain, totals) in iter::once((&self.chain, &account.transforms)).chain(own) {
            let warnings = chain.iter().flat_map(|chain| chain.warnings(totals));
            for (name, text) in warnings {
                if said.iter().all(|(_, known)| *known != text) {
                    said.push((name, text));
                }
            }
        }
        said.into_iter().map(|(name, text)| format!("transform `{name}`: {text}")).collect()
    }
}

/// Warnings where a run is complete and nothing came of it: most often a mistyped filter, or credentials that may see
/// nothing. Where the last complete run is known, it is told what came then; otherwise nothing is unusual only in a
/// `whole` listing.
fn nothing_came(
    outline: &Outline,
    account: &Account,
    last: Option<&Baseline>,
    whole: bool,
) -> Vec<String> {
    let read = account.source.records;
    let then = |count: u64, last: &Baseline| {
        format!(", and the last complete run ({}) had {count}", last.run_id)
    };
    if read == 0 {
        let before = last.filter(|last| last.jobs > 0).map(|last| then(last.jobs, last));
        let source = &outline.source.name;
        let advice = "check its filters, and what the credentials may see";
        let before_or_whole = before.or_else(|| whole.then(String::new));
        let warning =
            |before: String| format!("source `{source}`: there was no record{before}; {advice}");
        return before_or_whole.map(warning).into_iter().collect();
    }
    let sinks = outline.sinks.iter().zip(&account.sinks).filter(|(_, count)| count.delivered == 0);
    let warning = |(outline, count): (&SinkOutline, &SinkCount)| {
        let name = &outline.stage.name;
        let before = last.and_then(|last| {
            let count = *last.delivered.get(name).filter(|count| **count > 0)?;
            Some(then(count, last))
        });
        // Records that were refused are told of where they are counted.
        let unusual = before.is_some() || (whole && count.records_in == 0);
        let before = before.unwrap_or_default();
        unusual.then(|| match count.records_in {
            0 => format!("sink `{name}`: none of the {read} records read came this far{before}"),
            _ => format!("sink `{name}`: no record was delivered{before}"),
        })
    };
    sinks.filter_map(warning).collect()
}

/// A warning for each stage that refused records without ending the run.
fn refused(outline: &Outline, account: &Account) -> Vec<String> {
    let mut warnings = transforms_refused(&outline.transforms, &account.transforms);
    for (outline, count) in outline.sinks.iter().zip(&account.sinks) {
        warnings.extend(transforms_refused(&outline.transforms, &count.transforms));
        let refused = count.skipped + count.dead_letters;
        warnings.extend(warning("sink", &outline.stage, refused));
    }
    warnings
}

fn transforms_refused(outlines: &[StageOutline], counts: &[TransformCount]) -> Vec<String> {
    let stages = outlines.iter().zip(counts);
    stages
        .filter_map(|(outline, count)| {
            warning("transform", outline, count.skipped + count.dead_letters)
        })
        .collect()
}

fn warning(role: &str, stage: &StageOutline, refused: u64) -> Option<String> {
    let name = &stage.name;
    let what =
        if stage.on_error == OnError::DeadLetter { "sent to the dead letters" } else { "left out" };
    match refused {
        0 => None,
        1 => Some(format!("{role} `{name}`: 1 record was {what}")),
        count => Some(format!("{role} `{name}`: {count} records were {what}")),
    }
}
