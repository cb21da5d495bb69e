//! Brings the parcels of a batch to the receiver.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use taskferry_sdk::{ErrorKind, Refusals, StageError};

use crate::account::Account;
use crate::circuit::{Circuit, Failure};
use crate::compression::Compression;
use crate::parcel::{Load, Parcel};
use crate::receiver::{Letter, Receiver};

/// Knows the way, and keeps the account.
#[derive(Debug)]
pub(crate) struct Courier {
    pub(crate) receiver: Receiver,
    pub(crate) circuit: Circuit,
    pub(crate) compression: Compression,
    /// How many requests may be under way at a time.
    pub(crate) concurrency: usize,
    pub(crate) account: Mutex<Account>,
}

impl Courier {
    /// Brings all records of a batch: in order when one request is under way at a time, else parcels side by side.
    ///
    /// # Errors
    /// The first that ends the run. What else was under way is let go, and may have arrived.
    pub(crate) async fn bring(
        &self,
        load: &Load<'_>,
        refusals: &mut Refusals,
    ) -> Result<(), StageError> {
        let refusals = Mutex::new(refusals);
        let number = self.account().batches + 1;
        let mut parcels = load.parcels().zip(number..);
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < self.concurrency
                && let Some((parcel, number)) = parcels.next()
            {
                under_way.push(self.bring_parcel(load, parcel, number, &refusals));
            }
            match under_way.next().await {
                Some(brought) => brought?,
                None => return Ok(()),
            }
            self.account().batches += 1;
        }
    }

    /// Brings a parcel, in halves where it is too large for the receiver.
    async fn bring_parcel(
        &self,
        load: &Load<'_>,
        parcel: Parcel,
        number: u64,
        refusals: &Mutex<&mut Refusals>,
    ) -> Result<(), StageError> {
        let mut waiting = vec![parcel];
        while let Some(parcel) = waiting.pop() {
            let name = format!("batch {number} ({})", load.content(&parcel));
            let Err(Failure { status, error }) = self.send(load, &parcel, &name).await else {
                continue;
            };
            let mut error = error.context(&name);
            if status == Some(TOO_LARGE) {
                if let Some((left, right)) = load.halves(&parcel) {
                    self.note_halving(&error);
                    waiting.extend([right, left]);
                    continue;
                }
                error = error.hint(ONE_IS_TOO_LARGE);
            }
            if !status.is_some_and(concerns_records) {
                return Err(error);
            }
            let count = parcel.records.len() as u64;
            refusals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .refuse(parcel.records, error)?;
            self.account().refused += count;
        }
        Ok(())
    }

    /// Said once; the summary tells how often it was.
    fn note_halving(&self, error: &StageError) {
        let mut account = self.account();
        if account.halved == 0 {
            tracing::warn!(
                "{}; it is sent in halves, and so are others: lower `batch_bytes` of this sink",
                error.full_message()
            );
        }
        account.halved += 1;
    }

    async fn send(&self, load: &Load<'_>, parcel: &Parcel, name: &str) -> Result<(), Failure> {
        let body = self.compression.compress(&parcel.body).map_err(|error| Failure {
            status: None,
            error: StageError::new(ErrorKind::Defect, "the body can't be compressed")
                .caused_by(error),
        })?;
        let letter = Letter {
            key: &parcel.key,
            content_type: load.content_type(),
            content_encoding: self.compression.content_encoding(),
            text: &parcel.body,
            body,
        };
        let count = |repeated: bool| {
            let mut account = self.account();
            account.requests += 1;
            account.retries += u64::from(repeated);
        };
        let attempt = || self.receiver.post(&letter);
        self.circuit.send(name, count, attempt).await?;
        let mut account = self.account();
        account.records += parcel.records.len() as u64;
        account.bytes += letter.body.len() as u64;
        Ok(())
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TOO_LARGE: u16 = 413;
const ONE_IS_TOO_LARGE: &str = "the receiver does not take a record of this size: make it smaller by a \
                                transform, or keep it for later by `on_error = \"dead_letter\"`";

/// Whether an answer is about what was sent. Others are about the receiver, and would be the same for all records.
fn concerns_records(status: u16) -> bool {
    matches!(status, 400 | TOO_LARGE | 422)
}
