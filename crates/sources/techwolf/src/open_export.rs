//! Opens the connection to the API: the clients, the tokens, and the endpoint inside this process.

use std::sync::{Arc, Mutex};

use taskferry_http::{Connection, Hints, RateLimit};
use taskferry_retry::RetryOptions;
use taskferry_sdk::{Duration, ErrorKind, RunContext, RunningEndpoint, StageError};
use tokio::sync::Semaphore;
use url::Url;

use crate::check::Server;
use crate::client::{Client, Counts};
use crate::credentials::{ClientCredentials, Credentials};
use crate::export::Export;
use crate::families;
use crate::issuer::{Issuer, Tokens};
use crate::page_size::PageSize;
use crate::request::Listing;
use crate::token_cache::TokenCache;

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

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) page_size: u32,
    /// Pages per second.
    pub(crate) rate: Option<f64>,
    pub(crate) timeout: Duration,
    pub(crate) max_page_bytes: u64,
    pub(crate) retry: RetryOptions,
}

/// A connection to the API, without a page read.
#[derive(Debug)]
pub(crate) struct OpenExport {
    pub(crate) export: Arc<Export>,
    base: Url,
}

impl OpenExport {
    /// Starts the endpoint inside this process, if there is one, and creates the clients. Sends no request.
    pub(crate) async fn new(
        server: Server,
        connection: &Connection,
        listing: &Listing,
        limits: Limits,
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
        let clients = ClientFactory { limits, connection, counts: Arc::default() };
        let url = listing.url(&base);
        let client = clients.client("POST", url, limits.max_page_bytes, PAGE_HINTS).await?;
        let tokens = clients.tokens(credentials, run).await?;
        let export = Arc::new(Export {
            client,
            tokens,
            retry: limits.retry,
            rate: limits.rate.map(RateLimit::per_second),
            page_size: Mutex::new(PageSize::new(limits.page_size)),
            not_before: Mutex::default(),
            parsing: Semaphore::new(1),
            endpoint,
        });
        Ok(Self { export, base })
    }

    /// Requests the first page of another listing.
    pub(crate) async fn with_listing(
        &self,
        listing: &Listing,
        connection: &Connection,
        limits: Limits,
    ) -> Result<(), StageError> {
        let counts = Arc::clone(&self.export.client.counts);
        let clients = ClientFactory { limits, connection, counts };
        let url = listing.url(&self.base);
        let client = clients.client("POST", url, limits.max_page_bytes, PAGE_HINTS).await?;
        self.export.accepts(&client, listing).await
    }

    /// The client of the list of job families.
    pub(crate) async fn families(
        &self,
        connection: &Connection,
        limits: Limits,
    ) -> Result<Client, StageError> {
        let counts = Arc::clone(&self.export.client.counts);
        let clients = ClientFactory { limits, connection, counts };
        clients.client("GET", families::url(&self.base), MAX_FAMILIES_BYTES, PAGE_HINTS).await
    }
}

struct ClientFactory<'a> {
    limits: Limits,
    connection: &'a Connection,
    counts: Arc<Counts>,
}

impl ClientFactory<'_> {
    async fn client(
        &self,
        method: &str,
        url: Url,
        max_bytes: u64,
        hints: Hints,
    ) -> Result<Client, StageError> {
        let (timeout, connection) = (self.limits.timeout, self.connection.clone());
        // Reads the system's certificates from files.
        let create = move || taskferry_http::Client::new(url, timeout, &connection, hints);
        let http = tokio::task::spawn_blocking(create).await.unwrap_or_else(|panic| {
            let message = "creating the HTTP client panicked";
            Err(StageError::new(ErrorKind::Defect, message).caused_by(panic))
        })?;
        Ok(Client::new(http, method, max_bytes, Arc::clone(&self.counts)))
    }

    async fn tokens(
        &self,
        credentials: Credentials,
        run: &RunContext,
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
        let client = self.client("POST", url, MAX_TOKEN_BYTES, TOKEN_HINTS).await?;
        let issuer = Issuer::new(client, credentials, self.limits.retry, cache).await;
        Ok(Tokens::Issued(Box::new(issuer)))
    }
}

fn local(endpoint: &RunningEndpoint) -> Result<(Url, Credentials), StageError> {
    let base = Url::parse(&endpoint.url).map_err(|error| {
        StageError::new(ErrorKind::Defect, "the endpoint has an invalid URL").caused_by(error)
    })?;
    let client = ClientCredentials::of_endpoint(endpoint)?;
    Ok((base, Credentials::Client(Box::new(client))))
}
