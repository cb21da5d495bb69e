//! Collects keys into batches, sends the batches, and distributes the answers.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::FutureExt;
use taskferry_sdk::serde_json::Value;
use taskferry_sdk::{Duration, ErrorKind, StageError};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use crate::cache::Cache;
use crate::failure::{copy_of, panicked};
use crate::service::Service;
use crate::settings::Settings;

/// The answers to a batch of keys, by key.
///
/// A key that is missing, or whose answer is `null`, is unknown to the service. Answers to other keys are ignored.
pub type Answers = HashMap<String, Value>;

/// Requests the answers to a batch of keys.
pub(crate) type Fetch = Box<dyn Fn(Service, Vec<String>) -> Fetching + Send + Sync>;
type Fetching = Pin<Box<dyn Future<Output = Result<Answers, StageError>> + Send>>;

/// The result for a key: its answer (`null` if the service has none), or the error.
type Outcome = Result<Arc<Value>, Arc<StageError>>;
type OutcomeSender = watch::Sender<Option<Outcome>>;
type OutcomeReceiver = watch::Receiver<Option<Outcome>>;

pub(crate) struct Dispatcher {
    fetch: Fetch,
    service: Service,
    batch: usize,
    permits: Semaphore,
    runtime: Handle,
    state: Mutex<State>,
    tasks: Mutex<JoinSet<()>>,
}

struct State {
    cache: Cache<Outcome>,
    /// Requested keys without an answer.
    in_flight: HashMap<Arc<str>, OutcomeReceiver>,
    /// The batch that is not full.
    open: Vec<PendingKey>,
    /// The number of the open batch.
    number: u64,
}

/// A key in a batch.
struct PendingKey {
    key: Arc<str>,
    sender: OutcomeSender,
}

/// An answer, and how it was found.
pub(crate) struct LookupResult {
    pub(crate) answer: Arc<Value>,
    /// Whether the answer came from the cache, or from a request that already contained the key.
    pub(crate) is_cached: bool,
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dispatcher").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Dispatcher {
    /// Batches are sent by tasks of `runtime`.
    pub(crate) fn new(
        settings: &Settings,
        service: Service,
        fetch: Fetch,
        runtime: Handle,
    ) -> Self {
        let options = &settings.options;
        let state = State {
            cache: Cache::new(options.cache_entries, options.cache_age.map(Duration::get)),
            in_flight: HashMap::new(),
            open: Vec::new(),
            number: 0,
        };
        Self {
            fetch,
            service,
            batch: settings.batch,
            permits: Semaphore::new(options.concurrency),
            runtime,
            state: Mutex::new(state),
            tasks: Mutex::default(),
        }
    }

    /// Looks up a key: in the cache, or with the keys of other records in one request.
    pub(crate) async fn get(self: &Arc<Self>, key: &str) -> Result<LookupResult, StageError> {
        let (mut receiver, is_cached) = match self.enqueue(key) {
            Ok(outcome) => return found(outcome, true),
            Err(Waiting { receiver, role: Role::Joins }) => (receiver, true),
            Err(Waiting { receiver, role: Role::Fills }) => (receiver, false),
            Err(Waiting { receiver, role: Role::Opens(number) }) => {
                // Sends the batch in any case, since other records wait for it, too.
                let _send = SendOnDrop { dispatcher: self, number };
                yield_to_other_records().await;
                (receiver, false)
            }
        };
        let outcome = receiver.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
        match outcome {
            Some(outcome) => found(outcome, is_cached),
            None => Err(StageError::new(ErrorKind::Network, "the lookup was cancelled").fatal()),
        }
    }

    /// The number of requests since the last call.
    pub(crate) fn take_requests(&self) -> u64 {
        self.service.take_requests()
    }

    /// Ends all requests.
    pub(crate) async fn close(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
    }

    /// Returns the cached result of a key, or adds the key to a batch and returns a receiver of the result.
    fn enqueue(self: &Arc<Self>, key: &str) -> Result<Outcome, Waiting> {
        let mut state = lock(&self.state);
        if let Some(outcome) = state.cache.get(key) {
            return Ok(outcome);
        }
        if let Some(receiver) = state.in_flight.get(key) {
            return Err(Waiting { receiver: receiver.clone(), role: Role::Joins });
        }
        let key: Arc<str> = key.into();
        let (sender, receiver) = watch::channel(None);
        state.in_flight.insert(Arc::clone(&key), receiver.clone());
        state.open.push(PendingKey { key, sender });
        let role = if state.open.len() >= self.batch {
            let batch = state.take_open();
            drop(state);
            self.send(batch);
            Role::Fills
        } else if state.open.len() == 1 {
            Role::Opens(state.number)
        } else {
            Role::Fills
        };
        Err(Waiting { receiver, role })
    }

    fn send(self: &Arc<Self>, batch: Vec<PendingKey>) {
        let this = Arc::clone(self);
        let task = async move { this.process(batch).await }.instrument(Span::current());
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(task, &self.runtime);
    }

    /// Asks the service about a batch. If the service refuses several keys, asks about each half of them, so that only the
    /// refused keys fail.
    async fn process(&self, batch: Vec<PendingKey>) {
        let _permit = self.permits.acquire().await;
        let mut batches = vec![batch];
        while let Some(mut batch) = batches.pop() {
            let keys: Vec<String> = batch.iter().map(|pending| pending.key.to_string()).collect();
            let service = self.service.for_keys(keys.len());
            let fetch = async { (self.fetch)(service, keys).await };
            let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
            match fetched.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(mut answers) => {
                    self.finish(batch, |key| Ok(Arc::new(answers.remove(key).unwrap_or_default())));
                }
                Err(error) if batch.len() > 1 && concerns_keys(&error) => {
                    let right = batch.split_off(batch.len() / 2);
                    batches.extend([right, batch]);
                }
                Err(error) => {
                    let error = Arc::new(error);
                    self.finish(batch, |_| Err(Arc::clone(&error)));
                }
            }
        }
    }

    /// Caches the results and sends them to the waiting lookups. Fatal errors are not cached.
    fn finish(&self, batch: Vec<PendingKey>, mut outcome_of: impl FnMut(&str) -> Outcome) {
        for PendingKey { key, sender } in batch {
            let outcome = outcome_of(&key);
            let mut state = lock(&self.state);
            state.in_flight.remove(&key);
            if !outcome.as_ref().is_err_and(|error| error.is_fatal()) {
                state.cache.insert(key, outcome.clone());
            }
            drop(state);
            sender.send_replace(Some(outcome));
        }
    }
}

impl State {
    fn take_open(&mut self) -> Vec<PendingKey> {
        self.number += 1;
        std::mem::take(&mut self.open)
    }
}

/// A lookup that waits for an answer.
struct Waiting {
    receiver: OutcomeReceiver,
    role: Role,
}

/// The part of a lookup in its batch.
enum Role {
    /// Another lookup has already requested the key.
    Joins,
    /// The key is in a batch that another lookup sends, or that is full.
    Fills,
    /// The key is the first one of the batch with this number.
    Opens(u64),
}

/// Sends a batch when this value is dropped, unless the batch was full and was sent before.
struct SendOnDrop<'a> {
    dispatcher: &'a Arc<Dispatcher>,
    number: u64,
}

impl Drop for SendOnDrop<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.dispatcher.state);
        if state.number == self.number {
            let batch = state.take_open();
            drop(state);
            self.dispatcher.send(batch);
        }
    }
}

/// Yields once, so that the engine polls the other records in progress on this thread. Afterwards, each of them has added its key
/// or waits for something else.
async fn yield_to_other_records() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whether an error may be due to one key of several.
fn concerns_keys(error: &StageError) -> bool {
    !error.is_fatal() && error.kind() != ErrorKind::Defect
}

fn found(outcome: Outcome, is_cached: bool) -> Result<LookupResult, StageError> {
    outcome.map(|answer| LookupResult { answer, is_cached }).map_err(|error| copy_of(&error))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
