//! Drives a sink through runs that are killed and resumed, like the engine.

use std::pin::pin;
use std::task::{Context, Waker};

use jiff::Timestamp;

use super::kit::Build;
use super::random::Random;
use super::report::{Exercised, Failure, Verdict};
use crate::testing::block_on;
use crate::{Batch, Delivery, Refusals, Resumption, RunContext, Sink, SinkState, StageError};

/// The number of exports that are killed.
const EXPORTS: u64 = 60;
/// The maximum number of times that an export is killed.
const MAX_KILLS: usize = 3;

/// How to build and to observe a sink.
pub(super) struct SinkRuns<'a> {
    pub(super) build: &'a Build<'a, Box<dyn Sink>>,
    pub(super) published: &'a dyn Fn() -> Vec<String>,
    pub(super) reset: &'a dyn Fn(),
    pub(super) batches: &'a [Batch],
}

/// An export that takes several runs, and its last checkpoint.
struct Export {
    run: RunContext,
    resumption: Resumption,
    checkpoint: Option<Checkpoint>,
    /// What happened, for the message of a failure.
    history: Vec<String>,
    random: Random,
}

/// The state of a sink after some pages.
struct Checkpoint {
    pages: usize,
    is_sealed: bool,
    state: SinkState,
}

/// The instant at which a run is killed.
struct KillPoint(usize);

impl KillPoint {
    /// Whether the run is killed now.
    fn is_reached(&mut self) -> bool {
        let is_now = self.0 == 0;
        self.0 = self.0.saturating_sub(1);
        is_now
    }
}

impl SinkRuns<'_> {
    /// The published records of an uninterrupted run.
    pub(super) fn uninterrupted(&self) -> Result<(Vec<String>, Delivery), Failure> {
        (self.reset)();
        let delivery = self.complete((self.build)()?)?;
        Ok(((self.published)(), delivery))
    }

    /// Delivers all pages with a sink that is not open yet.
    pub(super) fn complete(&self, mut sink: Box<dyn Sink>) -> Result<Delivery, Failure> {
        let delivered = block_on(async {
            sink.open(&run("uninterrupted", false), None).await?;
            for batch in self.batches {
                sink.write(batch, &mut Refusals::forbidden()).await?;
                sink.commit().await?;
            }
            sink.seal().await?;
            sink.finish().await
        });
        delivered.map_err(failed)
    }

    pub(super) fn is_empty(&self, when: &str) -> Result<(), Failure> {
        match (self.published)() {
            published if published.is_empty() => Ok(()),
            published => {
                Err(Failure::new(format!("{} records are published {when}", published.len())))
            }
        }
    }

    /// Drops a sink after each number of pages.
    pub(super) fn nothing_before_finish(&self) -> Verdict {
        for pages in 0..=self.batches.len() {
            for resumable in [false, true] {
                (self.reset)();
                let context = run("dropped", resumable);
                let mut sink = (self.build)()?;
                let written = block_on(async {
                    sink.open(&context, None).await?;
                    for batch in self.batches.iter().take(pages) {
                        sink.write(batch, &mut Refusals::forbidden()).await?;
                        sink.commit().await?;
                    }
                    if pages == self.batches.len() {
                        sink.seal().await?;
                    }
                    Ok(())
                });
                written.map_err(failed)?;
                self.is_empty(&format!("before `finish`, after {pages} pages"))?;
                drop(sink);
                self.is_empty(&format!("by a sink that is dropped after {pages} pages"))?;
            }
        }
        Ok(Exercised { count: 2 * (self.batches.len() + 1), unit: "dropped sinks" })
    }

    /// Kills exports at random instants, and compares what is published with an uninterrupted run.
    pub(super) fn publishes_once(&self, resumption: Resumption) -> Verdict {
        let (expected, _) = self.uninterrupted()?;
        let mut kills = 0;
        for seed in 0..EXPORTS {
            (self.reset)();
            let is_resumable = resumption != Resumption::Unsupported;
            let mut export = Export {
                run: run(&format!("export-{seed}"), is_resumable),
                resumption,
                checkpoint: None,
                history: Vec::new(),
                random: Random::new(seed),
            };
            let instants = 4 * self.batches.len() + 4;
            for attempt in 0..=MAX_KILLS {
                let is_last = attempt == MAX_KILLS;
                let instant = if is_last { usize::MAX } else { export.random.below(instants) };
                let ended = self.attempt(&mut export, &mut KillPoint(instant));
                let shown = |export: &Export| export.history.join("; ");
                if ended.map_err(|failure| failure.with(shown(&export)))? {
                    break;
                }
                kills += 1;
                if !is_resumable {
                    export.abandon((self.build)()?.as_ref(), attempt);
                }
            }
            let published = (self.published)();
            if published != expected {
                let same =
                    published.iter().zip(&expected).take_while(|(one, other)| one == other).count();
                let message = format!(
                    "{} records are published instead of {}; they differ from record {} on",
                    published.len(),
                    expected.len(),
                    same + 1
                );
                return Err(Failure::new(message).with(export.history.join("; ")));
            }
        }
        Ok(Exercised { count: kills, unit: "killed runs" })
    }

    /// One run. Returns false if it was killed.
    fn attempt(&self, export: &mut Export, kill_point: &mut KillPoint) -> Result<bool, Failure> {
        let mut sink = (self.build)()?;
        let (mut pages, mut is_sealed) = (0, false);
        match &export.checkpoint {
            Some(from) => {
                (pages, is_sealed) = (from.pages, from.is_sealed);
                let checked = block_on(sink.can_resume(&export.run, &from.state));
                checked
                    .map_err(|why| Failure::new(format!("`can_resume` refuses a state: {why}")))?;
                block_on(sink.open(&export.run, Some(&from.state))).map_err(failed)?;
            }
            None => block_on(sink.open(&export.run, None)).map_err(failed)?,
        }
        if kill_point.is_reached() {
            return export.killed("after `open`");
        }
        for (number, batch) in (1..).zip(self.batches).skip(pages) {
            if is_sealed {
                break;
            }
            if kill_point.is_reached() {
                let polls = export.random.below(3);
                poll_some(sink.write(batch, &mut Refusals::forbidden()), polls);
                return export.killed(format!("during the write of page {number}"));
            }
            block_on(sink.write(batch, &mut Refusals::forbidden())).map_err(failed)?;
            if kill_point.is_reached() {
                return export.killed(format!("after the write of page {number}"));
            }
            // A sink that can't undo a write gets the next page only after the checkpoint.
            if export.resumption != Resumption::AtLeastOnce && export.random.one_in(2) {
                continue;
            }
            let state = block_on(sink.commit()).map_err(failed)?;
            if kill_point.is_reached() {
                return export
                    .killed(format!("after the commit of page {number}, before its checkpoint"));
            }
            export.save(number, false, &state)?;
        }
        if !is_sealed {
            let state = block_on(sink.seal()).map_err(failed)?;
            if kill_point.is_reached() {
                return export.killed("after `seal`, before its checkpoint");
            }
            export.save(self.batches.len(), true, &state)?;
        }
        if kill_point.is_reached() {
            return export.killed("before `finish`");
        }
        block_on(sink.finish()).map_err(failed)?;
        if export.resumption != Resumption::Unsupported && kill_point.is_reached() {
            return export.killed("after `finish`");
        }
        Ok(true)
    }
}

/// A run with this id.
pub(super) fn run(id: &str, resumable: bool) -> RunContext {
    let mut run = RunContext::new("conformance", Timestamp::UNIX_EPOCH, id);
    run.resumable = resumable;
    run
}

impl Export {
    #[expect(clippy::unnecessary_wraps, reason = "the result of an attempt")]
    fn killed(&mut self, when: impl Into<String>) -> Result<bool, Failure> {
        self.history.push(format!("killed {}", when.into()));
        Ok(false)
    }

    /// Saves a state as a checkpoint does: as JSON.
    fn save(&mut self, pages: usize, is_sealed: bool, state: &SinkState) -> Result<(), Failure> {
        let text = state.get().to_string();
        let state = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("the state is not JSON: {error}")).with(text))?;
        self.checkpoint = Some(Checkpoint { pages, is_sealed, state: SinkState::new(state) });
        Ok(())
    }

    /// Discards a run that can't be resumed, and prepares the next one.
    fn abandon(&mut self, sink: &dyn Sink, attempt: usize) {
        let state = self.checkpoint.take().map(|checkpoint| checkpoint.state);
        sink.discard(&self.run, &state.unwrap_or_else(|| sink.initial_state(&self.run)));
        self.run.run_id = format!("{}-{attempt}", self.run.run_id);
    }
}

/// Polls a future a number of times, and drops it.
fn poll_some<T>(future: impl Future<Output = T>, times: usize) {
    let mut future = pin!(future);
    for _ in 0..times {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        std::thread::yield_now();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn failed(error: StageError) -> Failure {
    Failure::new(format!("the sink fails: {}", error.full_message()))
}
