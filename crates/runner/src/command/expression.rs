//! jq expressions about records, in options and tests.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;

use serde_json::json;
use taskferry_pipeline::Registry;
use taskferry_sdk::{AnyTransform, BuildContext, NoFiles, Output, Record, RunContext, Transform};

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    transform: Arc<dyn Transform>,
    /// Why a record had no answer.
    stopped: OnceLock<String>,
}

impl Expression {
    /// Compiles the expression of the option `name`. The expression gets its time from `run`.
    ///
    /// # Errors
    /// The message, with all errors in the expression.
    pub(crate) fn new(
        name: &str,
        expression: &str,
        registry: &Registry,
        run: &RunContext,
    ) -> Result<Self, String> {
        let options = json!({ "filter": expression });
        let context = BuildContext::new(&NoFiles, registry.endpoints());
        let built = registry.build_transform("jq", &options, &context);
        match built.map(|built| built.map(|built| built.stage.transform)) {
            Some(Ok(AnyTransform::Stateless(mut transform))) => {
                transform.open(run).map_err(|error| error.full_message())?;
                Ok(Self { transform: Arc::from(transform), stopped: OnceLock::new() })
            }
            Some(Err(problems)) => {
                let texts: Vec<String> = problems.into_iter().map(|it| it.message).collect();
                Err(format!("`{name}` is not a jq expression: {}", texts.join("; ")))
            }
            _ => Err(format!("`{name}` needs the transform `jq`, which this binary does not have")),
        }
    }

    /// The results for a record. They are computed on a thread of their own, because an endless expression can't be interrupted: its
    /// thread runs until the process ends. Then, and after a panic, all further records have the same error.
    ///
    /// # Errors
    /// The reason why the expression fails.
    pub(crate) fn results(&self, record: &Record) -> Result<Vec<Record>, String> {
        if let Some(reason) = self.stopped.get() {
            return Err(reason.clone());
        }
        let (transform, record) = (Arc::clone(&self.transform), record.clone());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut out = Output::new();
            let applied = transform.apply(record, &mut out);
            let results = applied.map(|()| out.records().to_vec());
            _ = sender.send(results.map_err(|error| error.full_message()));
        });
        let limit = self.transform.time_limit();
        let answer = match limit {
            Some(limit) => receiver.recv_timeout(limit.limit + limit.grace),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        answer.unwrap_or_else(|error| {
            let reason = match (error, limit) {
                (RecvTimeoutError::Timeout, Some(limit)) => {
                    format!("the expression took longer than the time limit of {:?}", limit.limit)
                }
                _ => "the expression panicked; please report it as a defect".to_owned(),
            };
            Err(self.stopped.get_or_init(|| reason).clone())
        })
    }
}
