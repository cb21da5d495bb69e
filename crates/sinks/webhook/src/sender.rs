//! Sends the batches of a page to the receiver.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use taskferry_retry::{Circuit, Failure};
use taskferry_sdk::{ErrorKind, Refusals, StageError};

use crate::batch::{Batch, BatchBuilder};
use crate::compression::Compression;
use crate::receiver::{Receiver, Request};
use crate::state::DeliveryCounts;

/// Sends batches and counts what was delivered.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) receiver: Receiver,
    pub(crate) circuit: Circuit,
    pub(crate) compression: Compression,
    /// The maximum number of concurrent requests.
    pub(crate) concurrency: usize,
    pub(crate) counts: Mutex<DeliveryCounts>,
}

impl Sender {
    /// Sends all batches of a page, at most [`Sender::concurrency`] at a time.
    ///
    /// # Errors
    /// The first error that ends the run. Requests in progress are cancelled, and may have arrived.
    pub(crate) async fn send_all(
        &self,
        builder: &BatchBuilder<'_>,
        refusals: &mut Refusals,
    ) -> Result<(), StageError> {
        let refusals = Mutex::new(refusals);
        let number = self.counts().batches + 1;
        let mut batches = builder.batches().zip(number..);
        let mut in_progress = FuturesUnordered::new();
        loop {
            while in_progress.len() < self.concurrency
                && let Some((batch, number)) = batches.next()
            {
                in_progress.push(self.send_batch(builder, batch, number, &refusals));
            }
            match in_progress.next().await {
                Some(sent) => sent?,
                None => return Ok(()),
            }
            self.counts().batches += 1;
        }
    }

    /// Sends a batch, and splits it if it is too large for the receiver.
    async fn send_batch(
        &self,
        builder: &BatchBuilder<'_>,
        batch: Batch,
        number: u64,
        refusals: &Mutex<&mut Refusals>,
    ) -> Result<(), StageError> {
        let mut pending = vec![batch];
        while let Some(batch) = pending.pop() {
            let name = format!("batch {number} with {}", builder.content(&batch));
            let Err(Failure { status, error }) = self.send(builder, &batch, &name).await else {
                continue;
            };
            let mut error = error.context(&name);
            if status == Some(TOO_LARGE) {
                if let Some((left, right)) = builder.halves(&batch) {
                    self.count_split(&error);
                    pending.extend([right, left]);
                    continue;
                }
                error = error.hint(RECORD_TOO_LARGE);
            }
            if !status.is_some_and(concerns_records) {
                return Err(error);
            }
            let count = batch.records.len() as u64;
            refusals.lock().unwrap_or_else(PoisonError::into_inner).refuse(batch.records, error)?;
            self.counts().refused += count;
        }
        Ok(())
    }

    /// Counts a split batch. The first one is logged.
    fn count_split(&self, error: &StageError) {
        let mut counts = self.counts();
        if counts.halved == 0 {
            tracing::warn!(
                "{}; batches that are too large for the receiver are split: lower `batch_bytes` of this sink",
                error.full_message()
            );
        }
        counts.halved += 1;
    }

    async fn send(
        &self,
        builder: &BatchBuilder<'_>,
        batch: &Batch,
        name: &str,
    ) -> Result<(), Failure> {
        let body = self.compression.compress(&batch.body).map_err(|error| Failure {
            status: None,
            error: StageError::new(ErrorKind::Defect, "the body can't be compressed")
                .caused_by(error),
        })?;
        let request = Request {
            key: &batch.key,
            content_type: builder.content_type(),
            content_encoding: self.compression.content_encoding(),
            text: &batch.body,
            body,
        };
        let count = |repeated: bool| {
            let mut counts = self.counts();
            counts.requests += 1;
            counts.retries += u64::from(repeated);
        };
        let attempt = || self.receiver.post(&request);
        self.circuit.send(name, count, attempt).await?;
        let mut counts = self.counts();
        counts.records += batch.records.len() as u64;
        counts.bytes += request.body.len() as u64;
        Ok(())
    }

    pub(crate) fn counts(&self) -> MutexGuard<'_, DeliveryCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TOO_LARGE: u16 = 413;
const RECORD_TOO_LARGE: &str = "the receiver does not accept a record of this size: reduce it with a transform, or set `on_error = \"dead_letter\"`";

/// Whether a response refuses the records. Any other failure would be the same for all records.
fn concerns_records(status: u16) -> bool {
    matches!(status, 400 | TOO_LARGE | 422)
}
