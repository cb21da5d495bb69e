//! The one who knows how far a run is.

mod publish;
mod report;
mod tell;
mod tracked_sink;

use std::sync::Arc;
use std::time::Duration;

use taskferry_pipeline::{ExpectOptions, Pipeline, StageFailure};
use taskferry_sdk::{AnyTransform, RunContext, Share, SinkState};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::backlog::Backlog;
use crate::broadcaster::Broadcaster;
use crate::chain::Chain;
use crate::checkpoint::{Checkpoint, CheckpointState};
use crate::commit_policy::CommitPolicy;
use crate::deliver::{Delivering, FromSink};
use crate::event::{Event, Tell};
use crate::expect::{Comparison, Violation};
use crate::fetch::{FetchEnd, Fetching};
use crate::keeper::{Entry, Keeper};
use crate::ledger::{Ledger, Progressed};
use crate::live_stats::LiveStats;
use crate::observe::Observer;
use crate::start::Start;
use crate::stop::{Interrupt, StopSignal, Stopper, sleep_until};
use crate::watchdog::Watchdog;
use crate::workers::{self, Transforming};
use tracked_sink::{Phase, SinkAt, TrackedSink};

/// How many pages wait between two steps. One being worked on, one waiting and one on its way are enough to
/// keep every step busy.
const PAGES_WAITING: usize = 1;
/// How often the dispatcher looks for records that never get done.
const WATCH: Duration = Duration::from_millis(50);
/// How long an interrupted run waits for deliveries that are under way.
const GRACE: Duration = Duration::from_secs(10);
/// How long workers may take to clean up when the run does not wait for them any longer.
const CLEAN_UP: Duration = Duration::from_secs(5);

pub(crate) struct Dispatcher {
    run: Arc<RunContext>,
    /// That of the pipeline.
    digest: String,
    expect: ExpectOptions,
    baseline: Comparison,
    experiment: Option<String>,
    /// Whether the run goes on with sinks that were all sealed.
    was_sealed: bool,
    ledger: Ledger,
    keeper: Keeper,
    observer: Option<Box<dyn Observer>>,
    events: mpsc::UnboundedReceiver<Event>,
    /// Lets the source begin, once every other stage is open.
    go: Option<oneshot::Sender<()>>,
    /// Ends the reading; what was read is still delivered.
    halt: Stopper,
    /// Tells the sinks that one of them has failed.
    doom: Stopper,
    /// Ends the sinks at once.
    abandon: Stopper,
    /// Looks after those who transform before all sinks.
    watchdog: Watchdog,
    /// Looks after the sinks' own transforms.
    sinks_watchdog: Watchdog,
    /// Stages that are still to be opened before the source begins.
    closed: usize,
    reading: Reading,
    /// What the source said that deserves a look.
    source_warnings: Vec<String>,
    /// What was read, in the run of a share.
    share: Option<Share>,
    transforming: bool,
    /// The pipeline's transforms, once they are open.
    chain: Option<Arc<Chain>>,
    phase: Phase,
    sinks: Vec<TrackedSink>,
    /// What is not as expected, once that is known.
    violations: Vec<Violation>,
    interrupt: Option<Interrupt>,
    /// When patience ends, in a run that is to stop.
    deadline: Option<Instant>,
    abandoned: bool,
    error: Option<StageFailure>,
}

/// Whether a transform may hold records back until the last page.
fn has_ordered(pipeline: &Pipeline) -> bool {
    let own = pipeline.sinks.iter().flat_map(|sink| &sink.transforms);
    let mut all = pipeline.transforms.iter().chain(own);
    all.any(|stage| matches!(stage.transform, AnyTransform::Ordered(_)))
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
    #[expect(clippy::too_many_lines, reason = "it wires one part after the other")]
    pub(crate) fn start(
        pipeline: Pipeline,
        mut start: Start,
        progress: &Arc<LiveStats>,
        observer: Option<Box<dyn Observer>>,
    ) -> Self {
        let (tell, events) = Tell::channel();
        let (halt, halted) = Stopper::new();
        let (abandon, abandoned) = Stopper::new();
        let (doom, doomed) = Stopper::new();
        let (account, position) = (start.account(&pipeline), start.position());
        let Start { run, from, files, baseline, error, interrupted, .. } = start;
        if interrupted {
            // No sink is opened at a mark that it may not be able to go on at.
            abandon.stop(Interrupt::Terminated);
        }
        let backlog = Backlog::new();
        let keeper = Keeper::start(files, account.source.pages, backlog.clone(), tell.clone());
        let was_sealed = from.as_ref().is_some_and(|from| from.state == CheckpointState::Sealed);
        let from = from.filter(|from| !from.is_beginning());
        let mut marks = from.map(|from| from.marks).unwrap_or_default().into_iter();
        let (watchdog, sinks_watchdog) = (Watchdog::default(), Watchdog::default());
        let (mut sinks, mut to_sinks) = (Vec::new(), Vec::new());
        let (pages_done, needs_last_page) = (account.source.pages, has_ordered(&pipeline));
        let chain =
            Chain::new(pipeline.transforms, Arc::clone(&run), pages_done, &account.transforms);
        let policy = CommitPolicy::of(&pipeline.sinks, &pipeline.state);
        for (index, stage) in pipeline.sinks.into_iter().enumerate() {
            let (to_sink, batches) = mpsc::channel(PAGES_WAITING);
            let (orders, ordered) = mpsc::channel(2);
            let from = marks.next();
            sinks.push(TrackedSink::new(orders, from.clone()));
            let delivering = Delivering {
                index,
                id: stage.id(),
                on_error: stage.on_error,
                slot: sinks_watchdog.slot(),
                sink: stage.sink,
                run: Arc::clone(&run),
                from,
                progress: Arc::clone(progress),
                batches,
                orders: ordered,
                saved: keeper.saved(),
                backlog: backlog.clone(),
                doomed: doomed.clone(),
                abandon: abandoned.clone(),
                logged: 0,
            };
            let counts = account.sinks.get(index).map_or(&[][..], |count| &count.transforms);
            let chain = Chain::new(stage.transforms, Arc::clone(&run), pages_done, counts);
            workers::start_sink(delivering, chain, tell.clone());
            to_sinks.push(to_sink);
        }
        let (to_transforms, pages) = mpsc::channel(PAGES_WAITING);
        let (go, gone) = oneshot::channel();
        let all = Broadcaster::new(to_sinks, backlog, [doomed, abandoned]);
        workers::start_transforms(
            Transforming { chain, pages, sinks: all, policy },
            &watchdog,
            &tell,
        );
        let next = position.as_ref().and_then(|from| from.cursor.clone());
        let fetching = Fetching {
            id: pipeline.source.id(),
            feed: pipeline.source.feed,
            run: Arc::clone(&run),
            from: position,
            pages: to_transforms,
            progress: Arc::clone(progress),
            halt: halted,
            needs_last_page,
        };
        workers::start_fetch(fetching, gone, tell);
        let mut dispatcher = Self {
            run,
            digest: pipeline.digest,
            expect: pipeline.expect,
            baseline,
            experiment: pipeline.experiment,
            was_sealed,
            ledger: Ledger::new(account, next),
            keeper,
            observer,
            events,
            go: Some(go),
            halt,
            doom,
            abandon,
            watchdog,
            sinks_watchdog,
            closed: sinks.len() + 1,
            reading: Reading::Going,
            source_warnings: Vec::new(),
            share: None,
            transforming: true,
            chain: None,
            phase: Phase::Delivering,
            sinks,
            violations: Vec::new(),
            interrupt: None,
            deadline: None,
            abandoned: false,
            error: None,
        };
        if let Some(error) = error {
            dispatcher.fail(error);
            dispatcher.abandon();
        }
        dispatcher
    }

    /// Whether no page has come, in this attempt or one before.
    pub(crate) fn has_read_nothing(&self) -> bool {
        self.ledger.is_empty()
    }

    /// Until every worker has ended, or is no longer waited for.
    pub(crate) async fn work(&mut self, mut stop: StopSignal) {
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
                    if let Some(error) = self.overdue() {
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
        if self.closed > 0 {
            // Nothing was read, and some stage may take long to open.
            self.abandon();
        } else if self.phase != Phase::Publishing {
            self.end_fetching();
            self.deadline = Some(Instant::now() + GRACE);
        }
    }

    /// The error of a record that takes too long, if somebody waits for it: once a page was refused, nobody waits for those
    /// behind it that are worked on.
    fn overdue(&self) -> Option<StageFailure> {
        let transforming = self.transforming.then(|| self.watchdog.overdue()).flatten();
        transforming.or_else(|| self.sinks_watchdog.overdue())
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
        self.tell(&event);
        match event {
            Event::Opened(chain) => {
                self.chain = Some(chain);
                self.note_opened();
            }
            Event::Sink(index, FromSink::Opened(chain)) => {
                if let Some(sink) = self.sinks.get_mut(index) {
                    sink.chain = Some(chain);
                }
                self.note_opened();
            }
            Event::Read(page) => self.ledger.note_read(page),
            Event::Tallied(page, tally, _) => self.ledger.note_transformed(page, tally),
            Event::Fetched(fetched) => {
                self.ledger.note_statistics(fetched.statistics);
                self.source_warnings = fetched.warnings;
                self.reading = Reading::Ended;
                match fetched.end {
                    FetchEnd::Complete(share) => {
                        (self.reading, self.share) = (Reading::Complete, share);
                    }
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
                    sink.at = SinkAt::Ended;
                }
                if let Err(error) = result {
                    self.doom.stop(Interrupt::Terminated);
                    self.fail(error);
                }
            }
            Event::Saved(saved) => {
                self.keeper.go_on();
                self.note_saved(saved);
            }
            Event::NotSaved(error) => {
                self.fail(error);
                // Sinks may be waiting for a checkpoint that will not come.
                self.abandon();
            }
        }
        self.advance();
    }

    fn note_opened(&mut self) {
        self.closed = self.closed.saturating_sub(1);
        if let Some(go) = self.go.take_if(|_| self.closed == 0) {
            // The receiver waits for exactly this.
            _ = go.send(());
        }
    }

    fn note_sink(&mut self, index: usize, said: FromSink) {
        if let FromSink::Delivered(delivery) = said {
            self.ledger.note_delivery(index, delivery);
        } else if let FromSink::Committed(commit) = said {
            if let Some(progressed) = self.ledger.note_committed(index, commit) {
                self.save(progressed, CheckpointState::Open);
            }
        } else if let Some(sink) = self.sinks.get_mut(index) {
            sink.note(said);
        }
    }

    /// Has written down that pages are durable everywhere.
    fn save(&mut self, progressed: Progressed, state: CheckpointState) {
        let Progressed { marks, dead_letters, fingerprints } = progressed;
        for (sink, mark) in self.sinks.iter_mut().zip(&marks) {
            sink.mark = Some(mark.clone());
        }
        let account = self.ledger.account().clone();
        let mut checkpoint = Checkpoint::new(&self.digest, &self.run, account, marks);
        let next = self.ledger.position().and_then(|position| position.cursor);
        checkpoint.cursor = next.map(|cursor| cursor.as_str().to_owned());
        checkpoint.state = state;
        self.keeper.write(Entry { checkpoint, dead_letters, fingerprints });
    }

    /// Has written down how the sinks stand now, after the last page.
    pub(super) fn save_again(&mut self, state: CheckpointState) {
        let marks: Vec<SinkState> =
            self.sinks.iter().map(|sink| sink.mark.clone().unwrap_or_default()).collect();
        self.save(Progressed { marks, dead_letters: Vec::new(), fingerprints: Vec::new() }, state);
    }

    /// The first error ends the run. What was read before it is still delivered and committed.
    fn fail(&mut self, error: StageFailure) {
        self.error.get_or_insert(error);
        self.end_fetching();
    }

    fn end_fetching(&mut self) {
        self.go = None;
        self.halt.stop(Interrupt::Terminated);
    }
}
