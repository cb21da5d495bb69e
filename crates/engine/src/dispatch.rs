//! The one who knows how far a run is.

mod publish;
mod report;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use taskferry_core::{Pipeline, RunContext, SourceStatistics, StageError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::chain::Chain;
use crate::deliver::{Delivering, FromSink};
use crate::fetch::FetchEnd;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::stop::{Interrupt, StopSignal, Stopper};
use crate::watchdog::Watchdog;
use crate::worker::{self, Event, Tell};
use publish::{Phase, SinkAt, SinkState};

/// How many pages wait between two steps. One being worked on, one waiting and one on its way are enough to
/// keep every step busy.
const PAGES_WAITING: usize = 1;
/// How often the dispatcher looks for records that never get done.
const WATCH: Duration = Duration::from_millis(50);
/// How long an interrupted run waits for deliveries that are under way.
const GRACE: Duration = Duration::from_secs(10);
/// How long workers may take to clean up when the run does not wait for them any longer.
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
    dispatcher.settle();
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
    reading: Reading,
    transforming: bool,
    phase: Phase,
    sinks: Vec<SinkState>,
    statistics: SourceStatistics,
    interrupt: Option<Interrupt>,
    /// When patience ends, in a run that is to stop.
    deadline: Option<Instant>,
    abandoned: bool,
    error: Option<StageError>,
}

/// Whether pages are still read, and how that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Going,
    /// To the end of the listing.
    Complete,
    /// Before it.
    Ended,
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
            let (orders, ordered) = mpsc::channel(2);
            let watchdog = Watchdog::default();
            let delivering = Delivering {
                index,
                id: stage.id(),
                chain: Chain::new(stage.transforms, watchdog.clone()),
                sink: stage.sink,
                run: Arc::clone(run),
                progress: Arc::clone(progress),
                batches,
                orders: ordered,
                abandon: abandoned.clone(),
            };
            worker::start_sink(delivering, tell.clone());
            watchdogs.push(watchdog);
            sinks.push(SinkState::new(orders));
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
            reading: Reading::Going,
            transforming: true,
            phase: Phase::Delivering,
            sinks,
            statistics: SourceStatistics::default(),
            interrupt: None,
            deadline: None,
            abandoned: false,
            error: None,
        }
    }

    /// Until every worker has ended, or is no longer waited for.
    async fn work(&mut self, mut stop: StopSignal) {
        let mut at_once = stop.clone();
        let mut watch = tokio::time::interval(WATCH);
        while self.is_busy() {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.note(event),
                    None => return,
                },
                why = stop.asked(), if self.interrupt.is_none() => self.interrupted(why),
                _ = at_once.asked_at_once(), if !self.abandoned => self.abandon(),
                () = sleep_until(self.deadline), if self.deadline.is_some() => {
                    if self.abandoned {
                        return;
                    }
                    self.abandon();
                }
                _ = watch.tick(), if !self.abandoned => {
                    if let Some(error) = self.watchdogs.iter().find_map(Watchdog::overdue) {
                        self.fail(error);
                        self.abandon();
                    }
                }
            }
        }
    }

    fn is_busy(&self) -> bool {
        let delivering = self.sinks.iter().any(|sink| sink.at != SinkAt::Ended);
        // A transform that is stuck is the reason why a run is abandoned.
        let transforming = self.transforming && !self.abandoned;
        self.reading == Reading::Going || transforming || delivering
    }

    /// What was read is still delivered, within the grace period. A run that has begun to publish goes on:
    /// there is next to nothing left to do, and half of it is visible.
    fn interrupted(&mut self, why: Interrupt) {
        self.interrupt = Some(why);
        if self.phase != Phase::Publishing {
            self.end_fetching();
            self.deadline = Some(Instant::now() + GRACE);
        }
    }

    /// Ends without waiting for what is under way.
    fn abandon(&mut self) {
        self.abandoned = true;
        self.deadline = Some(Instant::now() + CLEAN_UP);
        self.end_fetching();
        if self.phase != Phase::Publishing {
            self.abandon.stop(Interrupt::Terminated);
            self.dismiss();
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
                self.statistics = statistics;
                self.reading = match end {
                    FetchEnd::Complete => Reading::Complete,
                    FetchEnd::Failed(_) | FetchEnd::Stopped => Reading::Ended,
                };
                if let FetchEnd::Failed(error) = end {
                    self.fail(error);
                }
            }
            Event::Transformed(result) => {
                self.transforming = false;
                result.unwrap_or_else(|error| self.fail(error));
            }
            Event::Sink(index, said) => {
                if let Some(sink) = self.sinks.get_mut(index) {
                    sink.note(said);
                }
            }
            Event::SinkEnded(index, result) => {
                if let Some(sink) = self.sinks.get_mut(index) {
                    sink.at = SinkAt::Ended;
                }
                result.unwrap_or_else(|error| self.fail(error));
            }
        }
        self.advance();
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
}

/// Never, without a deadline.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
