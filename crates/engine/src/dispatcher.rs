//! Coordinates a run and owns its progress.

mod publish;
mod report;
mod sink_handle;

use std::sync::Arc;
use std::time::Duration;

use taskferry_pipeline::{ExpectOptions, Pipeline, SinkStage, StageFailure, TransformStage};
use taskferry_sdk::{AnyTransform, RunContext, ShardRange, SinkState, StageDigest};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::baseline::Comparison;
use crate::broadcaster::Broadcaster;
use crate::chain::Chain;
use crate::checkpoint::{Checkpoint, CheckpointState};
use crate::checkpoint_writer::{CheckpointWriter, SaveRequest};
use crate::commit_timer::CommitTimer;
use crate::dead_letter::DeadLetterBacklog;
use crate::expect::Violation;
use crate::fetcher::{FetchEnd, Fetched, Fetcher};
use crate::live_stats::LiveStats;
use crate::observer::Observer;
use crate::progress_tracker::{CommittedPages, ProgressTracker};
use crate::sink_worker::{SinkEvent, SinkWorker};
use crate::start::Start;
use crate::step::RefusalLog;
use crate::stop::{Interrupt, StopSignal, Stopper, sleep_until};
use crate::tracer::Tracer;
use crate::watchdog::Watchdog;
use crate::worker_event::WorkerEvent;
use crate::workers;
use sink_handle::{Phase, SinkHandle, SinkPhase};

/// The capacity of the channels between stages, in pages. One page in progress, one in the channel and one being sent
/// keep every stage busy.
const CHANNEL_CAPACITY: usize = 1;
/// How often the dispatcher polls the watchdogs.
const WATCHDOG_INTERVAL: Duration = Duration::from_millis(50);
/// How long an interrupted run waits for pages in progress, and how long every run waits for its transforms to close.
const GRACE_PERIOD: Duration = Duration::from_secs(10);
/// How long an aborted run waits for its workers.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Dispatcher {
    run: Arc<RunContext>,
    /// The pipeline's digest.
    digest: String,
    expect: ExpectOptions,
    baseline: Comparison,
    /// Whether the run resumed at a checkpoint with sealed sinks.
    was_sealed: bool,
    progress: ProgressTracker,
    checkpoints: CheckpointWriter,
    observer: Option<Box<dyn Observer>>,
    events: mpsc::UnboundedReceiver<WorkerEvent>,
    /// Starts the source, once all other stages are open.
    start_source: Option<oneshot::Sender<()>>,
    /// The number of stages that are not open yet, without the source.
    unopened: usize,
    /// Stops reading. Pages that were read are still delivered.
    halt: Stopper,
    /// Cancels sinks that wait for a checkpoint, after another sink has failed.
    cancel: Stopper,
    /// Stops the sinks at once.
    abort: Stopper,
    /// Watches the pipeline's transforms.
    watchdog: Watchdog,
    /// Watches the sinks' own transforms.
    sink_watchdog: Watchdog,
    reading: Reading,
    source_warnings: Vec<String>,
    shard_range: Option<ShardRange>,
    transforming: bool,
    /// The pipeline's transforms, once they are open.
    chain: Option<Arc<Chain>>,
    phase: Phase,
    sinks: Vec<SinkHandle>,
    violations: Vec<Violation>,
    interrupt: Option<Interrupt>,
    /// When a stopping run no longer waits for its workers.
    deadline: Option<Instant>,
    aborted: bool,
    error: Option<StageFailure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Active,
    /// The listing was read to its end.
    Complete,
    Stopped,
}

/// Whether a transform may emit records after the last page.
fn has_ordered(pipeline: &Pipeline) -> bool {
    let own = pipeline.sinks.iter().flat_map(|sink| &sink.transforms);
    let is_ordered = |stage: &TransformStage| matches!(stage.transform, AnyTransform::Ordered(_));
    pipeline.transforms.iter().chain(own).any(is_ordered)
}

impl Dispatcher {
    #[expect(clippy::too_many_lines, reason = "it connects the workers one after the other")]
    pub(crate) fn start(
        pipeline: Pipeline,
        mut start: Start,
        live_stats: &Arc<LiveStats>,
        observer: Option<Box<dyn Observer>>,
        tracer: Option<Arc<dyn Tracer>>,
    ) -> Self {
        let (events_to_self, events) = mpsc::unbounded_channel();
        let (halt, halted) = Stopper::new();
        let (abort, aborted) = Stopper::new();
        let (cancel, cancelled) = Stopper::new();
        let (stats, position) = (start.stats(&pipeline), start.take_position());
        let Start { run, from, files, baseline, error, interrupted, .. } = start;
        if interrupted {
            // A sink that was not checked must not be opened.
            abort.stop(Interrupt::Terminated);
        }
        let (pages, backlog) = (stats.source.pages, DeadLetterBacklog::default());
        let checkpoints =
            CheckpointWriter::start(files, pages, backlog.clone(), events_to_self.clone());
        let was_sealed = from.as_ref().is_some_and(|from| from.state == CheckpointState::Sealed);
        let from = from.filter(|from| !from.is_beginning());
        let mut sink_states = from.map(|from| from.sink_states).unwrap_or_default().into_iter();
        let (watchdog, sink_watchdog) = (Watchdog::default(), Watchdog::default());
        let needs_last_page = has_ordered(&pipeline);
        let commits = CommitTimer::new(&pipeline.sinks, &pipeline.state);

        let source = StageDigest::new(pipeline.source.name.clone(), pipeline.source.digest.clone());
        let chain = Chain::new(
            pipeline.transforms,
            Arc::clone(&run),
            pages,
            &stats.transforms,
            tracer.as_ref(),
        )
        .after(vec![source]);
        let (mut sinks, mut to_sinks) = (Vec::new(), Vec::new());
        for (index, stage) in pipeline.sinks.into_iter().enumerate() {
            let (to_sink, input) = mpsc::channel(CHANNEL_CAPACITY);
            let (to_worker, commands) = mpsc::channel(2);
            let (id, from) = (stage.id(), sink_states.next());
            sinks.push(SinkHandle::new(stage.name.clone(), to_worker, from.clone()));
            to_sinks.push(to_sink);
            let SinkStage { on_error, transforms, sink, .. } = stage;
            let stats = stats.sinks.get(index).map_or(&[][..], |stats| &stats.transforms);
            let own = Chain::new(transforms, Arc::clone(&run), pages, stats, tracer.as_ref())
                .after(chain.digests());
            let worker = SinkWorker {
                index,
                id,
                on_error,
                sink,
                run: Arc::clone(&run),
                tracer: tracer.clone(),
                from,
                slot: sink_watchdog.slot(),
                log: RefusalLog::default(),
                live_stats: Arc::clone(live_stats),
                input,
                commands,
                saved: checkpoints.saved(),
                backlog: backlog.clone(),
                cancelled: cancelled.clone(),
                aborted: aborted.clone(),
            };
            workers::start_sink(worker, own, events_to_self.clone());
        }

        let (to_transforms, pages_read) = mpsc::channel(CHANNEL_CAPACITY);
        workers::start_transforms(
            chain,
            pages_read,
            Broadcaster { sinks: to_sinks, commits, backlog, cancelled, aborted },
            watchdog.clone(),
            events_to_self.clone(),
        );

        let next = position.as_ref().and_then(|from| from.cursor.clone());
        let fetcher = Fetcher {
            id: pipeline.source.id(),
            feed: pipeline.source.feed,
            run: Arc::clone(&run),
            from: position,
            pages: to_transforms,
            live_stats: Arc::clone(live_stats),
            tracer,
            stopped: halted,
            needs_last_page,
        };
        let (start_source, started) = oneshot::channel();
        workers::start_fetcher(fetcher, started, events_to_self);

        let mut dispatcher = Self {
            run,
            digest: pipeline.digest,
            expect: pipeline.expect,
            baseline,
            was_sealed,
            progress: ProgressTracker::new(stats, next),
            checkpoints,
            observer,
            events,
            start_source: Some(start_source),
            unopened: sinks.len() + 1,
            halt,
            cancel,
            abort,
            watchdog,
            sink_watchdog,
            reading: Reading::Active,
            source_warnings: Vec::new(),
            shard_range: None,
            transforming: true,
            chain: None,
            phase: Phase::Delivering,
            sinks,
            violations: Vec::new(),
            interrupt: None,
            deadline: None,
            aborted: false,
            error: None,
        };
        if let Some(error) = error {
            dispatcher.fail(error);
            dispatcher.abort();
        }
        dispatcher
    }

    /// Whether all attempts together have read no page.
    pub(crate) fn has_read_nothing(&self) -> bool {
        self.progress.is_empty()
    }

    /// Runs until every worker has ended or is abandoned.
    pub(crate) async fn run(&mut self, mut stop: StopSignal) {
        let mut stop_at_once = stop.clone();
        let mut watchdog_poll = tokio::time::interval(WATCHDOG_INTERVAL);
        while self.is_busy() {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event),
                    None => return,
                },
                interrupt = stop.stopped(), if self.interrupt.is_none() => {
                    self.on_interrupt(interrupt);
                }
                interrupt = stop_at_once.stopped_at_once(), if !self.aborted => {
                    // Records the interrupt here too, because this branch may be selected before the one above.
                    self.interrupt.get_or_insert(interrupt);
                    self.abort();
                }
                () = sleep_until(self.deadline), if self.deadline.is_some() => {
                    if self.aborted {
                        return;
                    }
                    self.abort();
                }
                _ = watchdog_poll.tick(), if !self.aborted => {
                    if let Some(error) = self.overdue() {
                        self.fail(error);
                        self.abort();
                    }
                }
            }
        }
    }

    fn is_busy(&self) -> bool {
        let delivering = self.sinks.iter().any(|sink| sink.phase != SinkPhase::Ended);
        // An aborted run may have a transform that never returns.
        let transforming = self.transforming && !self.aborted;
        self.reading == Reading::Active || transforming || delivering
    }

    /// Delivers what was read, within the grace period. A run that is publishing continues: it is almost done, and part of
    /// its output is visible.
    fn on_interrupt(&mut self, interrupt: Interrupt) {
        self.interrupt = Some(interrupt);
        if self.unopened > 0 {
            // Nothing was read, and opening a stage may take long.
            self.abort();
        } else if self.phase != Phase::Publishing {
            self.stop_reading();
            self.deadline = Some(Instant::now() + GRACE_PERIOD);
        }
    }

    /// The failure of a record that exceeds its time limit. After the pipeline's transforms have ended, their records are ignored: a
    /// record remains only if the run has already failed.
    fn overdue(&self) -> Option<StageFailure> {
        let transforming = self.transforming.then(|| self.watchdog.overdue()).flatten();
        transforming.or_else(|| self.sink_watchdog.overdue())
    }

    /// Ends without waiting for pages in progress.
    fn abort(&mut self) {
        self.aborted = true;
        self.deadline = Some(Instant::now() + ABORT_TIMEOUT);
        self.stop_reading();
        if self.phase != Phase::Publishing {
            self.abort.stop(Interrupt::Terminated);
            self.release_sinks();
        }
    }

    fn handle(&mut self, event: WorkerEvent) {
        if let Some(observer) = &mut self.observer {
            event.notify(|event| observer.on_event(event));
        }
        match event {
            WorkerEvent::TransformsOpened(chain) => {
                self.chain = Some(chain);
                self.on_stage_opened();
            }
            WorkerEvent::PageRead(page) => self.progress.add_read(page),
            WorkerEvent::PageTransformed(page, outcome, _) => {
                self.progress.add_transformed(page, outcome);
            }
            WorkerEvent::FetchEnded(fetched) => self.on_fetch_ended(fetched),
            WorkerEvent::TransformsEnded(result) => {
                self.transforming = false;
                result.unwrap_or_else(|error| self.fail(error));
            }
            WorkerEvent::Sink(index, event) => self.on_sink_event(index, event),
            WorkerEvent::SinkEnded(index, result) => {
                if let Some(sink) = self.sinks.get_mut(index) {
                    sink.phase = SinkPhase::Ended;
                }
                if let Err(error) = result {
                    self.cancel.stop(Interrupt::Terminated);
                    self.fail(error);
                }
            }
            WorkerEvent::CheckpointSaved { sealed } => self.on_checkpoint_saved(sealed),
            WorkerEvent::SaveFailed(error) => {
                self.fail(error);
                // Sinks may wait for a checkpoint that will not come.
                self.abort();
            }
        }
        self.advance();
    }

    fn on_stage_opened(&mut self) {
        self.unopened = self.unopened.saturating_sub(1);
        if let Some(start) = self.start_source.take_if(|_| self.unopened == 0) {
            _ = start.send(());
        }
    }

    fn on_fetch_ended(&mut self, fetched: Fetched) {
        self.progress.set_statistics(fetched.statistics);
        self.source_warnings = fetched.warnings;
        self.reading = Reading::Stopped;
        match fetched.end {
            FetchEnd::Complete(shard_range) => {
                (self.reading, self.shard_range) = (Reading::Complete, shard_range);
            }
            FetchEnd::Failed(error) => self.fail(error),
            FetchEnd::Stopped => {}
        }
    }

    fn on_sink_event(&mut self, index: usize, event: SinkEvent) {
        let Some(sink) = self.sinks.get_mut(index) else { return };
        match event {
            SinkEvent::Opened(chain) => {
                sink.chain = Some(chain);
                self.on_stage_opened();
            }
            SinkEvent::Committed(commit) => {
                if let Some(committed) = self.progress.add_commit(index, commit) {
                    self.save(committed, CheckpointState::Open);
                }
            }
            SinkEvent::Delivered(delivery) => self.progress.set_delivery(index, delivery),
            SinkEvent::Drained => sink.phase = SinkPhase::Drained,
            SinkEvent::Sealed(state) => {
                (sink.phase, sink.state) = (SinkPhase::Sealed, Some(state));
            }
            SinkEvent::Published(delivery) => sink.published = Some(delivery),
        }
    }

    /// Saves a checkpoint after the committed pages.
    fn save(&mut self, committed: CommittedPages, checkpoint_state: CheckpointState) {
        let CommittedPages { sink_states, dead_letters, fingerprints } = committed;
        for (sink, state) in self.sinks.iter_mut().zip(&sink_states) {
            sink.state = Some(state.clone());
        }
        let stats = self.progress.stats().clone();
        let mut checkpoint = Checkpoint::new(&self.digest, &self.run, stats, sink_states);
        let next = self.progress.position().and_then(|position| position.cursor);
        checkpoint.cursor = next.map(|cursor| cursor.as_str().to_owned());
        checkpoint.state = checkpoint_state;
        self.checkpoints.save(SaveRequest { checkpoint, dead_letters, fingerprints });
    }

    /// Saves a checkpoint with the current states of the sinks.
    fn save_again(&mut self, state: CheckpointState) {
        let sink_states: Vec<SinkState> =
            self.sinks.iter().map(|sink| sink.state.clone().unwrap_or_default()).collect();
        self.save(CommittedPages { sink_states, ..CommittedPages::default() }, state);
    }

    /// Ends the run with its first error. Pages read before are still delivered and committed.
    fn fail(&mut self, error: StageFailure) {
        self.error.get_or_insert(error);
        self.stop_reading();
    }

    fn stop_reading(&mut self) {
        self.start_source = None;
        self.halt.stop(Interrupt::Terminated);
    }
}
