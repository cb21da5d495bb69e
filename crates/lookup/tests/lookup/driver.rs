//! A transform with a lookup, driven as the engine drives it.

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use taskferry_lookup::{Answers, Lookup, LookupOptions, LookupTransform, Service};
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, BuildContext, Counters, Output, Record, RunContext, StageError,
    TransformPlugin, async_trait,
};
use taskferry_testkit::{build, merged, run_context};

use crate::config::MyPlugin;

/// A service that is a function. Keeps the keys of each request.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) batch: usize,
    pub(crate) requests: Arc<Mutex<Vec<Vec<String>>>>,
    answer: Arc<dyn Fn(Service, Vec<String>) -> Answering + Send + Sync>,
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Result<Answers, StageError>> + Send>>;

impl fmt::Debug for Fake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Fake {
    pub(crate) fn new<F>(
        batch: usize,
        answer: impl Fn(Vec<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Answers, StageError>> + Send + 'static,
    {
        Self::requesting(batch, move |_, keys| answer(keys))
    }

    /// As [`Fake::new`], with requests to the service of the options.
    pub(crate) fn requesting<F>(
        batch: usize,
        answer: impl Fn(Service, Vec<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Answers, StageError>> + Send + 'static,
    {
        let answer = Arc::new(move |service, keys| Box::pin(answer(service, keys)) as Answering);
        Self { batch, requests: Arc::default(), answer }
    }

    /// Answers each key `k` with `title of k`.
    pub(crate) fn titles(batch: usize) -> Self {
        Self::new(batch, |keys| async { Ok(titles(keys)) })
    }

    pub(crate) fn requests(&self) -> Vec<Vec<String>> {
        self.requests.lock().unwrap().clone()
    }

    /// Builds and opens the transform, with `more` options of the lookup.
    pub(crate) async fn open(&self, more: &Value) -> Box<dyn AsyncTransform> {
        let options = merged(json!({"url": "http://127.0.0.1:1"}), more);
        let options: LookupOptions = LookupOptions::deserialize(options).unwrap();
        let files = taskferry_sdk::NoFiles;
        let endpoints = taskferry_sdk::Endpoints::default();
        let context = BuildContext::new(&files, &endpoints);
        let built = options.transform("lookup", &context, self.clone()).unwrap();
        opened(built, &run_context("r1")).await
    }
}

pub(crate) fn titles(keys: Vec<String>) -> Answers {
    keys.into_iter().map(|key| (key.clone(), json!(format!("title of {key}")))).collect()
}

#[async_trait]
impl LookupTransform for Fake {
    fn max_batch(&self) -> usize {
        self.batch
    }

    async fn fetch(&self, service: &Service, keys: &[String]) -> Result<Answers, StageError> {
        self.requests.lock().unwrap().push(keys.to_vec());
        (self.answer)(service.clone(), keys.to_vec()).await
    }

    async fn apply(
        &self,
        record: Record,
        lookup: &Lookup,
        out: &mut Output,
    ) -> Result<(), StageError> {
        let mut record = record.value()?;
        let title: Option<String> =
            lookup.get(record["external_id"].as_str().unwrap(), out).await?;
        record["job_title"] = json!(title);
        out.emit(record);
        Ok(())
    }
}

/// The plugin of the template with a service, and quick retries.
pub(crate) async fn job_titles(url: &str, more: &Value) -> Box<dyn AsyncTransform> {
    let retry = json!({"initial_delay": "1ms", "max_delay": "1ms"});
    let lookup = merged(json!({"url": url, "retry": retry}), more);
    let built = build(&json!({ "lookup": lookup }), MyPlugin::build).unwrap();
    opened(built, &run_context("r1")).await
}

pub(crate) async fn opened(built: AnyTransform, run: &RunContext) -> Box<dyn AsyncTransform> {
    let AnyTransform::Async(mut transform) = built else { panic!("an async transform") };
    transform.open(run).await.unwrap();
    transform
}

/// The results for the records of one page, and their counters.
pub(crate) struct Applied {
    pub(crate) titles: Vec<Result<String, StageError>>,
    pub(crate) counters: Counters,
}

impl Applied {
    /// The titles of all records, none of which is refused.
    pub(crate) fn ok(self) -> Vec<String> {
        self.titles.into_iter().map(Result::unwrap).collect()
    }

    pub(crate) fn only_error(mut self) -> StageError {
        assert_eq!(self.titles.len(), 1);
        self.titles.remove(0).unwrap_err()
    }
}

/// Applies a transform to the records of a page, as the engine does.
pub(crate) async fn page<K: ToString>(
    transform: &dyn AsyncTransform,
    keys: impl IntoIterator<Item = K>,
) -> Applied {
    let keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    let apply = |key: String| async move {
        let record = Record::parse(json!({"external_id": key}).to_string()).unwrap();
        let mut out = Output::new();
        let result = transform.apply(record, &mut out).await;
        let result = result.map(|()| {
            let record = out.records()[0].value().unwrap();
            assert_eq!(record["external_id"], *key, "the order is kept");
            record["job_title"].as_str().unwrap_or("null").to_owned()
        });
        (result, out.take_counters())
    };
    let applied: Vec<_> =
        stream::iter(keys).map(apply).buffered(transform.concurrency()).collect().await;
    let mut counters = Counters::default();
    let titles = applied.into_iter().map(|(title, counted)| {
        counters.merge(&counted);
        title
    });
    Applied { titles: titles.collect(), counters }
}
