//! The records of the baseline that are missing from this run.

use taskferry_sdk::{Counters, Output, Record, StageError};

use crate::baseline::Baseline;
use crate::change::with_change;
use crate::line::{RecordLine, State};
use crate::transform::{ChangeDetector, REMOVED, UNKNOWN, WITHHELD};

/// What happens to a missing record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Removed in an earlier run, within `returned_within_days`.
    Remembered,
    /// Removed longer ago than `returned_within_days`.
    Forgotten,
    /// A record of the same job was refused, so the record may still exist.
    Unknown,
    /// Withheld by an earlier run, and accepted now.
    Accepted,
    /// Removed in this run, unless the guard withholds the removals.
    Removed,
}

impl ChangeDetector {
    /// Emits the removals, or withholds them.
    pub(crate) fn finish_removals(&mut self, out: &mut Output) -> Result<(), StageError> {
        out.count(REMOVED, 0);
        let Some(mut baseline) = self.baseline.take() else { return Ok(()) };
        let result = self.find_removals(&mut baseline, out);
        self.baseline = Some(baseline);
        result
    }

    fn find_removals(
        &mut self,
        baseline: &mut Baseline,
        out: &mut Output,
    ) -> Result<(), StageError> {
        let mut missing = Vec::new();
        for offset in self.index.missing() {
            let line = baseline.read(offset)?;
            let line = RecordLine::read(&line).ok_or_else(|| baseline.damaged())?;
            missing.push((offset, self.classify(&line)));
        }
        let removed = missing.iter().filter(|(_, missing)| *missing == Missing::Removed).count();
        let is_withheld = self.guard.withholds(removed as u64, baseline.live);
        for (offset, missing) in missing {
            let line = baseline.read(offset)?;
            let mut line = RecordLine::read(&line).ok_or_else(|| baseline.damaged())?;
            match missing {
                Missing::Forgotten => continue,
                Missing::Remembered => {}
                Missing::Unknown => out.count(UNKNOWN, 1),
                Missing::Removed if is_withheld => {
                    line.state = State::Withheld;
                    out.count(WITHHELD, 1);
                }
                Missing::Accepted | Missing::Removed => {
                    line.state = State::Removed(self.run.started_at);
                    out.count(REMOVED, 1);
                    out.emit(with_change(&Record::from_node(line.record), REMOVED, &[])?);
                }
            }
            if let Some(journal) = self.journal()? {
                journal.append(&line.text())?;
            }
        }
        Ok(())
    }

    fn classify(&self, line: &RecordLine<'_>) -> Missing {
        match line.state {
            State::Removed(at) if self.is_forgotten(at) => Missing::Forgotten,
            State::Removed(_) => Missing::Remembered,
            _ if self.refused.concerns(line.job.as_deref()) => Missing::Unknown,
            State::Withheld if self.is_accepted => Missing::Accepted,
            State::Present | State::Withheld => Missing::Removed,
        }
    }

    pub(crate) fn removal_warnings(&self, totals: &Counters) -> Vec<String> {
        let mut warnings = Vec::new();
        let (withheld, unknown) = (totals.get(WITHHELD), totals.get(UNKNOWN));
        let (run_id, live) = self.baseline.as_ref().map_or(("", 0), |it| (&*it.run_id, it.live));
        if withheld > 0 {
            let percent = withheld * 100 / live.max(1);
            let accept = if self.run.dry_run {
                "a run without `--dry-run` shows the command that accepts the removals".to_owned()
            } else {
                format!(
                    "if the records were really removed at the source, accept the removals once with `taskferry run FILE --accept-removals {}`",
                    self.run.run_id
                )
            };
            warnings.push(format!(
                "{withheld} removals were withheld: {withheld} of the {live} records of run {run_id} ({percent} %) are missing, \
                 which exceeds {}; {accept}",
                self.guard
            ));
        }
        if unknown > 0 {
            warnings.push(format!(
                "{unknown} records of run {run_id} are missing, but do not count as removed, because records of their jobs were refused"
            ));
        }
        warnings
    }
}
