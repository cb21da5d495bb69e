//! Fetches pages: tokens, rate limit, retries, page size and refusals.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use taskferry_http::{Response, StatusCode};
use taskferry_retry::{Attempts, RateLimit, RetryOptions, Waiting};
use taskferry_sdk::{Cursor, ErrorKind, RunningEndpoint, Secret, StageError};
use tokio::sync::Semaphore;
use tokio::time::{Duration, timeout};
use tracing::Span;

use crate::client::Client;
use crate::fields::without_byte_order_mark;
use crate::page::ListingPage;
use crate::page_size::PageSize;
use crate::progress::empty_page_with_repeated_cursor;
use crate::refusal::describe;
use crate::request::Listing;
use crate::token_provider::Tokens;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retries {
    /// The retries of the options.
    Configured,
    /// No retries. A prefetched page is requested again when it is due.
    None,
}

/// The export of one tenant. All readers share its token, rate limit and page size.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) client: Client,
    pub(crate) tokens: Tokens,
    pub(crate) retry: RetryOptions,
    pub(crate) rate: RateLimit,
    pub(crate) page_size: Mutex<PageSize>,
    /// Limits parsing to one response at a time. Parsing is faster than the network, and each further parsing thread would
    /// keep its freed memory.
    pub(crate) parsing: Semaphore,
    #[expect(dead_code, reason = "dropping it stops the endpoint inside this process")]
    pub(crate) endpoint: Option<RunningEndpoint>,
}

impl Export {
    /// Fetches a page. `name` is the name of the page in messages.
    pub(crate) async fn fetch(
        &self,
        listing: &Listing,
        retries: Retries,
        name: &str,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let retry = self.retry;
        let mut attempts = Attempts::new(&retry, name);
        let (mut sent, mut is_renewed) = (0, false);
        loop {
            let size = self.page_size().current();
            let body = listing.body(size, cursor);
            let error = match self.attempt(body, cursor, &mut sent, &mut is_renewed).await {
                Ok(page) => {
                    let mut page_size = self.page_size();
                    // Another page may have changed the size since this request.
                    if page_size.current() == size
                        && let Some(larger) = page_size.succeeded()
                    {
                        tracing::info!(
                            "{name}: the next pages are requested with up to {larger} records"
                        );
                    }
                    return Ok(page);
                }
                Err(error) => error,
            };
            if retries == Retries::None {
                if error.wait().is_some() {
                    tracing::warn!("{name}: {}; all requests are paused", error.full_message());
                }
                return Err(error);
            }
            let timed_out = error.kind() == ErrorKind::Timeout;
            attempts.wait_after(error).await?;
            if timed_out && let Some(smaller) = self.smaller_than(size) {
                tracing::warn!(
                    "{name}: the request timed out; the page is requested again with {smaller} records"
                );
            }
        }
    }

    async fn attempt(
        &self,
        body: Bytes,
        cursor: Option<&Cursor>,
        sent: &mut u32,
        is_renewed: &mut bool,
    ) -> Result<ListingPage, StageError> {
        let (response, token) = self.send(body, sent, is_renewed).await?;
        let page = self.parse(response, &token, cursor).await;
        page.inspect_err(|error| self.hold_back(error))
            .map_err(|error| error.context(&self.client.request_name))
    }

    /// Requests a page of another listing, under the rate limit and with the token of the export, within `time_limit` and
    /// without retries.
    pub(crate) async fn get_once(
        &self,
        client: &Client,
        offset: usize,
        limit: usize,
        time_limit: Duration,
    ) -> Result<Bytes, StageError> {
        let token = self.tokens.bearer().await?;
        self.acquire_slot().await;
        let parameters = [("limit", limit.to_string()), ("offset", offset.to_string())];
        let response =
            timeout(time_limit, client.get(&parameters, &token)).await.map_err(|_| {
                let message = format!("no complete response within {} s", time_limit.as_secs());
                StageError::new(ErrorKind::Timeout, message)
            })??;
        if response.is_success() {
            return Ok(response.body);
        }
        let error = response.error(describe(&response, &self.secrets(&token)));
        self.hold_back(&error);
        Err(error.context(&client.request_name))
    }

    /// Requests the first record of another listing, with the token of the export and without retries.
    pub(crate) async fn try_first_record(
        &self,
        client: &Client,
        listing: &Listing,
    ) -> Result<(), StageError> {
        let token = self.tokens.bearer().await?;
        self.acquire_slot().await;
        let response = client.post(listing.body(1, None), Some(&token)).await?;
        if response.is_success() {
            return Ok(());
        }
        Err(refusal(&response, None, &self.secrets(&token)))
    }

    /// The secrets that a response may repeat.
    fn secrets<'a>(&'a self, token: &'a Secret) -> Vec<&'a Secret> {
        [token].into_iter().chain(self.tokens.secret()).collect()
    }

    fn page_size(&self) -> MutexGuard<'_, PageSize> {
        self.page_size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page size after a page of `size` records timed out; `None` if it can't be smaller. Concurrent timeouts of one size
    /// reduce it once.
    fn smaller_than(&self, size: u32) -> Option<u32> {
        let mut page_size = self.page_size();
        let current = page_size.current();
        if current < size { Some(current) } else { page_size.timed_out() }
    }

    /// Sends a request, and once more with a new token if the server refuses the token. Returns the response and its token.
    async fn send(
        &self,
        body: Bytes,
        sent: &mut u32,
        is_renewed: &mut bool,
    ) -> Result<(Response, Secret), StageError> {
        loop {
            let token = self.tokens.bearer().await?;
            // Acquired last: once the request has its slot, it must not wait for anything else.
            self.acquire_slot().await;
            self.client.counts.attempt(sent);
            let waiting = Waiting::without_end("the API");
            let response = self.client.post(body.clone(), Some(&token)).await.map_err(with_hint)?;
            drop(waiting);
            let can_renew =
                response.status == StatusCode::UNAUTHORIZED && self.tokens.invalidate(&token).await;
            if *is_renewed || !can_renew {
                return Ok((response, token));
            }
            tracing::info!("the token was refused; requesting a new one");
            *is_renewed = true;
        }
    }

    /// Delays all requests by the `Retry-After` of the error, unless that exceeds `max_retry_after`.
    fn hold_back(&self, error: &StageError) {
        self.rate.pause_after(error, &self.retry);
    }

    /// Waits until a request may be sent.
    async fn acquire_slot(&self) {
        self.rate.acquire("the end of a pause that the API asked for", "`rate_limit`").await;
    }

    async fn parse(
        &self,
        response: Response,
        token: &Secret,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let secrets = self.secrets(token);
        if !response.is_success() {
            return Err(refusal(&response, cursor, &secrets));
        }
        // A page can be megabytes of JSON, so it is parsed on a blocking thread.
        let (body, after) = (response.body.clone(), cursor.cloned());
        let _permit = self.parsing.acquire().await;
        // Log lines of the blocking thread also belong to the source.
        let span = Span::current();
        let parse = move || span.in_scope(|| ListingPage::parse(&body, after));
        let parsing = tokio::task::spawn_blocking(parse);
        let parsed = parsing.await.unwrap_or_else(|panic| {
            Err(StageError::new(ErrorKind::Defect, "parsing the page panicked").caused_by(panic))
        });
        let page = parsed.map_err(|error| with_excerpt(error, &response, &secrets))?;
        match &page.next {
            Some(next) if page.entries.is_empty() && cursor == Some(next) => {
                Err(empty_page_with_repeated_cursor(next))
            }
            _ => Ok(page),
        }
    }
}

fn with_hint(error: StageError) -> StageError {
    match error.kind() {
        ErrorKind::Limit => error.hint("lower `limit` or raise `max_page_bytes` in [source]"),
        _ => error,
    }
}

fn refusal(response: &Response, cursor: Option<&Cursor>, secrets: &[&Secret]) -> StageError {
    let error = response.error(describe(response, secrets));
    match (response.status.as_u16(), cursor) {
        (300..=399, _) => error.hint("correct `url` in [source]"),
        (401, _) => error
            .hint("the token was refused: check that [source.auth] belongs to the tenant in `url`"),
        (403, _) => error.hint(
            "the credentials have no permission to export task profiles, or to use this `external_vendor`; ask TechWolf for the permission",
        ),
        (404 | 410, Some(_)) => error
            .hint(
                "the record with the id of the cursor may have been deleted; the next run starts from the first page",
            )
            .not_resumable(),
        (404 | 405, _) => {
            error.hint("check `url` in [source]: https://{tenant}.{region}.techwolf.ai")
        }
        (400 | 422, _) => {
            error.hint("check `limit`, `include`, `filters` and `external_vendor` in [source]")
        }
        (407, _) => error.hint("check the proxy: `connection.proxy` in [source], or HTTPS_PROXY"),
        _ => error,
    }
}

/// Adds the beginning of a body that is not JSON, because a login page or the page of a proxy is easier to recognize than a
/// JSON error.
fn with_excerpt(error: StageError, response: &Response, secrets: &[&Secret]) -> StageError {
    if without_byte_order_mark(&response.body).trim_ascii_start().starts_with(b"{") {
        return error;
    }
    match response.excerpt(&response.body, secrets) {
        Some(excerpt) => error.context(format!("`{excerpt}`")),
        None => error,
    }
}
