//! Opens the connection to the API: the clients, the tokens, and the endpoint inside this process.

use std::sync::{Arc, Mutex};

use taskferry_http::header::HeaderMap;
use taskferry_http::{Connection, Hints};
use taskferry_retry::{RateLimit, RetryOptions};
use taskferry_sdk::{Duration, ErrorKind, RunContext, RunningEndpoint, StageError};
use tokio::sync::Semaphore;
use url::Url;

use crate::check::Server;
use crate::client::{Client, Counts};
use crate::credentials::{ClientCredentials, Credentials};
use crate::export::Export;
use crate::families;
use crate::page_size::PageSize;
use crate::request::{Listing, below};
use crate::strategy::ReadStrategy;
use crate::token_cache::TokenCache;
use crate::token_provider::{TokenProvider, Tokens};

/// The size limit of a response with a token.
const MAX_TOKEN_BYTES: u64 = 1 << 20;
/// The size limit of a page of job families.
const MAX_FAMILIES_BYTES: u64 = 1 << 20;

pub(crate) const PAGE_HINTS: Hints = Hints {
    timeout: "raise `timeout` or lower `limit` in [source]",
    unreachable: "check `url` in [source], and whether this machine can reach it",
};
pub(crate) const TOKEN_HINTS: Hints = Hints {
    timeout: "check `token_url` in [source.auth], or raise `timeout` in [source]",
    unreachable: "check `token_url` in [source.auth], and whether this machine can reach it",
};

/// The checked options of the source, except the server.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listing: Listing,
    pub(crate) strategy: ReadStrategy,
    /// The maximum number of records in a page.
    pub(crate) page_size: u32,
    /// Pages per second.
    pub(crate) rate_limit: Option<f64>,
    pub(crate) timeout: Duration,
    pub(crate) max_page_bytes: u64,
    pub(crate) connection: Connection,
    pub(crate) retry: RetryOptions,
}

impl Settings {
    pub(crate) fn server(&self, url: Url, hints: Hints) -> taskferry_http::Server {
        let (timeout, connection) = (self.timeout, self.connection.clone());
        taskferry_http::Server { url, headers: HeaderMap::new(), timeout, connection, hints }
    }

    /// The client for pages of a listing.
    async fn pages(
        &self,
        listing: &Listing,
        base: &Url,
        counts: &Arc<Counts>,
    ) -> Result<Client, StageError> {
        self.client("POST", listing.url(base), self.max_page_bytes, PAGE_HINTS, counts).await
    }

    async fn client(
        &self,
        method: &str,
        url: Url,
        max_bytes: u64,
        hints: Hints,
        counts: &Arc<Counts>,
    ) -> Result<Client, StageError> {
        let http = self.server(url, hints).client().await?;
        Ok(Client::new(http, method, max_bytes, Arc::clone(counts)))
    }

    async fn tokens(
        &self,
        credentials: Credentials,
        run: &RunContext,
        counts: &Arc<Counts>,
    ) -> Result<Tokens, StageError> {
        let credentials = match credentials {
            Credentials::Token(token) => return Ok(Tokens::Fixed(token)),
            Credentials::Client(credentials) => *credentials,
        };
        let cache = match &run.state_dir {
            Some(folder) if credentials.cache => Some(TokenCache::new(folder, &credentials)),
            None if credentials.cache => {
                tracing::warn!("the token is not cached, because this run has no state folder");
                None
            }
            _ => None,
        };
        let url = credentials.token_url.clone();
        let client = self.client("POST", url, MAX_TOKEN_BYTES, TOKEN_HINTS, counts).await?;
        let provider = TokenProvider::new(client, credentials, self.retry, cache).await;
        Ok(Tokens::Requested(Box::new(provider)))
    }
}

/// A connection to the API, before the first page.
#[derive(Debug)]
pub(crate) struct OpenExport {
    pub(crate) export: Arc<Export>,
    base: Url,
}

impl OpenExport {
    /// Starts the endpoint inside this process, if there is one, and creates the clients. Sends no request.
    pub(crate) async fn new(
        server: Server,
        settings: &Settings,
        run: &RunContext,
    ) -> Result<Self, StageError> {
        let (base, credentials, endpoint) = match server {
            Server::Remote { base, credentials } => (base, credentials, None),
            Server::Local(endpoint) => {
                let endpoint = endpoint.start().await?;
                let (base, credentials) = local(&endpoint)?;
                (base, credentials, Some(endpoint))
            }
        };
        let counts = Arc::default();
        let export = Arc::new(Export {
            client: settings.pages(&settings.listing, &base, &counts).await?,
            tokens: settings.tokens(credentials, run, &counts).await?,
            retry: settings.retry,
            rate: RateLimit::per_second(settings.rate_limit.unwrap_or_default()),
            page_size: Mutex::new(PageSize::new(settings.page_size)),
            parsing: Semaphore::new(1),
            endpoint,
        });
        Ok(Self { export, base })
    }

    /// Requests the first record of another listing, to see whether the API accepts the listing.
    pub(crate) async fn try_listing(
        &self,
        listing: &Listing,
        settings: &Settings,
    ) -> Result<(), StageError> {
        let client = settings.pages(listing, &self.base, &self.export.client.counts).await?;
        self.export.try_first_record(&client, listing).await
    }

    /// The client of the list of job families.
    pub(crate) async fn families(&self, settings: &Settings) -> Result<Client, StageError> {
        let url = below(&self.base, families::PATH);
        let counts = &self.export.client.counts;
        settings.client("GET", url, MAX_FAMILIES_BYTES, PAGE_HINTS, counts).await
    }
}

fn local(endpoint: &RunningEndpoint) -> Result<(Url, Credentials), StageError> {
    let base = Url::parse(&endpoint.url).map_err(|error| {
        StageError::new(ErrorKind::Defect, "the endpoint has an invalid URL").caused_by(error)
    })?;
    let client = ClientCredentials::of_endpoint(endpoint)?;
    Ok((base, Credentials::Client(Box::new(client))))
}
