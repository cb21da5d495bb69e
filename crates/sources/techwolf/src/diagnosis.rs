//! The checks of `taskferry doctor`: the connectivity to the servers, the token, one page, and what the credentials see.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use taskferry_http::{ServerProbe, clock_check, server_checks};
use taskferry_sdk::{Check, ErrorKind, Finding, RunContext, StageError};
use tokio::sync::OnceCell;
use url::Url;

use crate::check::Server;
use crate::config::{ExportSubject, ExternalVendor};
use crate::credentials::Credentials;
use crate::export::Retries;
use crate::families;
use crate::open_export::{OpenExport, PAGE_HINTS, Settings, TOKEN_HINTS};
use crate::request::{Listing, name_of};
use crate::token_claims::{Claims, token_finding};
use crate::token_provider::Tokens;

const PAGE: &str = "the first page";
const FAMILIES_HINT: &str =
    "correct the ids in [source]; `--check families --verbose` lists all job families";

/// The state that the checks share. Each check can run without the others.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    settings: Settings,
    run: RunContext,
    /// `None` once the connection is open.
    server: Mutex<Option<Server>>,
    open: OnceCell<Result<OpenExport, StageError>>,
    /// Whether the server refused the page with the vendor of the options.
    is_page_refused: OnceCell<bool>,
}

impl Diagnosis {
    /// The checks, in order.
    pub(crate) fn checks(server: Server, mut settings: Settings, run: &RunContext) -> Vec<Check> {
        let has_families = settings.listing.subject == ExportSubject::Jobs;
        let has_vendor = settings.listing.external_vendor != ExternalVendor::Techwolf;
        // No retries, so that a check reports the first response and costs one request.
        settings.page_size = 1;
        settings.retry.max_attempts = std::num::NonZeroU32::MIN;
        let mut checks = connection_checks(&server, &settings);
        let requests_token = match &server {
            Server::Local(_) => true,
            Server::Remote { credentials, .. } => matches!(credentials, Credentials::Client(_)),
        };
        // No token cache: a cached token would hide invalid credentials.
        let mut run = run.clone();
        run.state_dir = None;
        let shared = Arc::new(Self {
            settings,
            run,
            server: Mutex::new(Some(server)),
            open: OnceCell::new(),
            is_page_refused: OnceCell::new(),
        });
        let token = check("token", Arc::clone(&shared).token()).needs("tls");
        checks.push(if requests_token { token.sends("1 token request") } else { token });
        let page = check("page", Arc::clone(&shared).page()).needs("token");
        checks.push(page.sends("1 request for a page with one record"));
        if has_vendor {
            let vendor = check("vendor", Arc::clone(&shared).vendor()).needs("token");
            checks.push(vendor.sends("1 or 2 requests, if the page was not read"));
        }
        if has_families {
            let families = check("families", shared.families()).needs("token");
            checks.push(families.sends("1 request for up to 200 job families"));
        }
        checks
    }

    async fn open(&self) -> Result<&OpenExport, Finding> {
        let open = self.open.get_or_init(|| async {
            let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(server) = server else {
                return Err(StageError::new(
                    ErrorKind::Timeout,
                    "no connection to the API: an earlier check was stopped by its time limit",
                ));
            };
            OpenExport::new(server, &self.settings, &self.run).await
        });
        open.await.as_ref().map_err(Finding::from)
    }

    async fn token(self: Arc<Self>) -> Findings {
        let (token, requested, lifetime, scope) = match &self.open().await?.export.tokens {
            Tokens::Fixed(token) => (token.clone(), &[][..], None, None),
            Tokens::Requested(provider) => {
                let grant = provider.access_token().await.map_err(|error| Finding::from(&error))?;
                let requested = provider.requested_scopes();
                (grant.token, requested, Some(grant.usable_for), grant.scope)
            }
        };
        let claims = Claims::of(&token).with_scope(scope.as_deref());
        Ok(vec![token_finding(&claims, lifetime, requested, Timestamp::now())])
    }

    async fn page(self: Arc<Self>) -> Findings {
        let export = &self.open().await?.export;
        let page = export.fetch(&self.settings.listing, Retries::None, PAGE, None).await;
        let is_refused = match &page {
            Ok(_) => Some(false),
            Err(error) => is_refusal(error).then_some(true),
        };
        if let Some(is_refused) = is_refused {
            // Already set if the vendor was checked first.
            let _ = self.is_page_refused.set(is_refused);
        }
        let page = page.map_err(|error| page_failure(&error.context(PAGE)))?;
        let noun = match self.settings.listing.subject {
            ExportSubject::Jobs => "job",
            ExportSubject::Employees => "employee",
        };
        let origin = if export.client.counts.statistics().sandbox { " of a sandbox" } else { "" };
        Ok(vec![match (page.entries.len(), &page.next) {
            (0, None) => Finding::warning(format!("the listing is empty: it contains no {noun}"))
                .hint("check `filters` in [source]; the credentials may have filters of their own"),
            (0, Some(_)) => {
                Finding::ok(format!("the first page is empty, and more {noun}s follow"))
            }
            (_, Some(_)) => Finding::ok(format!("one {noun}{origin} was read, and more follow")),
            (_, None) => Finding::ok(format!("one {noun}{origin} was read, and no more follow")),
        }])
    }

    /// Checks whether the vendor of the options is activated. If the page is refused, the check requests a page with the
    /// vendor `techwolf`: if that succeeds, the vendor is the cause.
    async fn vendor(self: Arc<Self>) -> Findings {
        let vendor = name_of(self.settings.listing.external_vendor);
        let open = self.open().await?;
        let is_refused = self.is_page_refused.get_or_try_init(|| async {
            match open.export.fetch(&self.settings.listing, Retries::None, PAGE, None).await {
                Ok(_) => Ok(false),
                Err(error) if is_refusal(&error) => Ok(true),
                Err(error) => Err(Finding::from(&error.context(PAGE))),
            }
        });
        let is_refused = *is_refused.await?;
        if !is_refused {
            let text = format!("the API accepts `external_vendor = \"{vendor}\"`");
            return Ok(vec![Finding::ok(text)]);
        }
        let plain =
            Listing { external_vendor: ExternalVendor::Techwolf, ..self.settings.listing.clone() };
        Ok(vec![match open.try_listing(&plain, &self.settings).await {
            Ok(()) => Finding::failed(format!(
                "the API refuses `external_vendor = \"{vendor}\"` and accepts \"techwolf\""
            ))
            .hint(format!("ask TechWolf to activate {vendor} for the tenant, or use \"techwolf\"")),
            Err(error) if is_refusal(&error) => Finding::skipped(format!(
                "the API refuses the page with `external_vendor = \"{vendor}\"` and with \"techwolf\", so the vendor is not the cause"
            )),
            Err(error) => Finding::from(&error.context(PAGE)),
        }])
    }

    async fn families(self: Arc<Self>) -> Findings {
        let open = self.open().await?;
        let listed = match open.families(&self.settings).await {
            Ok(client) => families::list(&client, &open.export).await,
            Err(error) => Err(error),
        };
        let families = listed.map_err(|error| {
            let reason = error.full_message();
            Finding::skipped(format!("the tenant does not list its job families: {reason}"))
        })?;
        let line = |family: &families::Family| match family.name() {
            Some(name) => format!("{}  {name}", family.external_id),
            None => family.external_id.clone(),
        };
        let noun = if families.len() == 1 { "family" } else { "families" };
        let all = Finding::ok(format!("the credentials see {} job {noun}", families.len()))
            .details(families.iter().map(line));
        let unknown = families::unknown(
            &self.settings.listing,
            self.settings.strategy.partition.as_deref(),
            &families,
        );
        let unknown = unknown.into_iter().map(|text| Finding::warning(text).hint(FAMILIES_HINT));
        Ok([all].into_iter().chain(unknown).collect())
    }
}

/// The findings of a check, or the only finding of a check that ends early.
type Findings = Result<Vec<Finding>, Finding>;

fn check(name: &'static str, findings: impl Future<Output = Findings> + Send + 'static) -> Check {
    Check::new(name, async move { findings.await.unwrap_or_else(|finding| vec![finding]) })
}

/// Describes a failed page request. Adds a hint to temporary errors, which have no hint because a run retries them.
fn page_failure(error: &StageError) -> Finding {
    let finding = Finding::from(error);
    if finding.hint.is_some() {
        return finding;
    }
    finding.hint(match error.kind() {
        ErrorKind::RateLimited => {
            "the rate limit of the tenant is used up: wait, or run fewer exports at the same time"
        }
        ErrorKind::Unavailable => {
            "the API returns a server error: try again later, or report the error to TechWolf"
        }
        ErrorKind::Malformed => "check that `url` in [source] is the address of the TechWolf API",
        _ => "check the network between this machine and `url` in [source]",
    })
}

/// Whether the server refused the request. The vendor may be the reason.
fn is_refusal(error: &StageError) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Auth)
}

/// The checks of the connections to the API and to the token endpoint, without repetition if both are the same server. A server
/// inside this process needs no checks.
fn connection_checks(server: &Server, settings: &Settings) -> Vec<Check> {
    let Server::Remote { base, credentials } = server else { return Vec::new() };
    let probe = |url: &Url, hints| {
        let mut root = url.clone();
        root.set_path("/");
        root.set_query(None);
        ServerProbe::from(settings.server(root, hints))
    };
    let mut servers = vec![probe(base, PAGE_HINTS)];
    let mut request = "1 HEAD request without credentials";
    if let Credentials::Client(client) = credentials
        && client.token_url.origin() != base.origin()
    {
        servers.push(probe(&client.token_url, TOKEN_HINTS));
        request = "1 HEAD request without credentials to the API and to the token endpoint";
    }
    let servers = Arc::from(servers);
    let mut checks = server_checks(&servers, request);
    checks.push(clock_check(&servers, request));
    checks
}
