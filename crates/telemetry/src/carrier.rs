//! Carries what the exporters have encoded to the collector, by the HTTP client of the house.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use taskferry_http::{Advice, Client, Connection, ConnectionOptions, Reading};
use taskferry_sdk::{BuildContext, Endpoints, InputFiles, KeyPath};
use tokio::runtime::Handle;

use crate::environment::Destination;

/// What a collector says back is a few bytes.
const LARGEST_ANSWER: u64 = 1 << 20;

const ADVICE: Advice = Advice {
    slow: "check the collector, or raise OTEL_EXPORTER_OTLP_TIMEOUT",
    unreachable: "check OTEL_EXPORTER_OTLP_ENDPOINT, and that the collector runs",
};

/// The way to a collector. Exporters run on threads of their own; requests run where all others do.
#[derive(Debug, Clone)]
pub(crate) struct Carrier {
    client: Arc<Client>,
    runtime: Handle,
    /// Why the last request failed.
    failure: Arc<Mutex<Option<String>>>,
}

impl Carrier {
    /// A way that nothing has gone yet.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn to(destination: &Destination) -> Result<Self, String> {
        let connection = connection(destination.ca_file.as_deref())?;
        let client = Client::new(destination.url.clone(), destination.timeout, &connection, ADVICE);
        let client = client.map_err(|error| error.full_message())?;
        Ok(Self { client: Arc::new(client), runtime: Handle::current(), failure: Arc::default() })
    }

    /// Where it leads. Not to be shown as it is.
    pub(crate) fn address(&self) -> &str {
        self.client.url().as_str()
    }

    /// The same, as it may be shown.
    pub(crate) fn collector(&self) -> String {
        self.client.url().origin().ascii_serialization()
    }

    /// Why the last request failed, if one did.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failed(&self, why: String) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        let client = Arc::clone(&self.client);
        let reading = Reading::Whole { max_bytes: LARGEST_ANSWER };
        let posted = self.runtime.spawn(async move { client.post(headers, body, reading).await });
        let answer = posted.await?.inspect_err(|error| self.failed(error.full_message()))?;
        if !answer.is_success() {
            self.failed(answer.said());
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
        let said: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        said.join("; ")
    })
}

/// Files that variables name: relative paths start at the working directory.
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
