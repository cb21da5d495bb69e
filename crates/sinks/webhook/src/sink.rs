//! The sink.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use taskferry_http::header::HeaderMap;
use taskferry_http::{Connection, Server, checks_with_status};
use taskferry_retry::Circuit;
use taskferry_sdk::{
    Batch, Check, Delivery, ErrorKind, Finding, LocalEndpoint, Refusals, Resumption, RunContext,
    RunningEndpoint, Sink, SinkState, StageError,
};
use url::Url;

use crate::batch::{BatchBuilder, BatchFormat};
use crate::config::WebhookOptions;
use crate::event::Envelope;
use crate::key::Keys;
use crate::receiver::{HINTS, RECEIVER, Receiver};
use crate::sender::Sender;
use crate::signature::Signer;
use crate::state::DeliveryCounts;

/// Where requests are sent. The address is a secret.
pub(crate) enum Target {
    Remote(Url),
    /// An endpoint within this process, which is started when the sink opens.
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

/// Sends each page when it is written.
#[derive(Debug)]
pub(crate) struct WebhookSink {
    pub(crate) options: WebhookOptions,
    /// The checked parts of the options.
    pub(crate) headers: HeaderMap,
    pub(crate) signer: Option<Signer>,
    pub(crate) connection: Connection,
    /// `None` after the sink is opened.
    pub(crate) target: Option<Target>,
    /// `None` until the sink is opened.
    pub(crate) open: Option<Open>,
}

#[derive(Debug)]
pub(crate) struct Open {
    format: BatchFormat,
    sender: Sender,
    /// Keeps a local endpoint running.
    _endpoint: Option<RunningEndpoint>,
}

impl WebhookSink {
    fn keys(&self, run: &RunContext) -> Keys {
        // The `url` of the options is the same in every run, unlike the address of a local endpoint.
        Keys::new(run, self.options.url.expose())
    }

    fn server(&self, url: Url) -> Server {
        let (headers, timeout) = (self.headers.clone(), self.options.timeout);
        Server { url, headers, timeout, connection: self.connection.clone(), hints: HINTS }
    }
}

#[async_trait]
impl Sink for WebhookSink {
    fn resumption(&self) -> Resumption {
        Resumption::AtLeastOnce
    }

    async fn can_resume(&mut self, run: &RunContext, state: &SinkState) -> Result<(), String> {
        DeliveryCounts::read(state, self.keys(run).receiver()).map(drop)
    }

    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        let Some(target) = self.target.take() else {
            return Err(StageError::new(ErrorKind::Defect, "the sink was opened twice"));
        };
        let keys = self.keys(run);
        let counts = match from {
            Some(state) => DeliveryCounts::read(state, keys.receiver()).map_err(|reason| {
                StageError::new(ErrorKind::Config, format!("the run can't be resumed: {reason}"))
                    .hint("start over with `--fresh`")
            })?,
            None => {
                DeliveryCounts { receiver: keys.receiver().to_owned(), ..DeliveryCounts::default() }
            }
        };
        let (url, endpoint) = match target {
            Target::Remote(url) => (url, None),
            Target::Local(endpoint) => {
                let endpoint = endpoint.start().await?;
                let url = Url::parse(&endpoint.webhook_url).map_err(|error| {
                    StageError::new(
                        ErrorKind::Defect,
                        "the sandbox inside this process has no valid address",
                    )
                    .caused_by(error)
                })?;
                (url, Some(endpoint))
            }
        };
        let (server, signer, options) = (self.server(url), self.signer.take(), &self.options);
        let sender = Sender {
            receiver: Receiver::new(server, signer, options.secrets()).await?,
            circuit: Circuit::new(options.circuit, options.retry),
            compression: options.compression,
            concurrency: usize::from(options.concurrency.get()),
            counts: Mutex::new(counts),
        };
        let envelope = options.cloud_events.as_ref().map(|events| Envelope::new(events, run));
        let (max_records, max_bytes) = (options.records(), options.batch_bytes.get());
        let format = BatchFormat { max_records, max_bytes, envelope, keys };
        self.open = Some(Open { format, sender, _endpoint: endpoint });
        Ok(())
    }

    /// A request never contains records of two pages, so that a repeated page is sent in the same requests.
    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let Open { format, sender, .. } = self.open.as_ref().ok_or_else(not_open)?;
        let builder = BatchBuilder::new(format, &batch.records, &batch.origins);
        sender.send_all(&builder, refusals).await
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(self.open.as_ref().ok_or_else(not_open)?.sender.counts().state())
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        self.commit().await
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(self.delivered())
    }

    fn checks(self: Box<Self>, _: &RunContext) -> Vec<Check> {
        match &self.target {
            Some(Target::Remote(url)) => checks_with_status(self.server(url.clone()), RECEIVER),
            Some(Target::Local(_)) | None => {
                let text = "the receiver is a sandbox inside this process";
                vec![Check::new("receiver", async move { vec![Finding::skipped(text)] })]
            }
        }
    }

    fn delivered(&self) -> Delivery {
        self.open.as_ref().map(|open| open.sender.counts().delivery()).unwrap_or_default()
    }
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the sink was not opened")
}
