//! The lookups of a transform.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use taskferry_sdk::serde_json::Value;
use taskferry_sdk::{Counters, ErrorKind, Lookups, Output, StageError, printable, shortened};

use crate::dispatcher::{Dispatcher, LookupResult};

const LOOKUPS: &str = "lookups";
const CACHED: &str = "cached";
const NOT_FOUND: &str = "not_found";
const REQUESTS: &str = "requests";

/// The maximum number of characters of a key or an answer in a message.
const MAX_CHARACTERS: usize = 100;

/// Answers lookups: from the answers so far, from the service, or from the answers of a test.
#[derive(Debug)]
pub struct Lookup {
    /// The option with the lookup, for explanations.
    pub(crate) option: &'static str,
    pub(crate) stage: String,
    pub(crate) lookups: Lookups,
    /// `None` if the answers are prepared.
    pub(crate) dispatcher: Option<Arc<Dispatcher>>,
}

impl Lookup {
    /// Looks up a key. Returns `None` if the service has no answer. The summary of the run shows how many lookups there
    /// were.
    ///
    /// Records that are in progress at the same time share requests, and the same key is requested once.
    ///
    /// # Errors
    /// The error of `fetch`, the same for all records that wait for the answer; or the answer has another type than `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        key: &str,
        out: &mut Output,
    ) -> Result<Option<T>, StageError> {
        let answer = match &self.dispatcher {
            None => Arc::new(self.prepared(key)?),
            Some(dispatcher) => {
                // If the lookup fails, its requests are not taken here, because the counts of a refused record are discarded. The next
                // successful lookup counts them.
                let LookupResult { answer, is_cached } = dispatcher.get(key).await?;
                match dispatcher.take_requests() {
                    0 => {}
                    requests => out.count(REQUESTS, requests),
                }
                if is_cached {
                    out.count(CACHED, 1);
                }
                self.lookups.record(&self.stage, key, &answer);
                answer
            }
        };
        out.count(LOOKUPS, 1);
        if answer.is_null() {
            out.count(NOT_FOUND, 1);
            out.explain(self.option, || format!("finds nothing for `{}`", shown(key)));
            return Ok(None);
        }
        out.explain(self.option, || {
            format!("finds `{}` for `{}`", shown(&answer.to_string()), shown(key))
        });
        T::deserialize(&*answer).map(Some).map_err(|error| {
            let key = shown(key);
            let message =
                format!("the service's answer for the key `{key}` does not have the expected form");
            StageError::new(ErrorKind::Record, message)
                .caused_by(error)
                .hint("check the version of the service, or ask the authors of the plugin")
        })
    }

    /// The answer of the test.
    fn prepared(&self, key: &str) -> Result<Value, StageError> {
        self.lookups.answer(&self.stage, key).ok_or_else(|| {
            let message = format!("the test has no answer for the lookup of `{}`", shown(key));
            StageError::new(ErrorKind::Record, message)
                .hint(format!("add it to `[test.lookups.{}]`", printable(&self.stage)))
        })
    }

    pub(crate) async fn close(&self) {
        if let Some(dispatcher) = &self.dispatcher {
            dispatcher.close().await;
        }
    }
}

/// The warnings at the end of a run.
pub(crate) fn warnings(totals: &Counters) -> Vec<String> {
    let (lookups, not_found) = (totals.get(LOOKUPS), totals.get(NOT_FOUND));
    if lookups == 0 || not_found < lookups {
        return Vec::new();
    }
    vec![format!(
        "no lookup found an answer (lookups: {lookups}): check the `url` of the lookup, and the field that contains the key"
    )]
}

fn shown(text: &str) -> String {
    shortened(&printable(text), MAX_CHARACTERS).into_owned()
}
