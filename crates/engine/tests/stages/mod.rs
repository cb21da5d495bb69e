//! Stages that do as a test tells them.

#![allow(clippy::unwrap_used, reason = "a test helper fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use taskferry_core::{
    Batch, Cursor, Delivery, Emitter, ErrorKind, Mark, OnError, Origin, Page, Pipeline, Position,
    Record, Refusals, RunContext, Sink, SinkStage, Source, SourceStage, SourceStatistics,
    StageError, TimeLimit, Transform, TransformStage,
};
use taskferry_engine::{Interrupt, Stopper};
use tokio::sync::Notify;

/// A pipeline of such stages.
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
    let source =
        SourceStage { name: "pages".to_owned(), type_name: "pages", source: Box::new(source) };
    Pipeline::new("test", source, transforms, sinks.collect())
}

/// Pages of records `{"n": 0}`, `{"n": 1}`, … with cursors `c1`, `c2`, …
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) count: usize,
    pub(crate) size: usize,
    pub(crate) read: Arc<AtomicUsize>,
    pub(crate) fail_after: Option<usize>,
    pub(crate) stop_after: Option<(usize, Stopper, Interrupt)>,
}

impl Pages {
    pub(crate) fn new(pages: usize, size: usize) -> Self {
        Self { count: pages, size, read: Arc::default(), fail_after: None, stop_after: None }
    }
}

#[async_trait]
impl Source for Pages {
    async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let done = self.read.load(Ordering::SeqCst);
        if self.fail_after == Some(done) {
            return Err(StageError::new(ErrorKind::Network, "unplugged"));
        }
        if let Some((after, stopper, why)) = &self.stop_after
            && *after == done
        {
            stopper.stop(*why);
            std::future::pending::<()>().await;
        }
        if done == self.count {
            return Ok(None);
        }
        let cursor = |page: usize| {
            Some(Cursor::new(format!("c{page}"))).filter(|_| page > 0 && page < self.count)
        };
        let number = (done + 1) as u64;
        let records = (0..self.size).map(|index| {
            let origin = Origin { page: number, cursor: cursor(done), index, job: None };
            Record::from_value(json!({"n": done * self.size + index})).with_origin(origin)
        });
        self.read.store(done + 1, Ordering::SeqCst);
        let page = Page {
            number,
            cursor: cursor(done),
            next: cursor(done + 1),
            bytes: 10,
            records: records.collect(),
            traces: Vec::new(),
        };
        Ok(Some(page))
    }

    fn statistics(&self) -> SourceStatistics {
        SourceStatistics { requests: self.read.load(Ordering::SeqCst) as u64, retries: 0 }
    }
}

type Apply = Box<dyn Fn(Record, &mut Emitter) -> Result<(), StageError> + Send + Sync>;

/// A transform made of a closure.
pub(crate) struct TestTransform(Apply);

impl TestTransform {
    pub(crate) fn stage(
        apply: impl Fn(Record, &mut Emitter) -> Result<(), StageError> + Send + Sync + 'static,
    ) -> TransformStage {
        TransformStage {
            name: "test".to_owned(),
            type_name: "test",
            on_error: OnError::Fail,
            transform: Box::new(Self(Box::new(apply))),
        }
    }

    pub(crate) fn limited(inner: Box<dyn Transform>, limit: Duration) -> impl Transform {
        Limited { inner, limit }
    }
}

impl std::fmt::Debug for TestTransform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TestTransform")
    }
}

#[async_trait]
impl Transform for TestTransform {
    async fn apply(&self, record: Record, out: &mut Emitter) -> Result<(), StageError> {
        (self.0)(record, out)
    }
}

#[derive(Debug)]
struct Limited {
    inner: Box<dyn Transform>,
    limit: Duration,
}

#[async_trait]
impl Transform for Limited {
    async fn apply(&self, record: Record, out: &mut Emitter) -> Result<(), StageError> {
        self.inner.apply(record, out).await
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        Some(TimeLimit { limit: self.limit, grace: Duration::ZERO, hint: "be quicker" })
    }
}

/// What a [`TestSink`] did, for the test to read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    committed: Arc<Mutex<Vec<String>>>,
    flags: Arc<Mutex<(bool, bool)>>,
    pub(crate) hanging: Arc<Notify>,
    pub(crate) watch: Arc<Mutex<Option<Arc<AtomicUsize>>>>,
    pub(crate) ahead: Arc<AtomicUsize>,
}

impl Ledger {
    pub(crate) fn sink(&self) -> Box<dyn Sink> {
        Box::new(self.sink_of())
    }

    pub(crate) fn sink_of(&self) -> TestSink {
        TestSink {
            ledger: self.clone(),
            gone: Gone(self.clone()),
            pending: Vec::new(),
            fail_at_page: None,
            panic_at_page: None,
            fail_to_open: false,
            fail_to_seal: false,
            hang_at_page: None,
            stop_when_publishing: None,
            closely: false,
        }
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

/// A sink that writes into a [`Ledger`].
#[derive(Debug)]
pub(crate) struct TestSink {
    pub(crate) ledger: Ledger,
    #[expect(dead_code, reason = "it tells by being dropped")]
    pub(crate) gone: Gone,
    pub(crate) pending: Vec<String>,
    pub(crate) fail_at_page: Option<u64>,
    pub(crate) panic_at_page: Option<u64>,
    pub(crate) fail_to_open: bool,
    pub(crate) fail_to_seal: bool,
    pub(crate) hang_at_page: Option<u64>,
    pub(crate) stop_when_publishing: Option<Stopper>,
    pub(crate) closely: bool,
}

/// Notes that the sink is gone.
#[derive(Debug)]
pub(crate) struct Gone(Ledger);

impl Drop for Gone {
    fn drop(&mut self) {
        if let Ok(mut flags) = self.0.flags.lock() {
            flags.1 = true;
        }
    }
}

#[async_trait]
impl Sink for TestSink {
    async fn open(&mut self, _: &RunContext, _: Option<&Mark>) -> Result<(), StageError> {
        if self.fail_to_open {
            return Err(StageError::new(ErrorKind::Io, "the folder is read-only"));
        }
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        assert_ne!(self.panic_at_page, Some(batch.page), "told to panic");
        if self.fail_at_page == Some(batch.page) {
            return Err(StageError::new(ErrorKind::Io, "the disk is full"));
        }
        if self.hang_at_page == Some(batch.page) {
            self.ledger.hanging.notify_one();
            std::future::pending::<()>().await;
        }
        if self.closely {
            let read = self
                .ledger
                .watch
                .lock()
                .unwrap()
                .as_ref()
                .map_or(0, |read| read.load(Ordering::SeqCst));
            let page = usize::try_from(batch.page).unwrap();
            self.ledger.ahead.fetch_max(read - page, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
        self.pending.extend(batch.records.iter().map(Record::to_json));
        Ok(())
    }

    async fn commit(&mut self) -> Result<Mark, StageError> {
        self.ledger.committed.lock().unwrap().append(&mut self.pending);
        Ok(Mark::default())
    }

    async fn seal(&mut self) -> Result<Mark, StageError> {
        if self.fail_to_seal {
            return Err(StageError::new(ErrorKind::Io, "the disk is full"));
        }
        Ok(Mark::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        if let Some(stopper) = &self.stop_when_publishing {
            stopper.stop(Interrupt::Terminated);
            // The dispatcher sees the signal now, while this sink publishes.
            tokio::task::yield_now().await;
        }
        self.ledger.flags.lock().unwrap().0 = true;
        Ok(Delivery::default())
    }
}
