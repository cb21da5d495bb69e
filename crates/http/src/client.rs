//! One request and its answer.

use std::fmt;
use std::sync::Arc;

use crate::connection::{is_this_machine, root_cause};
use crate::credentials::credentials_of;
use crate::encoding::{ACCEPTED, Encoding, Undecodable};
use crate::proxy::ProxyAddress;
use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, redirect, retry};
use taskferry_sdk::{Duration, ErrorKind, Secret, StageError};
use url::Url;

use crate::{Answer, Connection, excerpt};

/// How long it may take until a connection stands, however long the whole request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How much is read of an answer of which the beginning is enough.
const BEGINNING: usize = 64 << 10;

/// How much is reserved at most for a body whose size is announced.
const MOST_RESERVED: usize = 8 << 20;

/// Sends requests to one address.
pub struct Client {
    http: reqwest::Client,
    url: Url,
    timeout: Duration,
    advice: Advice,
    /// Where the proxy is named that requests go through.
    proxy_named_by: Option<&'static str>,
    /// Those in the address, and in the proxy's.
    credentials: Arc<[Secret]>,
}

/// What the user can do when something goes wrong, in the words of the stage's own options.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// When no whole answer came in time.
    pub slow: &'static str,
    /// When no connection came about.
    pub unreachable: &'static str,
}

/// How much of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All of it, and it is an error when it is not to be had; of an answer that is no success, the beginning.
    Whole {
        /// More than this is an error of the kind [`ErrorKind::Limit`]. Counted after decompression.
        max_bytes: u64,
    },
    /// The first 64 KiB, or what comes of them.
    Beginning,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.url.origin().ascii_serialization();
        formatter.debug_struct("Client").field("origin", &origin).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has not connected yet. `timeout` is for a whole request, from connecting to the last byte of
    /// the answer.
    ///
    /// The system's certificates are read from files here, so this may block.
    ///
    /// # Errors
    /// When the system has no certificates to check an `https` server with, or the environment names a proxy that can't be
    /// understood.
    pub fn new(
        url: Url,
        timeout: Duration,
        connection: &Connection,
        advice: Advice,
    ) -> Result<Self, StageError> {
        let is_here = url.host_str().is_some_and(is_this_machine);
        let proxy = if is_here { None } else { connection.proxy_to(&url)? };
        let builder = reqwest::Client::builder()
            .user_agent(concat!("taskferry/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, ACCEPTED)]))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout).get())
            .timeout(timeout.get())
            // What the environment says of proxies is known already.
            .no_proxy();
        let builder = match (is_here, url.scheme()) {
            // A machine without certificates can still reach itself.
            (true, "http") => builder.tls_certs_only([]),
            _ => connection.trust(builder),
        };
        let builder = match &proxy {
            Some(proxy) => builder.proxy(proxy.proxy()?),
            None => builder,
        };
        let http = builder.build().map_err(|error| {
            StageError::new(ErrorKind::Config, "https can't be set up")
                .caused_by(error.without_url())
                .hint(
                    "install the system's CA certificates, or name a file of them in SSL_CERT_FILE",
                )
        })?;
        let of_proxy = proxy.iter().flat_map(ProxyAddress::credentials);
        let credentials = credentials_of(&url).into_iter().chain(of_proxy).collect();
        let proxy_named_by = proxy.map(|proxy| proxy.named_by);
        Ok(Self { http, url, timeout, advice, proxy_named_by, credentials })
    }

    /// Where requests go. Not to be shown as it is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Posts a body and reads the answer, whatever its status says.
    ///
    /// # Errors
    /// When no whole answer came in time, or one beyond the limit.
    pub async fn post(
        &self,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        reading: Reading,
    ) -> Result<Answer, StageError> {
        let request = self.http.request(Method::POST, self.url.clone()).body(body.into());
        self.send(request.headers(headers), reading).await
    }

    /// Asks with these parameters behind the address, and reads the answer, whatever its status says.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn get(
        &self,
        headers: HeaderMap,
        parameters: &[(&str, String)],
        reading: Reading,
    ) -> Result<Answer, StageError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        self.send(self.http.request(Method::GET, url).headers(headers), reading).await
    }

    async fn send(&self, request: RequestBuilder, reading: Reading) -> Result<Answer, StageError> {
        let mut response = request.send().await.map_err(|error| self.failure(error))?;
        let mut answer = Answer::of(&response, &self.url, Arc::clone(&self.credentials));
        let encoding = Encoding::of(response.headers());
        answer.body = match reading {
            Reading::Whole { max_bytes } if answer.is_success() => {
                let body = self.whole_body(&mut response, max_bytes).await?;
                decoded(encoding, body, max_bytes).await?
            }
            _ => encoding.decode_beginning(beginning(&mut response).await, BEGINNING as u64),
        };
        Ok(answer)
    }

    async fn whole_body(
        &self,
        response: &mut Response,
        max_bytes: u64,
    ) -> Result<Bytes, StageError> {
        let announced = response.content_length().unwrap_or(0);
        if announced > max_bytes {
            return Err(too_large(max_bytes));
        }
        // What is announced need not come.
        let capacity = usize::try_from(announced).unwrap_or(0).min(MOST_RESERVED);
        let mut body = Vec::with_capacity(capacity);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large(max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        // Whoever keeps a part of these bytes keeps all of them.
        body.shrink_to_fit();
        Ok(Bytes::from(body))
    }

    /// Why no answer came, without the address.
    fn failure(&self, error: reqwest::Error) -> StageError {
        let error = error.without_url();
        if error.is_connect() {
            return self.unreachable(&error);
        }
        if error.is_timeout() {
            let message = format!("no whole answer came within {}", self.timeout);
            return StageError::new(ErrorKind::Timeout, message).temporary().hint(self.advice.slow);
        }
        let cause = root_cause(&error);
        if error.is_builder() {
            return StageError::new(
                ErrorKind::Config,
                format!("the request can't be sent: {cause}"),
            );
        }
        StageError::new(ErrorKind::Network, format!("the connection broke: {cause}")).temporary()
    }

    fn unreachable(&self, error: &reqwest::Error) -> StageError {
        let message = if error.is_timeout() {
            format!("no connection within {}", CONNECT_TIMEOUT.min(self.timeout))
        } else {
            format!("no connection: {}", root_cause(error))
        };
        let hint = match self.proxy_named_by {
            _ if message.contains("certificate") => {
                "check whose certificate the server shows; name a certificate authority of your own in `connection.ca_file`"
                    .to_owned()
            }
            Some(named_by) => format!("{}; or check {named_by}", self.advice.unreachable),
            None => self.advice.unreachable.to_owned(),
        };
        StageError::new(ErrorKind::Network, message).temporary().hint(hint)
    }
}

fn too_large(max_bytes: u64) -> StageError {
    StageError::new(ErrorKind::Limit, format!("the answer is larger than {max_bytes} bytes"))
}

/// The body before it was encoded. Other requests do not wait for it.
async fn decoded(encoding: Encoding, body: Bytes, max_bytes: u64) -> Result<Bytes, StageError> {
    let malformed = |message| StageError::new(ErrorKind::Malformed, message).temporary();
    if let Encoding::Unknown(name) = &encoding
        && !body.is_empty()
    {
        let name = excerpt(name.as_bytes(), &[]).unwrap_or_default();
        let message =
            format!("the answer comes as `{name}` (`Content-Encoding`), which was not asked for");
        return Err(malformed(message).hint(
            "requests ask for `gzip` or `zstd`; look for a proxy or gateway in between that encodes answers",
        ));
    }
    if encoding == Encoding::Plain {
        return Ok(body);
    }
    let decoding = tokio::task::spawn_blocking(move || encoding.decode(body, max_bytes));
    let decoded = decoding.await.map_err(|panic| {
        StageError::new(ErrorKind::Defect, "decoding the answer panicked").caused_by(panic)
    })?;
    decoded.map_err(|error| match error {
        Undecodable::TooLarge => too_large(max_bytes),
        Undecodable::Broken(error) => malformed(format!("the answer can't be decoded: {error}")),
    })
}

/// What came until enough came, or something broke.
async fn beginning(response: &mut Response) -> Bytes {
    let mut body = Vec::new();
    while body.len() < BEGINNING
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    Bytes::from(body)
}

/// The value of an `authorization` header that shows a token, and that no log shows.
///
/// # Errors
/// When the token holds characters that can't be sent.
pub fn bearer(token: &Secret) -> Result<HeaderValue, StageError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        StageError::new(ErrorKind::Auth, "the token holds characters that can't be sent")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
