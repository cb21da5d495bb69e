//! Page after page.

use async_trait::async_trait;
use taskferry_core::{
    ByteCount, Cursor, Duration, ErrorKind, Page, Position, RunContext, RunningEndpoint, Source,
    SourceStatistics, StageError,
};
use taskferry_retry::{Attempts, RetryOptions, excerpt, status_error};
use url::Url;

use crate::answer::Answer;
use crate::check::{ClientCredentials, Credentials, Server};
use crate::client::{Client, Post};
use crate::page::split_page;
use crate::progress::Progress;
use crate::request::Listing;
use crate::token::Tokens;

/// How far one request may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) max_page_bytes: ByteCount,
    pub(crate) retry: RetryOptions,
}

/// The export of one tenant, as far as it was read.
#[derive(Debug)]
pub(crate) struct TechWolfSource {
    listing: Listing,
    limits: Limits,
    /// Until the source is opened.
    server: Option<Server>,
    /// From then on.
    connection: Option<Connection>,
    next: Next,
    progress: Progress,
}

/// The page that is asked for next.
#[derive(Debug)]
enum Next {
    Page { number: u64, cursor: Option<Cursor> },
    Nothing,
}

#[derive(Debug)]
struct Connection {
    client: Client,
    tokens: Tokens,
    url: Url,
    max_page_bytes: u64,
    /// Keeps an endpoint inside this process alive.
    _endpoint: Option<RunningEndpoint>,
}

impl TechWolfSource {
    pub(crate) fn new(server: Server, listing: Listing, limits: Limits) -> Self {
        Self {
            listing,
            limits,
            server: Some(server),
            connection: None,
            next: Next::Page { number: 1, cursor: None },
            progress: Progress::default(),
        }
    }
}

#[async_trait]
impl Source for TechWolfSource {
    async fn open(&mut self, _: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        let (base, credentials, endpoint) = match self.server.take() {
            None => return Err(StageError::new(ErrorKind::Defect, "the source was opened twice")),
            Some(Server::Remote { base, credentials }) => (base, credentials, None),
            Some(Server::Local(endpoint)) => {
                let endpoint = endpoint.start().await?;
                let (base, credentials) = local(&endpoint)?;
                (base, credentials, Some(endpoint))
            }
        };
        if let Some(from) = from {
            self.next = match &from.cursor {
                Some(cursor) => Next::Page { number: from.pages + 1, cursor: Some(cursor.clone()) },
                None => Next::Nothing,
            };
            self.progress = Progress::behind(from);
        }
        let url = self.listing.url(&base);
        let mut urls = vec![&url];
        if let Credentials::Client(client) = &credentials {
            urls.push(&client.token_url);
        }
        let client = Client::new(&urls, self.limits.timeout, self.limits.retry)?;
        self.connection = Some(Connection {
            client,
            tokens: Tokens::new(credentials),
            url,
            max_page_bytes: self.limits.max_page_bytes.get(),
            _endpoint: endpoint,
        });
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Next::Page { number, cursor } = &self.next else { return Ok(None) };
        let Some(connection) = &mut self.connection else {
            return Err(StageError::new(ErrorKind::Defect, "the source was not opened"));
        };
        let name = match cursor {
            Some(cursor) => format!("page {number} (after `{cursor}`)"),
            None => format!("page {number} (the first)"),
        };
        let mut page = connection
            .fetch(&self.listing, &name, *number, cursor.as_ref())
            .await
            .map_err(|error| error.context(&name))?;
        // Nothing is awaited from here on: a page that was taken note of is a page that is returned.
        page.traces = self.progress.note(&page).map_err(|error| error.context(&name))?;
        self.next = match &page.next {
            Some(next) => Next::Page { number: number + 1, cursor: Some(next.clone()) },
            None => Next::Nothing,
        };
        Ok(Some(page))
    }

    fn statistics(&self) -> SourceStatistics {
        self.connection.as_ref().map(|open| open.client.statistics).unwrap_or_default()
    }
}

fn local(endpoint: &RunningEndpoint) -> Result<(Url, Credentials), StageError> {
    let wrong = |error: url::ParseError| {
        StageError::new(ErrorKind::Defect, "the endpoint named no address").caused_by(error)
    };
    let base = Url::parse(&endpoint.url).map_err(wrong)?;
    let client = ClientCredentials::of_endpoint(endpoint.credentials.clone()).map_err(wrong)?;
    Ok((base, Credentials::Client(Box::new(client))))
}

impl Connection {
    async fn fetch(
        &mut self,
        listing: &Listing,
        name: &str,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<Page, StageError> {
        let body = listing.body(cursor).map_err(|error| {
            StageError::new(ErrorKind::Defect, "the request can't be written").caused_by(error)
        })?;
        let post = Post::new(self.url.clone(), body, self.max_page_bytes);
        let options = self.client.retry;
        let mut attempts = Attempts::new(&options, name);
        let (mut sent, mut renewed) = (0, false);
        loop {
            let page = match self.ask(&post, &mut sent, &mut renewed).await {
                Ok(answer) => self
                    .page(&answer, number, cursor)
                    .await
                    .map_err(|error| error.context(&post.shown)),
                Err(error) => Err(error),
            };
            match page {
                Ok(page) => return Ok(page),
                Err(error) => attempts.wait_after(error).await?,
            }
        }
    }

    async fn page(
        &self,
        answer: &Answer,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<Page, StageError> {
        if !answer.is_success() {
            return Err(self.refusal(answer, cursor));
        }
        // A page can be megabytes of JSON; other requests must not wait for it.
        let (body, cursor) = (answer.body.clone(), cursor.cloned());
        let splitting = tokio::task::spawn_blocking(move || split_page(&body, number, cursor));
        let split = splitting.await.unwrap_or_else(|panic| {
            Err(StageError::new(ErrorKind::Defect, "reading the page panicked").caused_by(panic))
        });
        split.map_err(|error| self.with_beginning(error, answer))
    }

    /// Sends the request, once more with a new token if the one in use is not accepted any longer.
    async fn ask(
        &mut self,
        post: &Post,
        sent: &mut u32,
        renewed: &mut bool,
    ) -> Result<Answer, StageError> {
        loop {
            let token = self.tokens.bearer(&mut self.client).await?;
            self.client.count_repeat(sent);
            let answer = self.client.send(post, Some(&token)).await?;
            if !answer.is_unauthorized() || *renewed || !self.tokens.forget() {
                return Ok(answer);
            }
            tracing::info!("the token was refused; asking for a new one");
            *renewed = true;
        }
    }

    fn refusal(&self, answer: &Answer, cursor: Option<&Cursor>) -> StageError {
        let message = answer.describe(&self.tokens.secrets());
        let status = answer.status.as_u16();
        let error = answer.with_wait(status_error(status, message));
        match (status, cursor) {
            (300..=399, _) => error.hint("correct `url` in [source]"),
            (401, _) => error.hint(
                "the token was refused: check that [source.auth] belongs to the tenant in `url`",
            ),
            (403, _) => error.hint(
                "the credentials may not export task profiles, or not in the words of this \
                 `external_vendor`; ask TechWolf for the right to",
            ),
            (404, Some(_)) => error
                .hint("the job that was the cursor may have been deleted meanwhile; start afresh"),
            (404 | 405, _) => {
                error.hint("check `url` in [source]: https://{tenant}.{region}.techwolf.ai")
            }
            (400 | 422, _) => {
                error.hint("check `limit`, `include`, `filters` and `external_vendor` in [source]")
            }
            _ => error,
        }
    }

    /// A login page or a proxy's greeting is easier to recognise than a complaint about JSON.
    fn with_beginning(&self, error: StageError, answer: &Answer) -> StageError {
        if answer.body.trim_ascii_start().starts_with(b"{") {
            return error;
        }
        match excerpt(&answer.body, &self.tokens.secrets()) {
            Some(beginning) => error.context(format!("`{beginning}`")),
            None => error,
        }
    }
}
