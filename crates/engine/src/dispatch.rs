//! The one who knows how far a run is.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use taskferry_core::{Cursor, Delivery, Mark, Pipeline, RunContext, SourceStatistics, StageError};
use tokio::sync::{mpsc, oneshot};

use crate::chain::Chain;
use crate::deliver::{Delivering, FromSink};
use crate::fetch::FetchEnd;
use crate::manifest::{
    self, Committed, Failure, Manifest, SinkSummary, SourceSummary, Status, TransformSummary,
};
use crate::progress::Progress;
use crate::stop::{Interrupt, StopSignal, Stopper};
use crate::watchdog::Watchdog;
use crate::worker::{self, Event, Tell};

/// How many pages wait between two steps. One being worked on, one waiting and one on its way are enough to
/// keep every step busy.
const PAGES_WAITING: usize = 1;
/// How often the dispatcher looks for records that never get done.
const WATCH: Duration = Duration::from_millis(50);
/// How long sinks may take to clean up when a transform is stuck for good.
const CLEAN_UP: Duration = Duration::from_secs(5);

/// How to run a pipeline.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// The run's identity and start; made now when absent.
    pub run: Option<RunContext>,
    /// Asks the run to stop before its end.
    pub stop: Option<StopSignal>,
    /// Counters to watch the run by, from [`Progress::new`].
    pub progress: Option<Arc<Progress>>,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunReport {
    /// The account of it.
    pub manifest: Manifest,
    /// What made it fail.
    pub error: Option<StageError>,
}

/// Runs a pipeline to its end: complete, failed, or interrupted.
///
/// Never fails itself; how the run ended stands in the report.
pub async fn run(pipeline: Pipeline, options: RunOptions) -> RunReport {
    let run = options.run.unwrap_or_else(|| new_run(&pipeline.name));
    let progress = options.progress.unwrap_or_else(|| Arc::new(Progress::new(&pipeline)));
    let stop = options.stop.unwrap_or_else(StopSignal::never);
    let source = (pipeline.source.name.clone(), pipeline.source.type_name);
    let mut dispatcher = Dispatcher::start(pipeline, &Arc::new(run.clone()), &progress);
    dispatcher.work(stop).await;
    dispatcher.report(&run, source, &progress)
}

/// A run of `pipeline` that begins now. The id sorts by time: `20261123T204243Z-7f3a9c`.
pub fn new_run(pipeline: &str) -> RunContext {
    let now = this_millisecond();
    let stamp: String = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let run_id = format!("{stamp}-{:06x}", fastrand::u32(..) & 0xff_ffff);
    RunContext::new(pipeline, now, run_id)
}

/// Now, without the digits that nobody reads.
fn this_millisecond() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

struct Dispatcher {
    events: mpsc::UnboundedReceiver<Event>,
    /// Lets the source begin, once every other stage is open.
    go: Option<oneshot::Sender<()>>,
    /// Ends the reading; what was read is still delivered.
    halt: Stopper,
    /// Ends the sinks at once.
    abandon: Stopper,
    watchdogs: Vec<Watchdog>,
    /// Stages that are still to be opened before the source begins.
    closed: usize,
    complete: bool,
    fetching: bool,
    transforming: bool,
    sinks: Vec<SinkState>,
    statistics: SourceStatistics,
    interrupt: Option<Interrupt>,
    error: Option<StageError>,
}

#[derive(Debug, Default)]
struct SinkState {
    publish: Option<oneshot::Sender<()>>,
    committed: Option<Commit>,
    drained: bool,
    ended: bool,
    delivery: Option<Delivery>,
}

/// How far one sink has come.
#[derive(Debug, Clone)]
struct Commit {
    pages: u64,
    next: Option<Cursor>,
    mark: Mark,
}

impl Dispatcher {
    /// Starts all workers.
    fn start(pipeline: Pipeline, run: &Arc<RunContext>, progress: &Arc<Progress>) -> Self {
        let (tell, events) = Tell::channel();
        let (halt, halted) = Stopper::new();
        let (abandon, abandoned) = Stopper::new();
        let mut watchdogs = vec![Watchdog::default()];
        let (mut sinks, mut to_sinks) = (Vec::new(), Vec::new());
        let chain = Chain::new(pipeline.transforms, watchdogs[0].clone());
        for (index, stage) in pipeline.sinks.into_iter().enumerate() {
            let (to_sink, batches) = mpsc::channel(PAGES_WAITING);
            let (publish, finish) = oneshot::channel();
            let watchdog = Watchdog::default();
            let delivering = Delivering {
                index,
                id: stage.id(),
                chain: Chain::new(stage.transforms, watchdog.clone()),
                sink: stage.sink,
                run: Arc::clone(run),
                progress: Arc::clone(progress),
                batches,
                finish,
                abandon: abandoned.clone(),
            };
            worker::start_sink(delivering, tell.clone());
            watchdogs.push(watchdog);
            sinks.push(SinkState { publish: Some(publish), ..SinkState::default() });
            to_sinks.push(to_sink);
        }
        let (to_transforms, pages) = mpsc::channel(PAGES_WAITING);
        let (go, gone) = oneshot::channel();
        worker::start_transforms(
            chain,
            pages,
            to_sinks,
            Arc::clone(run),
            Arc::clone(progress),
            &tell,
        );
        worker::start_fetch(
            pipeline.source,
            Arc::clone(run),
            to_transforms,
            Arc::clone(progress),
            halted,
            gone,
            tell,
        );
        Self {
            events,
            go: Some(go),
            halt,
            abandon,
            watchdogs,
            closed: sinks.len() + 1,
            complete: false,
            fetching: true,
            transforming: true,
            sinks,
            statistics: SourceStatistics::default(),
            interrupt: None,
            error: None,
        }
    }

    /// Until every worker has ended, or one is stuck for good.
    async fn work(&mut self, mut stop: StopSignal) {
        let mut watch = tokio::time::interval(WATCH);
        while self.fetching || self.transforming || self.sinks.iter().any(|sink| !sink.ended) {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.note(event),
                    None => return,
                },
                () = stop.asked(), if self.interrupt.is_none() => self.interrupted(stop.get()),
                _ = watch.tick() => {
                    if let Some(error) = self.watchdogs.iter().find_map(Watchdog::overdue) {
                        self.fail(error);
                        return self.give_up().await;
                    }
                }
            }
        }
    }

    fn interrupted(&mut self, why: Option<Interrupt>) {
        let published = self.sinks.iter().any(|sink| sink.delivery.is_some());
        if !published {
            self.interrupt = why;
            self.end_fetching();
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Opened | Event::Sink(_, FromSink::Opened) => {
                self.closed = self.closed.saturating_sub(1);
                if let Some(go) = self.go.take_if(|_| self.closed == 0) {
                    // The receiver waits for exactly this.
                    _ = go.send(());
                }
            }
            Event::Fetched(end, statistics) => {
                self.fetching = false;
                self.statistics = statistics;
                match end {
                    FetchEnd::Complete => self.complete = true,
                    FetchEnd::Failed(error) => self.fail(error),
                    FetchEnd::Stopped => {}
                }
            }
            Event::Transformed(result) => {
                self.transforming = false;
                result.unwrap_or_else(|error| self.fail(error));
            }
            Event::Sink(index, said) => self.note_sink(index, said),
            Event::SinkEnded(index, result) => {
                if let Some(sink) = self.sinks.get_mut(index) {
                    sink.ended = true;
                }
                result.unwrap_or_else(|error| self.fail(error));
            }
        }
        self.publish_next();
    }

    fn note_sink(&mut self, index: usize, said: FromSink) {
        let Some(sink) = self.sinks.get_mut(index) else { return };
        match said {
            FromSink::Opened => {}
            FromSink::Committed { page, next, mark } => {
                sink.committed = Some(Commit { pages: page, next, mark });
            }
            FromSink::Drained => sink.drained = true,
            FromSink::Finished(delivery) => sink.delivery = Some(delivery),
        }
    }

    /// The first error ends the run. What was read before it is still delivered and committed.
    fn fail(&mut self, error: StageError) {
        self.error.get_or_insert(error);
        self.end_fetching();
    }

    fn end_fetching(&mut self) {
        self.go = None;
        self.halt.stop(Interrupt::Terminated);
    }

    /// Once everything is durable everywhere, the sinks publish, one after the other; if anything failed or
    /// the run was interrupted, none does.
    fn publish_next(&mut self) {
        let over = !self.fetching
            && !self.transforming
            && self.sinks.iter().all(|sink| sink.drained || sink.ended);
        if !over {
            return;
        }
        if !self.complete || self.error.is_some() || self.interrupt.is_some() {
            for sink in &mut self.sinks {
                sink.publish = None;
            }
            return;
        }
        let busy = self.sinks.iter().any(|sink| sink.publish.is_none() && !sink.ended);
        let next = self.sinks.iter_mut().find_map(|sink| sink.publish.take_if(|_| !busy));
        if let Some(publish) = next {
            _ = publish.send(());
        }
    }

    /// A worker is stuck inside a transform. The others end, and clean up, without it.
    async fn give_up(&mut self) {
        self.abandon.stop(Interrupt::Terminated);
        for sink in &mut self.sinks {
            sink.publish = None;
        }
        let cleaned_up = async {
            while self.sinks.iter().any(|sink| !sink.ended) {
                match self.events.recv().await {
                    Some(Event::SinkEnded(index, _)) => {
                        if let Some(sink) = self.sinks.get_mut(index) {
                            sink.ended = true;
                        }
                    }
                    Some(Event::Fetched(_, statistics)) => self.statistics = statistics,
                    Some(_) => {}
                    None => return,
                }
            }
        };
        _ = tokio::time::timeout(CLEAN_UP, cleaned_up).await;
    }

    fn report(
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
        let mut warnings = skipped(progress);
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

/// A warning for each transform that left records out.
fn skipped(progress: &Progress) -> Vec<String> {
    let own = progress.sinks.iter().flat_map(|sink| &sink.transforms);
    let failed = progress.transforms.iter().chain(own).filter(|transform| transform.failed() > 0);
    failed
        .map(|transform| {
            format!("transform `{}`: {} records were left out", transform.name, transform.failed())
        })
        .collect()
}
