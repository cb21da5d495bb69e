//! The HTTP client of one receiver.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use taskferry_http::header::{HeaderMap, HeaderValue};
use taskferry_http::{Client, Hints, ReadBody, Response, Server, StatusCheck, StatusCode};
use taskferry_retry::Failure;
use taskferry_sdk::{ErrorKind, Secret, StageError};
use url::{Position, Url};

use crate::signature::Signer;

pub(crate) const HINTS: Hints = Hints {
    timeout: "raise `timeout` or lower `batch_records` of this sink",
    unreachable: "check the `url` of this sink, and whether this machine can reach it",
};

/// The check of the receiver, for `taskferry doctor`.
pub(crate) const RECEIVER: StatusCheck = StatusCheck {
    name: "receiver",
    owner: "this sink",
    request: "1 HEAD request without records to the receiver, with the `headers` of the sink",
    effect: "nothing was delivered",
    unauthorized: "check the `headers` and the `url` of this sink; a signature was not sent",
    rate_limited: "the receiver limits the rate: lower `concurrency`, or raise `batch_records`",
};

#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The idempotency key, the same for every attempt.
    pub(crate) key: &'a str,
    pub(crate) content_type: &'static str,
    pub(crate) content_encoding: Option<&'static str>,
    /// The uncompressed body, which is signed.
    pub(crate) text: &'a [u8],
    /// The body as sent.
    pub(crate) body: Bytes,
}

/// Posts requests to one URL.
pub(crate) struct Receiver {
    http: Client,
    signer: Option<Signer>,
    /// Secrets that are removed from excerpts of responses.
    secrets: Vec<Secret>,
    /// The address in messages.
    shown: String,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").field("url", &self.shown).finish_non_exhaustive()
    }
}

impl Receiver {
    /// Does not connect yet. `secrets` are the secrets of the options; they are removed from excerpts of responses.
    pub(crate) async fn new(
        server: Server,
        signer: Option<Signer>,
        secrets: Vec<Secret>,
    ) -> Result<Self, StageError> {
        let shown = format!("{}/…", server.origin());
        let secrets = secrets_of(&server.url, secrets);
        Ok(Self { http: server.client().await?, signer, secrets, shown })
    }

    /// Sends a request once.
    pub(crate) async fn post(&self, request: &Request<'_>) -> Result<(), Failure> {
        let failure = |status, error: StageError| Failure {
            status,
            error: error.context(format!("POST {}", self.shown)),
        };
        let headers = self.headers(request).map_err(|error| failure(None, error))?;
        // The body of the response is read so that the connection can be reused.
        let posted = self.http.post(headers, request.body.clone(), ReadBody::Prefix).await;
        match posted {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(failure(Some(answer.status.as_u16()), self.refusal(&answer))),
            Err(error) => Err(failure(None, error)),
        }
    }

    /// The headers of this attempt.
    fn headers(&self, request: &Request<'_>) -> Result<HeaderMap, StageError> {
        let mut headers = HeaderMap::new();
        let mut own = vec![
            ("content-type", request.content_type.to_owned()),
            ("idempotency-key", request.key.to_owned()),
        ];
        own.extend(request.content_encoding.map(|coding| ("content-encoding", coding.to_owned())));
        if let Some(signer) = &self.signer {
            own.extend(signer.headers(request.key, SystemTime::now(), request.text));
        }
        for (name, value) in own {
            let value = HeaderValue::try_from(value).map_err(|error| {
                StageError::new(
                    ErrorKind::Defect,
                    format!("the header `{name}` has an invalid value"),
                )
                .caused_by(error)
            })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    fn refusal(&self, answer: &Response) -> StageError {
        let mut error = answer.error(answer.description(&self.secrets));
        if answer.status == StatusCode::CONFLICT {
            // The receiver still processes a request with this key, most likely one before a crash or a timeout.
            error = error.temporary();
        }
        match hint(answer.status) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("correct the `url` of this sink"),
        400 | 422 => Some(
            "correct the records as the response says, or set `on_error = \"dead_letter\"` to continue without the refused records",
        ),
        401 | 403 => Some("check the `headers`, the `signature` and the `url` of this sink"),
        407 => Some("check `connection.proxy` of this sink"),
        404 | 405 => Some("check the `url` of this sink"),
        410 => Some(
            "the receiver no longer exists at this address: correct the `url` of this sink, or remove the sink",
        ),
        413 => Some("lower `batch_bytes` or `batch_records` of this sink"),
        415 => Some("check the `compression` and the `cloud_events` of this sink"),
        _ => None,
    }
}

/// The URL and its parts, the secrets of the options, and the credentials after a scheme such as `Bearer`.
fn secrets_of(url: &Url, more: Vec<Secret>) -> Vec<Secret> {
    let whole = [url.as_str(), &url[Position::BeforePath..], url.path()];
    let segments = url.path_segments().into_iter().flatten().map(Secret::new);
    let values = url.query_pairs().map(|(_, value)| Secret::new(value));
    let credentials: Vec<Secret> = more
        .iter()
        .filter_map(|value| value.expose().split_once(' '))
        .map(|(_, credentials)| Secret::new(credentials))
        .collect();
    let whole = whole.into_iter().map(Secret::new).chain(more);
    // Shorter texts are not secret, and removing them would make a response unreadable.
    let is_secret = |secret: &Secret| secret.expose().len() >= 6;
    whole.chain(segments).chain(values).chain(credentials).filter(is_secret).collect()
}
