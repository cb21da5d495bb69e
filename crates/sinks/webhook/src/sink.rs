//! From records to batches.

use std::fmt;

use async_trait::async_trait;
use serde_json::json;
use taskferry_core::{
    Batch, Delivery, ErrorKind, LocalEndpoint, Mark, Record, Refusals, RunContext, RunningEndpoint,
    Sink, StageError,
};
use url::Url;

use crate::key::idempotency_key;
use crate::parcel::Parcel;
use crate::receiver::{Courier, Posting, Receiver};

/// How much one request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) batch_records: u32,
    pub(crate) batch_bytes: u64,
}

/// Whom to post to. An address is a secret as a whole.
pub(crate) enum Target {
    /// A server.
    Remote(Url),
    /// An endpoint inside this process, once it is started.
    Local(Box<dyn LocalEndpoint>),
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(url) => {
                write!(formatter, "Remote({}/…)", url.origin().ascii_serialization())
            }
            Self::Local(endpoint) => formatter.debug_tuple("Local").field(endpoint).finish(),
        }
    }
}

/// A sink that was opened.
#[derive(Debug)]
struct Open {
    run: RunContext,
    receiver: Receiver,
    courier: Courier,
    /// Keeps an endpoint inside this process alive.
    _endpoint: Option<RunningEndpoint>,
}

/// Collects records and sends them when there are enough, at the latest when they are to be committed.
#[derive(Debug)]
pub(crate) struct WebhookSink {
    /// Until the sink is opened.
    target: Option<(Target, Posting)>,
    /// From then on.
    open: Option<Open>,
    limits: Limits,
    parcel: Parcel,
    /// Batches delivered.
    batches: u64,
    delivery: Delivery,
}

impl WebhookSink {
    pub(crate) fn new(target: Target, posting: Posting, limits: Limits) -> Self {
        Self {
            target: Some((target, posting)),
            open: None,
            limits,
            parcel: Parcel::default(),
            batches: 0,
            delivery: Delivery::default(),
        }
    }

    async fn add(&mut self, record: &Record) -> Result<(), StageError> {
        let text = record.to_json();
        if !self.parcel.has_room_for(&text, self.limits.batch_bytes) {
            self.send().await?;
        }
        self.parcel.add(&text, record.origin());
        if self.parcel.records() >= self.limits.batch_records {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what was collected; nothing if that is nothing.
    async fn send(&mut self) -> Result<(), StageError> {
        let Some(open) = &mut self.open else {
            return Err(StageError::new(ErrorKind::Defect, "the sink was not opened"));
        };
        let Some(ready) = std::mem::take(&mut self.parcel).close() else { return Ok(()) };
        let key = idempotency_key(&open.run, open.receiver.url(), &ready, self.batches);
        let name = format!("batch {} ({})", self.batches + 1, ready.content());
        open.courier
            .deliver(&open.receiver, &ready.body, &key, &name)
            .await
            .map_err(|error| error.context(&name))?;
        self.batches += 1;
        self.delivery.records += u64::from(ready.records);
        self.delivery.bytes += ready.body.len() as u64;
        Ok(())
    }
}

#[async_trait]
impl Sink for WebhookSink {
    async fn open(&mut self, run: &RunContext, _: Option<&Mark>) -> Result<(), StageError> {
        let Some((target, posting)) = self.target.take() else {
            return Err(StageError::new(ErrorKind::Defect, "the sink was opened twice"));
        };
        let (url, endpoint) = match target {
            Target::Remote(url) => (url, None),
            Target::Local(endpoint) => {
                let endpoint = endpoint.start().await?;
                let url = Url::parse(&endpoint.webhook_url).map_err(|error| {
                    StageError::new(ErrorKind::Defect, "the endpoint named no address")
                        .caused_by(error)
                })?;
                (url, Some(endpoint))
            }
        };
        let receiver = Receiver::new(url, posting);
        let courier = receiver.connect()?;
        self.open = Some(Open { run: run.clone(), receiver, courier, _endpoint: endpoint });
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        for record in &batch.records {
            self.add(record).await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<Mark, StageError> {
        self.send().await?;
        Ok(Mark::new(json!({"batches": self.batches, "records": self.delivery.records})))
    }

    async fn seal(&mut self) -> Result<Mark, StageError> {
        self.commit().await
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        self.send().await?;
        let (requests, retries) = self.open.map(|open| open.courier.counts()).unwrap_or_default();
        Ok(Delivery { requests, retries, ..self.delivery })
    }
}
