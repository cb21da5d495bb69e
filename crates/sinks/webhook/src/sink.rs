//! The stage: from batches to parcels, and from one run to the next.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use taskferry_sdk::{
    Batch, Delivery, ErrorKind, LocalEndpoint, Refusals, Resumption, RunContext, RunningEndpoint,
    Secret, Sink, SinkState, StageError,
};
use url::Url;

use crate::account::Account;
use crate::circuit::{Circuit, CircuitOptions};
use crate::compression::Compression;
use crate::courier::Courier;
use crate::event::{CloudEventsOptions, Envelope};
use crate::key::Keys;
use crate::parcel::{Limits, Load, Packing};
use crate::receiver::{Posting, Receiver};

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

/// What goes into a request, and how many are under way.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) limits: Limits,
    pub(crate) cloud_events: Option<CloudEventsOptions>,
    pub(crate) compression: Compression,
    pub(crate) concurrency: usize,
    pub(crate) circuit: CircuitOptions,
}

/// Sends every batch as soon as it comes.
#[derive(Debug)]
pub(crate) struct WebhookSink {
    /// The `url` as the options have it, which stays the same when an endpoint inside the process moves.
    address: Secret,
    form: Form,
    /// Until the sink is opened.
    target: Option<(Target, Posting)>,
    /// From then on.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    packing: Packing,
    courier: Courier,
    /// Keeps an endpoint inside this process alive.
    _endpoint: Option<RunningEndpoint>,
}

impl WebhookSink {
    pub(crate) fn new(address: Secret, target: Target, posting: Posting, form: Form) -> Self {
        Self { address, form, target: Some((target, posting)), open: None }
    }

    fn keys(&self, run: &RunContext) -> Keys {
        Keys::new(run, self.address.expose())
    }
}

#[async_trait]
impl Sink for WebhookSink {
    fn resumption(&self) -> Resumption {
        Resumption::Repeats
    }

    async fn can_resume(&mut self, run: &RunContext, mark: &SinkState) -> Result<(), String> {
        Account::at(mark, self.keys(run).receiver()).map(drop)
    }

    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        let Some((target, posting)) = self.target.take() else {
            return Err(StageError::new(ErrorKind::Defect, "the sink was opened twice"));
        };
        let keys = self.keys(run);
        let account = match from {
            Some(mark) => Account::at(mark, keys.receiver()).map_err(|reason| {
                StageError::new(ErrorKind::Config, format!("the run can't go on: {reason}"))
                    .hint("start over with `--fresh`")
            })?,
            None => Account { receiver: keys.receiver().to_owned(), ..Account::default() },
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
        let form = &self.form;
        let circuit = Circuit::new(form.circuit, posting.retry);
        let courier = Courier {
            receiver: Receiver::new(url, posting)?,
            circuit,
            compression: form.compression,
            concurrency: form.concurrency,
            account: Mutex::new(account),
        };
        let envelope = form.cloud_events.as_ref().map(|options| Envelope::new(options, run));
        let packing = Packing { limits: form.limits, envelope, keys };
        self.open = Some(Open { packing, courier, _endpoint: endpoint });
        Ok(())
    }

    /// A request never holds records of two batches, so that a batch that comes again is sent as it was.
    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let Open { packing, courier, .. } = self.open.as_ref().ok_or_else(not_open)?;
        courier.bring(&Load::new(packing, &batch.records), refusals).await
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(self.open.as_ref().ok_or_else(not_open)?.courier.account().mark())
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        self.commit().await
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(self.delivered())
    }

    fn delivered(&self) -> Delivery {
        self.open.as_ref().map(|open| open.courier.account().delivery()).unwrap_or_default()
    }
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the sink was not opened")
}
