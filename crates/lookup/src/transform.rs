//! Transforms with lookups.

use std::fmt;
use std::sync::Arc;

use taskferry_http::checks_with_status;
use taskferry_sdk::{
    AnyTransform, AsyncTransform, BuildContext, Check, Counters, ErrorKind, KeyPath, Output,
    Problem, Record, RunContext, StageError, async_trait,
};
use tokio::runtime::Handle;

use crate::dispatcher::{Answers, Dispatcher, Fetch};
use crate::lookup::{Lookup, warnings};
use crate::options::LookupOptions;
use crate::service::Service;
use crate::settings::{SERVICE, Settings};

/// The maximum number of records in progress. Waiting records fill batches and use little memory. The options limit the
/// requests.
const MAX_RECORDS_IN_PROGRESS: usize = 16_384;

/// A transform that asks an HTTP service about records. [`LookupOptions::transform`](crate::LookupOptions::transform) builds it.
#[async_trait]
pub trait LookupTransform: fmt::Debug + Send + Sync + 'static {
    /// The maximum number of keys that the service accepts in one request; 1 by default. Users can lower it with `batch`.
    fn max_batch(&self) -> usize {
        1
    }

    /// Requests the answers to `keys`: at most [`max_batch`](Self::max_batch) different keys.
    ///
    /// # Errors
    /// The request failed. An error that is not [fatal](StageError::fatal) refuses the keys: with several keys, `fetch` is called
    /// again for each half of them; with one key, its records are refused. The errors of [`Service`] are marked accordingly.
    async fn fetch(&self, service: &Service, keys: &[String]) -> Result<Answers, StageError>;

    /// Processes one record, and emits any number of records, as [`AsyncTransform::apply`].
    ///
    /// # Errors
    /// As [`AsyncTransform::apply`].
    async fn apply(
        &self,
        record: Record,
        lookup: &Lookup,
        out: &mut Output,
    ) -> Result<(), StageError>;
}

/// The stage of a pipeline.
#[derive(Debug)]
struct LookupStage<T> {
    option: &'static str,
    settings: Settings,
    transform: Arc<T>,
    /// `None` until the stage is opened.
    lookup: Option<Lookup>,
}

impl<T: LookupTransform> LookupStage<T> {
    async fn dispatcher(&self) -> Result<Dispatcher, StageError> {
        let runtime = Handle::try_current().map_err(|_| {
            let message = "lookups require a Tokio runtime";
            StageError::new(ErrorKind::Defect, message)
                .hint("mark the test with `#[tokio::test(flavor = \"multi_thread\")]`")
        })?;
        let service = Service::open(&self.settings).await?;
        let transform = Arc::clone(&self.transform);
        let fetch: Fetch = Box::new(move |service, keys| {
            let transform = Arc::clone(&transform);
            Box::pin(async move { transform.fetch(&service, &keys).await })
        });
        Ok(Dispatcher::new(&self.settings, service, fetch, runtime))
    }
}

impl LookupOptions {
    /// Builds the transform. Opens nothing. `option` is the name of the option with this table.
    ///
    /// # Errors
    /// All errors in the table.
    pub fn transform(
        &self,
        option: &'static str,
        context: &BuildContext<'_>,
        transform: impl LookupTransform,
    ) -> Result<AnyTransform, Vec<Problem>> {
        let settings = self.settings(&KeyPath::of(option), context, transform.max_batch())?;
        let transform = Arc::new(transform);
        let stage = LookupStage { option, settings, transform, lookup: None };
        Ok(AnyTransform::asynchronous(stage))
    }
}

#[async_trait]
impl<T: LookupTransform> AsyncTransform for LookupStage<T> {
    async fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        let (stage, lookups) = (run.stage.name.clone(), run.lookups.clone());
        let dispatcher =
            if lookups.are_prepared() { None } else { Some(Arc::new(self.dispatcher().await?)) };
        self.lookup = Some(Lookup { option: self.option, stage, lookups, dispatcher });
        Ok(())
    }

    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let lookup = self.lookup.as_ref().ok_or_else(|| {
            StageError::new(ErrorKind::Defect, "the transform was not opened")
                .hint("call `open` or `open_with_answers` in the test")
        })?;
        self.transform.apply(record, lookup, out).await
    }

    async fn close(&self) {
        if let Some(lookup) = &self.lookup {
            lookup.close().await;
        }
    }

    fn concurrency(&self) -> usize {
        MAX_RECORDS_IN_PROGRESS
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        warnings(totals)
    }

    fn checks(self: Box<Self>, _: &RunContext) -> Vec<Check> {
        checks_with_status(self.settings.server, SERVICE)
    }
}
