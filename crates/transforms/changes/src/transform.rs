//! The transform.

use serde_json::{Value, json};
use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::json::Node;
use taskferry_sdk::{
    Counters, ErrorKind, OrderedTransform, Origin, Output, Record, RunContext, StageError,
};

use crate::baseline::{Baseline, Header, Opened};
use crate::change::{CHANGE, CHANGED_FIELDS, Change, with_change};
use crate::compare::changed_fields;
use crate::config::{Changes, Unchanged};
use crate::files;
use crate::guard::Guard;
use crate::index::{Found, Index};
use crate::journal::Journal;
use crate::key::KeyFields;
use crate::line::{self, LineKind, RecordLine, State, damaged, parse};
use crate::refused::RefusedJobs;

/// The names of the counters.
pub(crate) const REMOVED: &str = "removed";
pub(crate) const WITHHELD: &str = "removals_withheld";
pub(crate) const UNKNOWN: &str = "removals_unknown";

#[derive(Debug)]
pub(crate) struct ChangeDetector {
    pub(crate) options: Changes,
    pub(crate) key: KeyFields,
    pub(crate) guard: Guard,
    /// The context of the run. Its start time is the time of removals.
    pub(crate) run: RunContext,
    pub(crate) baseline: Option<Baseline>,
    /// Why there is no baseline, although earlier runs were complete.
    no_baseline_reason: Option<String>,
    pub(crate) index: Index,
    /// `None` in a run that keeps no state, and before the first record.
    pub(crate) journal: Option<Journal>,
    pub(crate) refused: RefusedJobs,
    /// Whether the user accepts the removals that the run of the baseline has withheld.
    pub(crate) is_accepted: bool,
}

impl ChangeDetector {
    pub(crate) fn new(options: Changes, key: KeyFields) -> Self {
        let guard =
            Guard { max_removals: options.max_removals, max_percent: options.max_removed_percent };
        Self {
            options,
            key,
            guard,
            run: RunContext::default(),
            baseline: None,
            no_baseline_reason: None,
            index: Index::default(),
            journal: None,
            refused: RefusedJobs::default(),
            is_accepted: false,
        }
    }

    fn header(&self) -> Header {
        Header::new(&self.run.stage.inputs, self.key.fields.clone())
    }

    /// Whether the run may become the baseline of later runs.
    fn is_recorded(&self) -> bool {
        self.run.state_dir.is_some() && !self.run.dry_run && !self.run.replay
    }

    /// The file of this run, created at its first line. `None` in a run that keeps no state.
    pub(crate) fn journal(&mut self) -> Result<Option<&mut Journal>, StageError> {
        if self.journal.is_none() && self.is_recorded() {
            let mut journal = self.open_journal(0)?;
            journal.append(&self.header().text())?;
            self.journal = Some(journal);
        }
        Ok(self.journal.as_mut())
    }

    fn open_journal(&self, length: u64) -> Result<Journal, StageError> {
        let folder = self.run.state_dir.clone().unwrap_or_default();
        let entry = files::own(&folder, &self.run).map_err(|error| {
            let message = format!("can't create a folder in `{}`", folder.display());
            StageError::new(ErrorKind::Io, message).caused_by(error).fatal()
        })?;
        Journal::open(entry, length)
    }

    /// Compares a record with the baseline.
    fn compare(&mut self, key: u64, record: Node<'_>) -> Result<(Change, Vec<String>), StageError> {
        let offset = match self.index.find(key) {
            Found::Nothing => return Ok((Change::Added, Vec::new())),
            Found::ThisRun(page, index) => {
                return Err(self.duplicate(record, page, index));
            }
            Found::Baseline(offset) => offset,
        };
        let Some(baseline) = &mut self.baseline else { return Err(damaged()) };
        let line = baseline.read(offset)?;
        let Some(old) = RecordLine::read(&line) else { return Err(baseline.damaged()) };
        let mut fields = changed_fields(old.record, record);
        fields.retain(|field| !self.options.ignore.contains(field));
        Ok(match old.state {
            State::Removed(at) if self.is_forgotten(at) => (Change::Added, Vec::new()),
            State::Removed(_) => (Change::Returned, fields),
            State::Present | State::Withheld if fields.is_empty() => (Change::Unchanged, fields),
            State::Present | State::Withheld => (Change::Changed, fields),
        })
    }

    fn duplicate(&self, record: Node<'_>, page: u64, index: u64) -> StageError {
        let key = self.key.text(record);
        let other = match page {
            0 => "an earlier record".to_owned(),
            page => format!("page {page}, record {}", index + 1),
        };
        let message = format!("the key {key} is not unique: {other} has the same key");
        StageError::new(ErrorKind::Record, message)
            .hint("add fields to `key`, or place a `deduplicate` transform before this one")
    }

    /// Whether a record that was removed at this time counts as new if it comes back.
    pub(crate) fn is_forgotten(&self, removed_at: Timestamp) -> bool {
        let hours = self.run.started_at.duration_since(removed_at).as_hours();
        hours >= i64::from(self.options.returned_within_days) * 24
    }

    /// The ignored fields that differ, for explanations.
    fn ignored(&mut self, key: u64, record: Node<'_>) -> Option<String> {
        let Found::Baseline(offset) = self.index.find(key) else { return None };
        let line = self.baseline.as_mut()?.read(offset).ok()?;
        let mut fields = changed_fields(RecordLine::read(&line)?.record, record);
        fields.retain(|field| self.options.ignore.contains(field));
        let all = fields.join("`, `");
        (!fields.is_empty()).then(|| format!("ignores changes of `{all}`"))
    }

    fn emit(
        &self,
        record: &Record,
        change: Change,
        fields: &[String],
        out: &mut Output,
    ) -> Result<(), StageError> {
        out.count(change.name(), 1);
        if change == Change::Unchanged {
            let since = self.baseline.as_ref().map_or("", |baseline| &baseline.run_id);
            let (is_dropped, action) = match self.options.unchanged {
                Unchanged::Drop => (true, "drops"),
                Unchanged::Keep => (false, "keeps"),
            };
            out.explain("unchanged", || {
                format!("{action} the record: nothing has changed since run {since}")
            });
            if is_dropped {
                return Ok(());
            }
        }
        out.emit(with_change(record, change.name(), fields)?);
        Ok(())
    }
}

impl OrderedTransform for ChangeDetector {
    fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        self.run = run.clone();
        match Opened::open(run, &self.header())? {
            Opened::Found(baseline, index) => {
                self.is_accepted = run.accept_removals.as_ref() == Some(&baseline.run_id);
                (self.baseline, self.index) = (Some(baseline), index);
            }
            Opened::New(reason) => self.no_baseline_reason = reason,
        }
        if let (true, Some(folder)) = (self.is_recorded(), &run.state_dir) {
            files::remove_old(folder, run);
        }
        Ok(())
    }

    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        let key = self.key.hash(root)?;
        for field in [CHANGE, CHANGED_FIELDS] {
            if root.get(field).is_some() {
                let message = format!("the record already has a field `{field}`");
                let hint = "rename the field in an earlier transform, for example with `select`";
                return Err(StageError::new(ErrorKind::Record, message).hint(hint));
            }
        }
        let (change, fields) = self.compare(key, root)?;
        out.explain("ignore", || self.ignored(key, root));
        let line = RecordLine::new(key, out.origin(), root);
        if let Some(journal) = self.journal()? {
            journal.append(&line.text())?;
        }
        self.index.insert(key, line.position);
        self.emit(&record, change, &fields, out)
    }

    fn on_refused(&mut self, origin: &Origin) -> Result<(), StageError> {
        let job = origin.job.as_deref();
        if let Some(journal) = self.journal()? {
            journal.append(&line::refused(job))?;
        }
        self.refused.add(job.map(str::to_owned));
        Ok(())
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), StageError> {
        for change in Change::ALL {
            out.count(change.name(), 0);
        }
        // Replays and samples contain only part of the records, so missing records are not removals.
        if !self.run.replay && !self.run.is_sample {
            self.finish_removals(out)?;
        }
        if let Some(journal) = self.journal()? {
            journal.append(&line::end(journal.lines()))?;
            journal.finish()?;
        }
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        let length = self.journal.as_ref().map(Journal::sync);
        let baseline = self.baseline.as_ref().map(|baseline| &baseline.run_id);
        Some(json!({"length": length, "baseline": baseline, "accepted": self.is_accepted}))
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        let baseline = self.baseline.as_ref().map(|baseline| baseline.run_id.as_str());
        if state["baseline"].as_str() != baseline {
            let message =
                "the file with the records of the last complete run was changed or removed";
            return Err(StageError::new(ErrorKind::Io, message).hint("start over with `--fresh`"));
        }
        self.is_accepted |= state["accepted"] == true;
        let Some(length) = state["length"].as_u64().filter(|_| self.is_recorded()) else {
            return Ok(());
        };
        let mut journal = self.open_journal(length)?;
        journal.read_lines(|text| {
            match LineKind::of(&text) {
                Some(LineKind::Record(key, false)) => {
                    let line = parse(text)?;
                    let line = RecordLine::read(&line).ok_or_else(damaged)?;
                    self.index.insert(key, line.position);
                }
                Some(LineKind::Refused) => self.refused.add(line::refused_job(&parse(text)?)),
                Some(LineKind::Record(_, true) | LineKind::End) | None => {}
            }
            Ok(())
        })?;
        self.journal = Some(journal);
        Ok(())
    }

    fn withheld_removals(&self, totals: &Counters) -> u64 {
        totals.get(WITHHELD)
    }

    fn may_emit_nothing(&self) -> bool {
        self.baseline.is_some() && self.options.unchanged == Unchanged::Drop
    }

    fn shard_conflict(&self) -> Option<String> {
        Some("a record that moves from one shard to another would be removed and added".to_owned())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        let new = self.no_baseline_reason.iter().filter(|_| !self.run.is_sample);
        let new = new.map(|reason| {
            format!("this run starts a new baseline because {reason}: all records have the change `added`, and no removals are emitted")
        });
        new.chain(self.removal_warnings(totals)).collect()
    }
}
