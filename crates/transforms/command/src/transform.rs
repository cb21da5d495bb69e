//! The transform, and its check for `taskferry doctor`.

use async_trait::async_trait;
use taskferry_sdk::{
    AsyncTransform, Check, Counters, ErrorKind, Finding, Output, Record, RunContext, StageError,
    printable,
};

use crate::pool::Pool;
use crate::protocol::{Answer, Hello};
use crate::worker::WINDOW;

const RESTARTS: &str = "restarts";

#[derive(Debug)]
pub(crate) struct CommandTransform {
    pub(crate) pool: Pool,
    pub(crate) workers: usize,
    /// The name of the program, for messages. The other arguments may be secrets.
    pub(crate) label: String,
}

#[async_trait]
impl AsyncTransform for CommandTransform {
    async fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        self.pool.open(Hello::of(run)).await
    }

    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        match self.pool.request(record).await? {
            Answer::Results(results) => {
                if results.is_empty() {
                    out.explain("command", || "drops the record: no results".to_owned());
                }
                for result in results {
                    out.emit(result);
                }
            }
            Answer::Drop(reason) => {
                out.explain("command", || match &*reason {
                    "" => "drops the record".to_owned(),
                    reason => format!("drops the record: {}", printable(reason)),
                });
            }
            Answer::Error(text) => {
                let message = format!("the program refused the record: {text}");
                return Err(StageError::new(ErrorKind::Record, message));
            }
        }
        let restarts = self.pool.take_restarts();
        if restarts > 0 {
            out.count(RESTARTS, restarts);
        }
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }

    fn concurrency(&self) -> usize {
        self.workers.saturating_mul(WINDOW)
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        let often = match self.pool.restarts(totals.get(RESTARTS)) {
            0 => return Vec::new(),
            1 => "once".to_owned(),
            restarts => format!("{restarts} times"),
        };
        vec![format!("the program was restarted {often}; the log contains the reasons")]
    }

    fn checks(mut self: Box<Self>, run: &RunContext) -> Vec<Check> {
        let hello = Hello::of(run);
        let check = Check::new("program", async move {
            let finding = match self.pool.open(hello).await {
                Ok(()) => Finding::ok(format!("`{}` starts and uses the protocol", self.label)),
                Err(error) => Finding::from(&error),
            };
            self.pool.close().await;
            vec![finding]
        });
        vec![check]
    }
}
