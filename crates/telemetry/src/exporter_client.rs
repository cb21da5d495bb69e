//! The HTTP client of the OTLP exporters.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use taskferry_http::header::HeaderMap;
use taskferry_http::{Client, Connection, ConnectionOptions, Hints, ReadBody, Server};
use taskferry_sdk::{BuildContext, Endpoints, InputFiles, KeyPath};
use tokio::runtime::Handle;

use crate::environment::Destination;

/// In bytes. Collectors answer with a few bytes.
const MAX_RESPONSE: u64 = 1 << 20;

const HINTS: Hints = Hints {
    timeout: "check the collector, or raise OTEL_EXPORTER_OTLP_TIMEOUT",
    unreachable: "check OTEL_EXPORTER_OTLP_ENDPOINT, and that the collector runs",
};

/// Sends requests to a collector. Exporters run on their own threads; the requests run on the runtime.
#[derive(Debug, Clone)]
pub(crate) struct ExporterClient {
    client: Arc<Client>,
    runtime: Handle,
    last_failure: Arc<Mutex<Option<String>>>,
}

impl ExporterClient {
    pub(crate) fn new(destination: &Destination) -> Result<Self, String> {
        let connection = connection(destination.ca_file.as_deref())?;
        let (url, timeout) = (destination.url.clone(), destination.timeout);
        let headers = HeaderMap::new();
        let server = Server { url, headers, timeout, connection, hints: HINTS };
        let client = Arc::new(Client::new(server).map_err(|error| error.full_message())?);
        Ok(Self { client, runtime: Handle::current(), last_failure: Arc::default() })
    }

    /// The collector's URL. It may contain a secret.
    pub(crate) fn url(&self) -> &str {
        self.client.url().as_str()
    }

    /// The collector's origin, for messages.
    pub(crate) fn origin(&self) -> String {
        self.client.url().origin().ascii_serialization()
    }

    /// Why the last request failed.
    pub(crate) fn last_failure(&self) -> Option<String> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_failure(&self, reason: String) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

#[async_trait]
impl HttpClient for ExporterClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        let client = Arc::clone(&self.client);
        let reading = ReadBody::Whole { max_bytes: MAX_RESPONSE };
        let posted = self.runtime.spawn(async move { client.post(headers, body, reading).await });
        let answer = posted.await?.inspect_err(|error| self.set_failure(error.full_message()))?;
        if !answer.is_success() {
            self.set_failure(answer.summary());
        }
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        if let Some(wait) = answer.wait {
            response.headers_mut().insert("retry-after", wait.as_secs().into());
        }
        Ok(response)
    }
}

fn connection(ca_file: Option<&Path>) -> Result<Connection, String> {
    let options = ConnectionOptions { ca_file: ca_file.map(PathBuf::from), proxy: None };
    let endpoints = Endpoints::default();
    let context = BuildContext::new(&WorkingDirectory, &endpoints);
    options.check(&KeyPath::root(), &context).map_err(|problems| {
        let messages: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        messages.join("; ")
    })
}

/// Files that variables name. Relative paths start at the working directory.
#[derive(Debug)]
struct WorkingDirectory;

impl InputFiles for WorkingDirectory {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}
