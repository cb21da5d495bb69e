//! Scripted stages.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use taskferry_engine::{Interrupt, Stopper};
use taskferry_pipeline::{Feed, OnError, Pipeline, SinkStage, SourceStage, TransformStage};
use taskferry_sdk::{
    AnyTransform, Batch, Counters, Cursor, Delivery, ErrorKind, Output, Page, Position, Record,
    Refusals, Resumption, RunContext, ShardRange, Sink, SinkState, Source, SourceStatistics,
    StageError, TimeLimit, Transform,
};
use tokio::sync::Notify;

/// A pipeline of scripted stages.
pub(crate) fn pipeline(
    source: Pages,
    transforms: Vec<TransformStage>,
    sinks: Vec<Box<dyn Sink>>,
) -> Pipeline {
    let sinks = sinks.into_iter().enumerate().map(|(index, sink)| SinkStage {
        name: format!("sink-{index}"),
        type_name: "test",
        on_error: OnError::Fail,
        transforms: Vec::new(),
        sink,
    });
    let source = SourceStage {
        name: "pages".to_owned(),
        type_name: "pages",
        digest: String::new(),
        feed: Feed::Source(Box::new(source)),
    };
    let mut pipeline = Pipeline::new("test", source, transforms, sinks.collect());
    // Each page is committed alone, unless a test needs larger commits.
    pipeline.state.commit_interval = taskferry_sdk::Duration::from_millis(0);
    pipeline
}

/// Pages of records `{"n": 0}`, `{"n": 1}`, … with cursors `c1`, `c2`, …
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one way to behave")]
pub(crate) struct Pages {
    pub(crate) count: usize,
    pub(crate) size: usize,
    pub(crate) read: Arc<AtomicUsize>,
    pub(crate) fail_after: Option<usize>,
    /// Whether the error is not resumable.
    pub(crate) not_resumable: bool,
    /// Whether the source ignores the fingerprints of earlier pages.
    pub(crate) lenient: bool,
    pub(crate) stop_after: Option<(usize, Stopper, Interrupt)>,
    /// The page after which the source hangs.
    pub(crate) hang_after: Option<usize>,
    /// Whether the source supports shards.
    pub(crate) in_shards: bool,
    /// Whether pages lack the cursor of the next one.
    pub(crate) names_no_cursor: bool,
}

impl Pages {
    pub(crate) fn new(pages: usize, size: usize) -> Self {
        let read = Arc::default();
        Self {
            count: pages,
            size,
            read,
            fail_after: None,
            not_resumable: false,
            lenient: false,
            stop_after: None,
            hang_after: None,
            in_shards: false,
            names_no_cursor: false,
        }
    }
}

#[async_trait]
impl Source for Pages {
    async fn open(&mut self, _: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        if let Some(from) = from {
            let pages = usize::try_from(from.pages).unwrap();
            let cursor = (pages < self.count).then(|| format!("c{pages}"));
            assert_eq!(from.cursor.as_ref().map(Cursor::as_str), cursor.as_deref());
            let fingerprints: Vec<u128> = (1..=from.pages).map(u128::from).collect();
            assert!(
                self.lenient || from.fingerprints == fingerprints,
                "the fingerprints of all earlier pages"
            );
            assert_eq!(from.fingerprints.len(), fingerprints.len());
            self.read.store(pages, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let done = self.read.load(Ordering::SeqCst);
        if self.fail_after == Some(done) {
            let error = StageError::new(ErrorKind::Network, "unplugged");
            return Err(if self.not_resumable { error.not_resumable() } else { error });
        }
        if let Some((after, stopper, why)) = &self.stop_after
            && *after == done
        {
            stopper.stop(*why);
            std::future::pending::<()>().await;
        }
        if self.hang_after == Some(done) {
            std::future::pending::<()>().await;
        }
        if done == self.count {
            return Ok(None);
        }
        let cursor = |page: usize| {
            Some(Cursor::new(format!("c{page}"))).filter(|_| page > 0 && page < self.count)
        };
        let record = |index| Record::from(json!({"n": done * self.size + index})).into();
        self.read.store(done + 1, Ordering::SeqCst);
        let mut page = Page::new((0..self.size).map(record).collect());
        page.next = cursor(done + 1).filter(|_| !self.names_no_cursor);
        page.bytes = 10;
        page.fingerprints = vec![(done + 1) as u128];
        Ok(Some(page))
    }

    fn statistics(&self) -> SourceStatistics {
        let mut statistics = SourceStatistics::default();
        statistics.requests = self.read.load(Ordering::SeqCst) as u64;
        statistics
    }

    fn can_shard(&self) -> bool {
        self.in_shards
    }

    fn shard_range(&self) -> Option<ShardRange> {
        self.in_shards.then(|| {
            let mut range = ShardRange::default();
            range.to = Some(format!("c{}", self.count));
            range
        })
    }
}

type Apply = Box<dyn Fn(Record, &mut Output) -> Result<(), StageError> + Send + Sync>;

/// A transform from a closure.
pub(crate) struct TestTransform {
    apply: Apply,
    limit: Option<Duration>,
}

impl TestTransform {
    pub(crate) fn stage(
        apply: impl Fn(Record, &mut Output) -> Result<(), StageError> + Send + Sync + 'static,
    ) -> TransformStage {
        stage(AnyTransform::stateless(Self { apply: Box::new(apply), limit: None }))
    }

    pub(crate) fn limited(
        limit: Duration,
        apply: impl Fn(Record, &mut Output) -> Result<(), StageError> + Send + Sync + 'static,
    ) -> TransformStage {
        stage(AnyTransform::stateless(Self { apply: Box::new(apply), limit: Some(limit) }))
    }
}

/// A stage that ends the run when it refuses a record.
pub(crate) fn stage(transform: AnyTransform) -> TransformStage {
    TransformStage {
        name: "test".to_owned(),
        type_name: "test",
        digest: String::new(),
        on_error: OnError::Fail,
        transform,
    }
}

impl std::fmt::Debug for TestTransform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TestTransform")
    }
}

impl Transform for TestTransform {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        (self.apply)(record, out)
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        self.limit.map(|limit| TimeLimit::new(limit, "be quicker"))
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        assert_ne!(totals.get("panic"), 1, "a warning that panics");
        let fives = totals.get("fives");
        if fives > 0 { vec![format!("{fives} of {records_in} end in 5")] } else { Vec::new() }
    }
}

/// The recorded calls of a [`TestSink`].
#[derive(Debug, Clone, Default)]
pub(crate) struct SinkProbe {
    committed: Arc<Mutex<Vec<String>>>,
    /// Whether the sink has published, and whether it was dropped.
    flags: Arc<Mutex<(bool, bool)>>,
    pub(crate) hanging: Arc<Notify>,
    /// Notified when a sink verifies its partial output.
    pub(crate) checking: Arc<Notify>,
    /// Notified at every commit.
    pub(crate) committing: Arc<Notify>,
    commits: Arc<AtomicUsize>,
    /// The number of pages that the source has read.
    pub(crate) watch: Arc<Mutex<Option<Arc<AtomicUsize>>>>,
    /// The maximum number of pages that the source was ahead of the sink.
    pub(crate) ahead: Arc<AtomicUsize>,
    opened: Arc<Mutex<Vec<usize>>>,
    discarded: Arc<AtomicUsize>,
}

impl SinkProbe {
    pub(crate) fn sink(&self) -> Box<dyn Sink> {
        Box::new(self.sink_of())
    }

    pub(crate) fn sink_of(&self) -> TestSink {
        TestSink {
            probe: self.clone(),
            on_drop: OnDrop(self.clone()),
            pending: Vec::new(),
            fail_at_page: None,
            panic_at_page: None,
            fail_to_open: false,
            fail_to_seal: false,
            fail_to_publish: false,
            hang_at_page: None,
            stop_when_publishing: None,
            closely: false,
            resumption: Resumption::Exact,
            before_write: None,
            check_hangs: false,
        }
    }

    /// The number of committed records each time that a sink was opened.
    pub(crate) fn opened_at(&self) -> Vec<usize> {
        self.opened.lock().unwrap().clone()
    }

    /// The number of commits.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// The number of discards.
    pub(crate) fn discarded(&self) -> usize {
        self.discarded.load(Ordering::SeqCst)
    }

    pub(crate) fn records(&self) -> Vec<String> {
        self.committed.lock().unwrap().clone()
    }

    pub(crate) fn numbers(&self) -> Vec<usize> {
        let number = |line: &String| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            usize::try_from(value["n"].as_u64().unwrap()).unwrap()
        };
        self.records().iter().map(number).collect()
    }

    pub(crate) fn published(&self) -> bool {
        self.flags.lock().unwrap().0
    }

    pub(crate) fn dropped(&self) -> bool {
        self.flags.lock().unwrap().1
    }

    pub(crate) fn furthest_ahead(&self) -> usize {
        self.ahead.load(Ordering::SeqCst)
    }
}

/// A sink that writes into a [`SinkProbe`].
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one way to misbehave")]
pub(crate) struct TestSink {
    pub(crate) probe: SinkProbe,
    #[expect(dead_code, reason = "it records that the sink was dropped")]
    pub(crate) on_drop: OnDrop,
    pub(crate) pending: Vec<String>,
    pub(crate) fail_at_page: Option<u64>,
    pub(crate) panic_at_page: Option<u64>,
    pub(crate) fail_to_open: bool,
    pub(crate) fail_to_seal: bool,
    pub(crate) fail_to_publish: bool,
    pub(crate) hang_at_page: Option<u64>,
    pub(crate) stop_when_publishing: Option<Stopper>,
    /// Whether the sink updates [`SinkProbe::ahead`].
    pub(crate) closely: bool,
    pub(crate) resumption: Resumption,
    pub(crate) before_write: Option<BeforeWrite>,
    pub(crate) check_hangs: bool,
}

/// Called with the number of the page before it is written.
pub(crate) struct BeforeWrite(Box<dyn Fn(u64) + Send>);

impl std::fmt::Debug for BeforeWrite {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BeforeWrite")
    }
}

impl TestSink {
    pub(crate) fn before_each_write(mut self, look: impl Fn(u64) + Send + 'static) -> Self {
        self.before_write = Some(BeforeWrite(Box::new(look)));
        self
    }
}

/// Records the drop of the sink.
#[derive(Debug)]
pub(crate) struct OnDrop(SinkProbe);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Ok(mut flags) = self.0.flags.lock() {
            flags.1 = true;
        }
    }
}

#[async_trait]
impl Sink for TestSink {
    fn resumption(&self) -> Resumption {
        self.resumption
    }

    async fn can_resume(&mut self, _: &RunContext, _: &SinkState) -> Result<(), String> {
        self.probe.checking.notify_one();
        if self.check_hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn discard(&self, _: &RunContext, _: &SinkState) {
        self.probe.discarded.fetch_add(1, Ordering::SeqCst);
    }

    async fn open(&mut self, _: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        if self.fail_to_open {
            return Err(StageError::new(ErrorKind::Io, "the folder is read-only"));
        }
        let committed = from.map_or(0, |committed| committed.get().as_u64().unwrap());
        let committed = usize::try_from(committed).unwrap();
        self.probe.committed.lock().unwrap().truncate(committed);
        self.probe.opened.lock().unwrap().push(committed);
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        if let Some(BeforeWrite(look)) = &self.before_write {
            look(batch.page);
        }
        assert_ne!(self.panic_at_page, Some(batch.page), "the test requests a panic");
        if self.fail_at_page == Some(batch.page) {
            return Err(StageError::new(ErrorKind::Io, "the disk is full"));
        }
        if self.hang_at_page == Some(batch.page) {
            self.probe.hanging.notify_one();
            std::future::pending::<()>().await;
        }
        if self.closely {
            let read = self
                .probe
                .watch
                .lock()
                .unwrap()
                .as_ref()
                .map_or(0, |read| read.load(Ordering::SeqCst));
            let page = usize::try_from(batch.page).unwrap();
            self.probe.ahead.fetch_max(read - page, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
        self.pending.extend(batch.records.iter().map(Record::to_json));
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        let mut committed = self.probe.committed.lock().unwrap();
        committed.append(&mut self.pending);
        self.probe.commits.fetch_add(1, Ordering::SeqCst);
        self.probe.committing.notify_one();
        Ok(SinkState::new(json!(committed.len())))
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        if self.fail_to_seal {
            return Err(StageError::new(ErrorKind::Io, "the disk is full"));
        }
        Ok(SinkState::new(json!(self.probe.committed.lock().unwrap().len())))
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        if let Some(stopper) = &self.stop_when_publishing {
            stopper.stop(Interrupt::Terminated);
            // The dispatcher receives the signal while this sink publishes.
            tokio::task::yield_now().await;
        }
        if self.fail_to_publish {
            return Err(StageError::new(ErrorKind::Io, "the folder is gone"));
        }
        self.probe.flags.lock().unwrap().0 = true;
        Ok(Delivery::default())
    }
}
