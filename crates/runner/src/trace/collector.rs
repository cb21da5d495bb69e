//! Collects the records of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use taskferry_engine::{RunReport, TracedResult, TracedStep, Tracer};
use taskferry_pipeline::StageId;
use taskferry_sdk::Record;
use tokio::sync::watch;

use super::outcome::{Outcome, RecordTrace, Selection, Step, Trace};

/// Keeps the records that the selection wants. Pages are evaluated one after the other, once every sink has received them.
pub(crate) struct Collector {
    source: StageId,
    sinks: Vec<StageId>,
    state: Mutex<State>,
    /// The number of evaluated pages.
    evaluated: watch::Sender<u64>,
}

struct State {
    selection: Selection,
    kept: Vec<RecordTrace>,
    /// The records of pages that are not evaluated yet, by page and position.
    open: BTreeMap<(u64, usize), RecordTrace>,
    /// For each sink, the number of pages received.
    pages: Vec<u64>,
    /// For each sink, the number of records accepted.
    rows: Vec<u64>,
    evaluated: u64,
    read: u64,
    is_complete: bool,
}

impl Collector {
    pub(crate) fn new(source: StageId, sinks: Vec<StageId>, selection: Selection) -> Self {
        let state = State {
            selection,
            kept: Vec::new(),
            open: BTreeMap::new(),
            pages: vec![0; sinks.len()],
            rows: vec![0; sinks.len()],
            evaluated: 0,
            read: 0,
            is_complete: false,
        };
        Self { source, sinks, state: Mutex::new(state), evaluated: watch::Sender::new(0) }
    }

    /// Waits until `pages` pages are evaluated. Returns whether another page is needed.
    pub(crate) async fn needs_page(&self, pages: u64) -> bool {
        // The sender lives as long as this value.
        _ = self.evaluated.subscribe().wait_for(|evaluated| *evaluated >= pages).await;
        let state = self.lock();
        pages < state.selection.max_pages && !(state.selection.is_enough)(&state.kept)
    }

    /// The source has no further page.
    pub(crate) fn set_complete(&self) {
        self.lock().is_complete = true;
    }

    /// The kept records. In a failed run, they include the records of the last page, which not every sink has received.
    pub(crate) fn finish(&self, report: RunReport) -> Trace {
        let mut state = self.lock();
        state.evaluate(u64::MAX);
        let (records, read, is_complete) =
            (std::mem::take(&mut state.kept), state.read, state.is_complete);
        Trace { records, read, is_complete, report }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self, sink: &StageId) -> Option<usize> {
        self.sinks.iter().position(|known| known == sink)
    }
}

impl State {
    /// Keeps or drops the records of the first pages.
    fn evaluate(&mut self, pages: u64) {
        self.evaluated = pages;
        while let Some(first) = self.open.first_entry().filter(|entry| entry.key().0 <= pages) {
            let record = first.remove();
            if (self.selection.keep)(&record) {
                self.kept.push(record);
            }
        }
    }
}

impl Tracer for Collector {
    fn on_record(&self, step: &TracedStep<'_>) {
        let mut state = self.lock();
        let key = (step.origin.page, step.origin.index);
        if *step.stage == self.source {
            if let TracedResult::Emitted([record], _) = step.result {
                let (origin, record) = (step.origin.clone(), record.clone());
                state.read += 1;
                state.open.insert(key, RecordTrace { origin, record, steps: Vec::new() });
            }
            return;
        }
        let outcome = match &step.result {
            TracedResult::Emitted(records, effects) => {
                Outcome::Emitted { records: records.to_vec(), effects: effects.to_vec() }
            }
            TracedResult::Refused(error) => Outcome::Refused(error.full_message()),
            TracedResult::Delivered => {
                let rows = self.position(step.stage).and_then(|index| state.rows.get_mut(index));
                let Some(rows) = rows else { return };
                *rows += 1;
                Outcome::Delivered { row: *rows }
            }
            _ => return,
        };
        let input: Option<&Record> = step.input;
        // A record that an ordered transform emits at the end belongs to no record of the source.
        let emitted = || match &outcome {
            Outcome::Emitted { records, .. } => records.first().cloned(),
            _ => None,
        };
        let Some(record) = input.cloned().or_else(emitted) else { return };
        let origin = step.origin.clone();
        let trace = state.open.entry(key).or_insert_with(|| RecordTrace {
            origin,
            record,
            steps: Vec::new(),
        });
        trace.steps.push(Step { stage: step.stage.clone(), input: input.cloned(), outcome });
    }

    fn on_page(&self, sink: &StageId, page: u64) {
        let mut state = self.lock();
        if let Some(pages) = self.position(sink).and_then(|index| state.pages.get_mut(index)) {
            *pages = page;
        }
        let evaluated = state.pages.iter().copied().min().unwrap_or_default();
        if evaluated > state.evaluated {
            state.evaluate(evaluated);
            self.evaluated.send_replace(evaluated);
        }
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Collector").field("sinks", &self.sinks).finish_non_exhaustive()
    }
}
