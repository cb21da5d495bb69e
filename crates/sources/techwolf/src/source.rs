//! Page after page.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use taskferry_http::{Advice, Connection, RateLimit};
use taskferry_retry::RetryOptions;
use taskferry_sdk::{
    Duration, ErrorKind, Page, Position, RunContext, RunningEndpoint, Share, Source,
    SourceStatistics, StageError,
};
use tokio::sync::Semaphore;
use url::Url;

use crate::check::Server;
use crate::client::{Client, Counts};
use crate::credentials::{ClientCredentials, Credentials};
use crate::export::Export;
use crate::families::{self, unknown};
use crate::issuer::{Issuer, Tokens};
use crate::page_size::PageSize;
use crate::reader::Reader;
use crate::request::Listing;
use crate::strategy::ReadStrategy;
use crate::stream::PageStream;
use crate::token_cache::TokenCache;

/// More than any answer with a token needs.
const MAX_TOKEN_BYTES: u64 = 1 << 20;
/// More than any page of job families needs.
const MAX_FAMILIES_BYTES: u64 = 1 << 20;

const PAGE_ADVICE: Advice = Advice {
    slow: "raise `timeout` or lower `limit` in [source]",
    unreachable: "check `url` in [source], and that this machine may reach it",
};
const TOKEN_ADVICE: Advice = Advice {
    slow: "check `token_url` in [source.auth], or raise `timeout` in [source]",
    unreachable: "check `token_url` in [source.auth], and that this machine may reach it",
};

/// How far requests may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) page_size: u32,
    /// Pages a second.
    pub(crate) rate: Option<f64>,
    pub(crate) timeout: Duration,
    pub(crate) max_page_bytes: u64,
    pub(crate) retry: RetryOptions,
}

/// The export of one tenant, as far as it was read.
#[derive(Debug)]
pub(crate) struct TechWolfSource {
    listing: Listing,
    limits: Limits,
    connection: Connection,
    strategy: ReadStrategy,
    /// Until the source is opened.
    server: Option<Server>,
    /// From then on.
    open: Option<Open>,
    /// What deserves a look although nothing failed.
    warnings: Vec<String>,
}

/// A source that is open.
#[derive(Debug)]
struct Open {
    export: Arc<Export>,
    pages: Box<dyn PageStream>,
}

impl TechWolfSource {
    pub(crate) fn new(
        server: Server,
        connection: Connection,
        listing: Listing,
        strategy: ReadStrategy,
        limits: Limits,
    ) -> Self {
        Self {
            listing,
            limits,
            connection,
            strategy,
            server: Some(server),
            open: None,
            warnings: Vec::new(),
        }
    }

    /// Whether the options name job families.
    fn names_families(&self) -> bool {
        let mut filters = self.listing.filters.iter();
        self.strategy.partition.is_some() || filters.any(|filter| filter.job_family_ids.is_some())
    }
}

/// What the clients of a source have in common.
struct Opening<'a> {
    limits: Limits,
    connection: &'a Connection,
    counts: Arc<Counts>,
}

impl Opening<'_> {
    async fn client(
        &self,
        method: &str,
        url: Url,
        max_bytes: u64,
        advice: Advice,
    ) -> Result<Client, StageError> {
        let (timeout, connection) = (self.limits.timeout, self.connection.clone());
        // The system's certificates are read from files.
        let make = move || taskferry_http::Client::new(url, timeout, &connection, advice);
        let http = tokio::task::spawn_blocking(make).await.unwrap_or_else(|panic| {
            let message = "setting up the HTTP client panicked";
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
            Credentials::Token(token) => return Ok(Tokens::Given(token)),
            Credentials::Client(credentials) => *credentials,
        };
        let cache = match &run.state_dir {
            Some(folder) if credentials.cache => Some(TokenCache::new(folder, &credentials)),
            None if credentials.cache => {
                tracing::warn!("the token is not kept: this run has no state folder");
                None
            }
            _ => None,
        };
        let url = credentials.token_url.clone();
        let client = self.client("POST", url, MAX_TOKEN_BYTES, TOKEN_ADVICE).await?;
        let issuer = Issuer::new(client, credentials, self.limits.retry, cache).await;
        Ok(Tokens::Issued(Box::new(issuer)))
    }
}

#[async_trait]
impl Source for TechWolfSource {
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        let (base, credentials, endpoint) = match self.server.take() {
            None => return Err(StageError::new(ErrorKind::Defect, "the source was opened twice")),
            Some(Server::Remote { base, credentials }) => (base, credentials, None),
            Some(Server::Local(endpoint)) => {
                let endpoint = endpoint.start().await?;
                let (base, credentials) = local(&endpoint)?;
                (base, credentials, Some(endpoint))
            }
        };
        let (limits, counts) = (self.limits, Arc::default());
        let opening = Opening { limits, connection: &self.connection, counts };
        let url = self.listing.url(&base);
        let client = opening.client("POST", url, limits.max_page_bytes, PAGE_ADVICE).await?;
        let tokens = opening.tokens(credentials, run).await?;
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
        if self.names_families() {
            let families = families::url(&base);
            let families = opening.client("GET", families, MAX_FAMILIES_BYTES, PAGE_ADVICE).await?;
            let partition = self.strategy.partition.as_deref();
            self.warnings = unknown(&families, &export, &self.listing, partition).await?;
            // They are warnings at the end of the run. A run can be long, so that they are logged now as well.
            for warning in &self.warnings {
                tracing::info!("{warning}");
            }
        }
        let reader = Reader::new(Arc::clone(&export), self.listing.clone());
        let pages = self.strategy.open(reader, run, from).await?;
        self.open = Some(Open { export, pages });
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Some(open) = &mut self.open else {
            return Err(StageError::new(ErrorKind::Defect, "the source was not opened"));
        };
        let Some(page) = open.pages.next_page().await? else { return Ok(None) };
        Ok(Some(page.into_page()))
    }

    fn statistics(&self) -> SourceStatistics {
        let open = self.open.as_ref();
        open.map(|open| open.export.client.counts.statistics()).unwrap_or_default()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn can_shard(&self) -> bool {
        true
    }

    fn share(&self) -> Option<Share> {
        self.open.as_ref().and_then(|open| open.pages.share())
    }
}

fn local(endpoint: &RunningEndpoint) -> Result<(Url, Credentials), StageError> {
    let wrong = |error: url::ParseError| {
        StageError::new(ErrorKind::Defect, "the endpoint named no address").caused_by(error)
    };
    let base = Url::parse(&endpoint.url).map_err(wrong)?;
    let client = ClientCredentials::of_endpoint(endpoint)?;
    Ok((base, Credentials::Client(Box::new(client))))
}
