//! The client.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, redirect, retry};
use taskferry_sdk::{Duration, ErrorKind, Secret, StageError};
use url::Url;

use crate::connection::{is_this_machine, root_cause};
use crate::credentials::credentials_in;
use crate::encoding::{ACCEPTED, DecodeError, Encoding};
use crate::proxy::ProxyAddress;
use crate::refused_certificate::refused_certificate;
use crate::{Response, Server, excerpt};

/// The time limit for connecting, within the time limit of the request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The size limit of [`ReadBody::Prefix`], and of the body of an unsuccessful response.
const PREFIX_BYTES: usize = 64 << 10;
/// The maximum capacity to reserve for a body whose size is announced.
const MAX_RESERVED_BYTES: usize = 8 << 20;

/// Sends requests to one server.
pub struct Client {
    http: reqwest::Client,
    server: Server,
    /// The option or variable with the proxy.
    proxy_origin: Option<&'static str>,
    /// The credentials in the addresses of the server and the proxy.
    credentials: Arc<[Secret]>,
}

/// The part of a response's body to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBody {
    /// The whole body, or an error; the beginning if the status is not 2xx.
    Whole {
        /// The size limit after decompression. A larger body is an [`ErrorKind::Limit`] error.
        max_bytes: u64,
    },
    /// The first 64 KiB, or less if the connection breaks.
    Prefix,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client without connecting.
    ///
    /// Blocks, because it reads the system's certificates from files.
    ///
    /// # Errors
    /// The system has no certificates to verify an `https` server, or the environment has an invalid proxy.
    pub fn new(server: Server) -> Result<Self, StageError> {
        let Server { url, timeout, connection, .. } = &server;
        let is_local = url.host_str().is_some_and(is_this_machine);
        let proxy = connection.proxy_for(url)?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("taskferry/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, ACCEPTED)]))
            .default_headers(server.headers.clone())
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(*timeout).get())
            .timeout(timeout.get())
            .tls_info(true)
            // `Connection::proxy_for` has read the environment.
            .no_proxy();
        let builder = match (is_local, url.scheme()) {
            // Reads no certificates, because the machine may have none.
            (true, "http") => builder.tls_certs_only([]),
            _ => connection.add_authorities(builder),
        };
        let builder = match &proxy {
            Some(proxy) => builder.proxy(proxy.to_proxy()?),
            None => builder,
        };
        let http = builder.build().map_err(|error| {
            StageError::new(ErrorKind::Config, "can't set up HTTPS")
                .caused_by(error.without_url())
                .hint(
                    "install the system's CA certificates, or name a file of them in SSL_CERT_FILE",
                )
        })?;
        let of_proxy = proxy.iter().flat_map(ProxyAddress::credentials);
        let credentials = credentials_in(url).into_iter().chain(of_proxy).collect();
        let proxy_origin = proxy.map(|proxy| proxy.origin);
        Ok(Self { http, server, proxy_origin, credentials })
    }

    /// The address of all requests, which may contain credentials.
    pub fn url(&self) -> &Url {
        &self.server.url
    }

    /// Posts a body and returns the response for any status.
    ///
    /// # Errors
    /// The response was not complete in time, or exceeds the limit.
    pub async fn post(
        &self,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        read: ReadBody,
    ) -> Result<Response, StageError> {
        let request = self.http.request(Method::POST, self.server.url.clone()).body(body.into());
        self.send(request.headers(headers), read).await
    }

    /// Sends a GET request with these query parameters and returns the response for any status.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn get(
        &self,
        headers: HeaderMap,
        parameters: &[(&str, String)],
        read: ReadBody,
    ) -> Result<Response, StageError> {
        self.get_below(&[], headers, parameters, read).await
    }

    /// As [`Client::get`], for a path below the address. Segments are percent-encoded, so that each stays one segment. They must not
    /// be empty, `.` or `..`.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn get_below(
        &self,
        segments: &[String],
        headers: HeaderMap,
        parameters: &[(&str, String)],
        read: ReadBody,
    ) -> Result<Response, StageError> {
        let mut url = self.server.url.clone();
        if !segments.is_empty()
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(segments);
        }
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        self.send(self.http.request(Method::GET, url).headers(headers), read).await
    }

    /// Sends a HEAD request. Returns the response, which has no body, for any status.
    ///
    /// # Errors
    /// There was no response in time.
    pub async fn head(&self) -> Result<Response, StageError> {
        let request = self.http.request(Method::HEAD, self.server.url.clone());
        let answer = request.send().await.map_err(|error| self.failure(error))?;
        Ok(Response::without_body(&answer, &self.server.url, Arc::clone(&self.credentials)))
    }

    async fn send(&self, request: RequestBuilder, read: ReadBody) -> Result<Response, StageError> {
        let mut stream = request.send().await.map_err(|error| self.failure(error))?;
        let credentials = Arc::clone(&self.credentials);
        let mut response = Response::without_body(&stream, &self.server.url, credentials);
        let encoding = Encoding::from_headers(stream.headers());
        response.body = match read {
            ReadBody::Whole { max_bytes } if response.is_success() => {
                let body = self.whole_body(&mut stream, max_bytes).await?;
                decode(encoding, body, max_bytes).await?
            }
            _ => encoding.decode_beginning(prefix(&mut stream).await, PREFIX_BYTES as u64),
        };
        Ok(response)
    }

    async fn whole_body(
        &self,
        stream: &mut reqwest::Response,
        max_bytes: u64,
    ) -> Result<Bytes, StageError> {
        let announced = stream.content_length().unwrap_or(0);
        if announced > max_bytes {
            return Err(too_large(max_bytes));
        }
        // The announced size may be wrong.
        let capacity = usize::try_from(announced).unwrap_or(0).min(MAX_RESERVED_BYTES);
        let mut body = Vec::with_capacity(capacity);
        while let Some(chunk) = stream.chunk().await.map_err(|error| self.failure(error))? {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large(max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        // A record that shares these bytes keeps all of them in memory.
        body.shrink_to_fit();
        Ok(Bytes::from(body))
    }

    /// The reason why there is no response, without the address.
    fn failure(&self, error: reqwest::Error) -> StageError {
        let error = error.without_url();
        if error.is_connect() {
            return self.unreachable(&error);
        }
        if error.is_timeout() {
            let message = format!("no complete response within {}", self.server.timeout);
            return StageError::new(ErrorKind::Timeout, message)
                .temporary()
                .hint(self.server.hints.timeout);
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
        let cause = root_cause(error);
        let refused = refused_certificate(&cause);
        let message = match &refused {
            _ if error.is_timeout() => {
                format!("no connection within {}", CONNECT_TIMEOUT.min(self.server.timeout))
            }
            Some(refused) => format!("no connection: {}", refused.message),
            None => format!("no connection: {cause}"),
        };
        let hint = match (refused, self.proxy_origin) {
            (Some(refused), _) => refused.hint.to_owned(),
            (None, Some(origin)) => format!("{}; or check {origin}", self.server.hints.unreachable),
            (None, None) => self.server.hints.unreachable.to_owned(),
        };
        StageError::new(ErrorKind::Network, message).temporary().hint(hint)
    }
}

impl Server {
    /// Creates a [client](Client::new) on a blocking thread.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub async fn client(self) -> Result<Client, StageError> {
        tokio::task::spawn_blocking(|| Client::new(self)).await.unwrap_or_else(|panic| {
            let message = "creating the HTTP client panicked";
            Err(StageError::new(ErrorKind::Defect, message).caused_by(panic))
        })
    }
}

fn too_large(max_bytes: u64) -> StageError {
    StageError::new(ErrorKind::Limit, format!("the response exceeds {max_bytes} bytes"))
}

/// Decodes a body on a blocking thread.
async fn decode(encoding: Encoding, body: Bytes, max_bytes: u64) -> Result<Bytes, StageError> {
    let malformed = |message| StageError::new(ErrorKind::Malformed, message).temporary();
    if let Encoding::Unknown(name) = &encoding
        && !body.is_empty()
    {
        let name = excerpt(name.as_bytes(), &[]).unwrap_or_default();
        let message = format!("the response has the unsupported `Content-Encoding` `{name}`");
        return Err(malformed(message).hint(
            "supported encodings are `gzip` and `zstd`; check whether a proxy or gateway changes the encoding",
        ));
    }
    if encoding == Encoding::Identity {
        return Ok(body);
    }
    let decoding = tokio::task::spawn_blocking(move || encoding.decode(body, max_bytes));
    let decoded = decoding.await.map_err(|panic| {
        StageError::new(ErrorKind::Defect, "decoding the response panicked").caused_by(panic)
    })?;
    decoded.map_err(|error| match error {
        DecodeError::TooLarge => too_large(max_bytes),
        DecodeError::Malformed(error) => malformed(format!("can't decode the response: {error}")),
    })
}

/// The first bytes of a body, or less if the connection breaks.
async fn prefix(stream: &mut reqwest::Response) -> Bytes {
    let mut body = Vec::new();
    while body.len() < PREFIX_BYTES
        && let Ok(Some(chunk)) = stream.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    Bytes::from(body)
}

/// The value of an `authorization` header with a token. Logs don't show it.
///
/// # Errors
/// The token contains characters that are invalid in a header.
pub fn bearer(token: &Secret) -> Result<HeaderValue, StageError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        StageError::new(
            ErrorKind::Auth,
            "the token contains characters that are invalid in a header",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
