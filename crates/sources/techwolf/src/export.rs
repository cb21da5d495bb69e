//! From a request for a page to the page.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use taskferry_http::{Answer, RateLimit, StatusCode};
use taskferry_retry::{Attempts, RetryOptions};
use taskferry_sdk::{Cursor, ErrorKind, RunningEndpoint, Secret, StageError};
use tokio::sync::Semaphore;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use crate::answer::describe;
use crate::client::Client;
use crate::fields::unmarked;
use crate::issuer::Tokens;
use crate::page::ListingPage;
use crate::page_size::PageSize;
use crate::progress::empty_and_stands_still;
use crate::request::Listing;

/// Whether a request that failed is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// As the options say.
    AsConfigured,
    /// Never: the page is requested again when it is due.
    Never,
}

/// Where pages come from: one token, one rate limit and one page size for all who ask.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) client: Client,
    pub(crate) tokens: Tokens,
    pub(crate) retry: RetryOptions,
    pub(crate) rate: Option<RateLimit>,
    pub(crate) page_size: Mutex<PageSize>,
    /// Before when the server asked for no request at all.
    pub(crate) not_before: Mutex<Option<Instant>>,
    /// One answer is parsed at a time, which is faster than a network brings them: every thread that parses keeps
    /// freed memory for itself.
    pub(crate) parsing: Semaphore,
    /// Kept alive, where the endpoint is inside this process.
    #[expect(dead_code, reason = "held for its drop")]
    pub(crate) endpoint: Option<RunningEndpoint>,
}

impl Export {
    /// A page, whatever it takes.
    ///
    /// # Errors
    /// What is left after retries. `name` is how the log calls the page.
    pub(crate) async fn fetch(
        &self,
        listing: &Listing,
        repeat: Repeat,
        name: &str,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let retry = self.retry;
        let mut attempts = Attempts::new(&retry, name);
        let (mut sent, mut renewed) = (0, false);
        loop {
            let size = self.page_size().now();
            let body = listing.body(size, cursor).map_err(|error| {
                StageError::new(ErrorKind::Defect, "the request can't be written").caused_by(error)
            })?;
            let page = match self.ask(body.into(), &mut sent, &mut renewed).await {
                Ok((answer, token)) => self
                    .page(answer, &token, cursor)
                    .await
                    .inspect_err(|error| self.hold_back(error))
                    .map_err(|error| error.context(&self.client.shown)),
                Err(error) => Err(error),
            };
            let error = match page {
                Ok(page) => {
                    // Of a size that was changed meanwhile, it says nothing.
                    let mut now = self.page_size();
                    if now.now() == size
                        && let Some(larger) = now.came()
                    {
                        tracing::info!(
                            "{name}: the next pages are requested with up to {larger} records"
                        );
                    }
                    return Ok(page);
                }
                Err(error) => error,
            };
            if repeat == Repeat::Never {
                if error.wait().is_some() {
                    tracing::warn!("{name}: {}; all requests wait", error.full_message());
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

    /// The answer to one request for a page of another listing, in its turn and within `patience`. It is not repeated, and
    /// a token that is refused there is kept for the export.
    ///
    /// # Errors
    /// There is no such answer, or it is a refusal.
    pub(crate) async fn ask_aside(
        &self,
        client: &Client,
        offset: usize,
        limit: usize,
        patience: Duration,
    ) -> Result<Bytes, StageError> {
        let token = self.tokens.bearer().await?;
        self.turn().await;
        let parameters = [("limit", limit.to_string()), ("offset", offset.to_string())];
        let answer = timeout(patience, client.get(&parameters, &token)).await.map_err(|_| {
            let message = format!("no whole answer came within {} s", patience.as_secs());
            StageError::new(ErrorKind::Timeout, message)
        })??;
        if answer.is_success() {
            return Ok(answer.body);
        }
        let secrets: Vec<&Secret> = [&token].into_iter().chain(self.tokens.secret()).collect();
        let error = answer.error(describe(&answer, &secrets));
        self.hold_back(&error);
        Err(error.context(&client.shown))
    }

    fn page_size(&self) -> MutexGuard<'_, PageSize> {
        self.page_size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size after a page of `size` jobs timed out, unless it can't be smaller. Where several pages of one size time out
    /// at the same time, it is made smaller once.
    fn smaller_than(&self, size: u32) -> Option<u32> {
        let mut now = self.page_size();
        if now.now() < size { Some(now.now()) } else { now.timed_out() }
    }

    /// Sends the request, once more with a new token if the one in use is not accepted any longer. The answer, and
    /// the token that brought it.
    async fn ask(
        &self,
        body: Bytes,
        sent: &mut u32,
        renewed: &mut bool,
    ) -> Result<(Answer, Secret), StageError> {
        loop {
            let token = self.tokens.bearer().await?;
            // Last, so that nothing delays the request behind its turn.
            self.turn().await;
            self.client.counts.attempt(sent);
            let answer = self.client.post(body.clone(), Some(&token)).await.map_err(advised)?;
            let can_be_renewed =
                answer.status == StatusCode::UNAUTHORIZED && self.tokens.refused(&token).await;
            if *renewed || !can_be_renewed {
                return Ok((answer, token));
            }
            tracing::info!("the token was refused; asking for a new one");
            *renewed = true;
        }
    }

    /// Takes note of a wait that the server asked for, which all have to keep to, not the one alone that was told. One that is
    /// longer than the options allow ends the run instead.
    fn hold_back(&self, error: &StageError) {
        let longest = self.retry.max_retry_after.get();
        let wait = error.wait().filter(|wait| error.is_temporary() && *wait <= longest);
        if let Some(until) = wait.and_then(|wait| Instant::now().checked_add(wait)) {
            let mut not_before = self.not_before();
            *not_before = (*not_before).max(Some(until));
        }
    }

    /// Waits until a request may be sent.
    async fn turn(&self) {
        loop {
            let held_back = *self.not_before();
            if let Some(until) = held_back {
                sleep_until(until).await;
            }
            if let Some(rate) = &self.rate {
                rate.turn().await;
            }
            // OtherFields may have been told to wait meanwhile.
            if *self.not_before() == held_back {
                return;
            }
        }
    }

    fn not_before(&self) -> MutexGuard<'_, Option<Instant>> {
        self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn page(
        &self,
        answer: Answer,
        token: &Secret,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let secrets: Vec<&Secret> = [token].into_iter().chain(self.tokens.secret()).collect();
        if !answer.is_success() {
            return Err(refusal(&answer, cursor, &secrets));
        }
        // A page can be megabytes of JSON; other requests must not wait for it.
        let (body, after) = (answer.body.clone(), cursor.cloned());
        let _turn = self.parsing.acquire().await;
        let parsing = tokio::task::spawn_blocking(move || ListingPage::parse(&body, after));
        let parsed = parsing.await.unwrap_or_else(|panic| {
            Err(StageError::new(ErrorKind::Defect, "reading the page panicked").caused_by(panic))
        });
        let page = parsed.map_err(|error| with_beginning(error, &answer, &secrets))?;
        match &page.next {
            Some(next) if page.jobs.is_empty() && cursor == Some(next) => {
                Err(empty_and_stands_still(next))
            }
            _ => Ok(page),
        }
    }
}

fn advised(error: StageError) -> StageError {
    match error.kind() {
        ErrorKind::Limit => error.hint("lower `limit` or raise `max_page_bytes` in [source]"),
        _ => error,
    }
}

fn refusal(answer: &Answer, cursor: Option<&Cursor>, secrets: &[&Secret]) -> StageError {
    let error = answer.error(describe(answer, secrets));
    match (answer.status.as_u16(), cursor) {
        (300..=399, _) => error.hint("correct `url` in [source]"),
        (401, _) => error
            .hint("the token was refused: check that [source.auth] belongs to the tenant in `url`"),
        (403, _) => error.hint(
            "the credentials may not export task profiles, or not in the words of this \
             `external_vendor`; ask TechWolf for the right to",
        ),
        (404 | 410, Some(_)) => error
            .hint(
                "the record that the cursor names may have been deleted; the next run starts over",
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

/// A login page or a proxy's greeting is easier to recognise than a complaint about JSON.
fn with_beginning(error: StageError, answer: &Answer, secrets: &[&Secret]) -> StageError {
    if unmarked(&answer.body).trim_ascii_start().starts_with(b"{") {
        return error;
    }
    match answer.excerpt(&answer.body, secrets) {
        Some(beginning) => error.context(format!("`{beginning}`")),
        None => error,
    }
}
