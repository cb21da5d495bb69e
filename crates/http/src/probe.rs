//! Connectivity checks of a server, for `taskferry doctor`.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration as StdDuration, SystemTime};

use reqwest::StatusCode;
use taskferry_sdk::jiff::{SignedDuration, Timestamp, Unit};
use taskferry_sdk::{Check, ErrorKind, Finding, StageError};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};
use url::Host;

use crate::certificate::Certificate;
use crate::connection::FAILED_LOOKUP;
use crate::{Response, Server};

/// Certificates that expire within this time get a warning.
const CERTIFICATE_MARGIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Clock differences above this value get a warning. Token issuers usually accept one minute.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_secs(30);
/// The maximum number of addresses of a host to show.
const MAX_ADDRESSES: usize = 3;

/// Sends a HEAD request to a server, with one retry, and describes the connection. Findings show scheme, host and port of the
/// address only.
#[derive(Debug)]
pub struct ServerProbe {
    server: Server,
    answer: OnceCell<Result<Answer, StageError>>,
}

/// The response to the request.
#[derive(Debug)]
struct Answer {
    response: Response,
    /// When it was complete.
    received_at: SystemTime,
    /// How long the last attempt took.
    elapsed: StdDuration,
}

impl From<Server> for ServerProbe {
    fn from(server: Server) -> Self {
        Self { server, answer: OnceCell::new() }
    }
}

/// A check of the status of the answer to the HEAD request. No other request is sent.
#[derive(Debug, Clone, Copy)]
pub struct StatusCheck {
    /// The name of the server in hints, and of the check: `receiver`.
    pub name: &'static str,
    /// The owner of the options: `this sink`.
    pub owner: &'static str,
    /// A description of the HEAD request, which the user reads before allowing it.
    pub request: &'static str,
    /// What was not done: `nothing was delivered`.
    pub effect: &'static str,
    /// The hint for 401 and 403.
    pub unauthorized: &'static str,
    /// The hint for 429.
    pub rate_limited: &'static str,
}

impl StatusCheck {
    /// The hint for a status that a request of a run would probably get as well.
    fn hint(&self, status: StatusCode) -> Option<String> {
        let Self { name, owner, .. } = self;
        Some(match status.as_u16() {
            300..=399 => format!("redirects are not followed: correct the `url` of {owner}"),
            401 | 403 => self.unauthorized.to_owned(),
            407 => format!("check `connection.proxy` of {owner}"),
            410 => {
                format!("the {name} no longer exists at this address: correct the `url` of {owner}")
            }
            429 => self.rate_limited.to_owned(),
            500.. => format!(
                "the {name} is reachable but returns a server error: check the {name} before the next run"
            ),
            _ => return None,
        })
    }
}

/// The checks `proxy`, `dns` and `tls`, with a finding for each server. `request` describes the HEAD request.
pub fn server_checks(servers: &Arc<[ServerProbe]>, request: &str) -> Vec<Check> {
    vec![
        check("proxy", servers, |server| Box::pin(ready(server.proxy_in_use()))),
        check("dns", servers, |server| Box::pin(server.dns())).needs("proxy"),
        check("tls", servers, |server| Box::pin(server.tls())).sends(request).needs("dns"),
    ]
}

/// The check `clock`: how far this machine's clock is from the clocks of the servers.
pub fn clock_check(servers: &Arc<[ServerProbe]>, request: &str) -> Check {
    check("clock", servers, |server| Box::pin(server.clock())).sends(request).needs("tls")
}

/// The checks of one server. The last check reports the status of the answer. No status fails the check, because many servers
/// answer a HEAD request with another status than a request of a run.
pub fn checks_with_status(server: Server, status: StatusCheck) -> Vec<Check> {
    let servers = Arc::from([ServerProbe::from(server)]);
    let mut checks = server_checks(&servers, status.request);
    let last = check(status.name, &servers, move |server| Box::pin(server.status(status)));
    checks.push(last.sends(status.request).needs("tls"));
    checks
}

/// A check of one server. Both `Ok` and `Err` contain its finding, so that `?` ends the check.
type Probing<'a> = Pin<Box<dyn Future<Output = Result<Finding, Finding>> + Send + 'a>>;

/// A check with a finding for each server.
fn check(
    name: &'static str,
    servers: &Arc<[ServerProbe]>,
    probe: impl Fn(&ServerProbe) -> Probing<'_> + Send + 'static,
) -> Check {
    let servers = Arc::clone(servers);
    Check::new(name, async move {
        let mut findings = Vec::new();
        for server in servers.iter() {
            let (Ok(finding) | Err(finding)) = probe(server).await;
            findings.push(finding);
        }
        findings
    })
}

impl ServerProbe {
    /// Resolves the name of the host that connections lead to: the server, or its proxy.
    async fn dns(&self) -> Result<Finding, Finding> {
        let Server { url, connection, hints, .. } = &self.server;
        let proxy = connection.proxy_for(url).map_err(|error| Finding::from(&error))?;
        let (url, hint) = match &proxy {
            Some(proxy) => (proxy.url(), "check the address of the proxy"),
            None => (url, hints.unreachable),
        };
        let role = if proxy.is_some() { " (the proxy)" } else { "" };
        let (host, port) = match (url.host(), url.port_or_known_default()) {
            (Some(Host::Domain(host)), Some(port)) => (host.to_owned(), port),
            (Some(address), _) => {
                return Ok(Finding::skipped(format!(
                    "{address}{role} is an IP address; no name to resolve"
                )));
            }
            (None, _) => return Ok(Finding::skipped("the URL has no host")),
        };
        let found = tokio::net::lookup_host((host.as_str(), port)).await;
        let addresses: Vec<String> = match found {
            Ok(found) => found.map(|address| address.ip().to_string()).collect(),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.strip_prefix(FAILED_LOOKUP).unwrap_or(&reason);
                let text = format!("`{host}`{role} can't be resolved: {reason}");
                return Err(Finding::failed(text).hint(hint));
            }
        };
        let shown = addresses.iter().take(MAX_ADDRESSES).map(String::as_str).collect::<Vec<_>>();
        Ok(match addresses.len().saturating_sub(MAX_ADDRESSES) {
            _ if addresses.is_empty() => {
                Finding::failed(format!("`{host}`{role} has no IP address")).hint(hint)
            }
            0 => Finding::ok(format!("{host}{role} resolves to {}", shown.join(", "))),
            more => Finding::ok(format!(
                "{host}{role} resolves to {} and {more} more",
                shown.join(", ")
            )),
        })
    }

    /// The proxy in use, and where it is set.
    fn proxy_in_use(&self) -> Result<Finding, Finding> {
        let origin = self.server.origin();
        let proxy = self.server.connection.proxy_for(&self.server.url);
        let Some(proxy) = proxy.map_err(|error| Finding::from(&error))? else {
            return Ok(Finding::ok(format!("no proxy for {origin}")));
        };
        let (address, from) = (proxy.url().origin().ascii_serialization(), proxy.origin);
        Ok(Finding::ok(format!("{origin} through the proxy {address}, set by {from}")))
    }

    /// The answer to the HEAD request, which is sent once for all checks.
    async fn answer(&self) -> Result<&Answer, Finding> {
        self.answer.get_or_init(|| self.send()).await.as_ref().map_err(Finding::from)
    }

    async fn send(&self) -> Result<Answer, StageError> {
        let time_limit = self.server.timeout;
        let client = self.server.clone().client().await?;
        let mut last = None;
        for _ in 0..2 {
            let start = Instant::now();
            let sent = timeout(time_limit.get(), client.head()).await;
            match sent {
                Ok(Ok(response)) => {
                    let (received_at, elapsed) = (SystemTime::now(), start.elapsed());
                    return Ok(Answer { response, received_at, elapsed });
                }
                Ok(Err(error)) => last = Some(error.context(self.server.origin())),
                Err(_) => {}
            }
        }
        Err(last.unwrap_or_else(|| {
            let message = format!("{}: no response within {time_limit}", self.server.origin());
            StageError::new(ErrorKind::Timeout, message).hint(self.server.hints.timeout)
        }))
    }

    /// Whether the server answers, with which certificate, and until when the certificate is valid. The status does not matter.
    async fn tls(&self) -> Result<Finding, Finding> {
        let answer = self.answer().await?;
        let reached =
            format!("{} answers in {} ms", self.server.origin(), answer.elapsed.as_millis());
        let Some(certificate) = answer.response.certificate.as_deref() else {
            return Ok(Finding::ok(format!("{reached}, without TLS")));
        };
        let Some(certificate) = Certificate::from_der(certificate) else {
            return Ok(Finding::ok(format!("{reached}, with a valid certificate")));
        };
        Ok(certificate_finding(&reached, &certificate, Timestamp::now()))
    }

    /// How far this machine's clock is from the server's.
    async fn clock(&self) -> Result<Finding, Finding> {
        let answer = self.answer().await?;
        let origin = self.server.origin();
        let Some(date) = answer.response.date else {
            return Ok(Finding::skipped(format!("{origin} sends no `Date` header")));
        };
        Ok(clock_finding(&origin, date, answer.received_at))
    }

    async fn status(&self, check: StatusCheck) -> Result<Finding, Finding> {
        let status = self.answer().await?.response.status;
        let text = format!("{} answered HEAD with {status}", self.server.origin());
        Ok(match check.hint(status) {
            Some(hint) => Finding::warning(text).hint(hint),
            None => Finding::ok(format!("{text}; {}", check.effect)),
        })
    }
}

fn certificate_finding(reached: &str, certificate: &Certificate, now: Timestamp) -> Finding {
    let unnamed = "an unnamed server";
    let subject = certificate.subject.as_deref().unwrap_or(unnamed);
    let issuer = certificate.issuer.as_deref();
    let issuer = issuer.map(|issuer| format!(", issued by {issuer}")).unwrap_or_default();
    let date = certificate.not_after.strftime("%Y-%m-%d");
    let left = certificate.not_after.duration_since(now);
    let text = format!("{reached}; the certificate of {subject}{issuer} is valid until {date}");
    if left < CERTIFICATE_MARGIN {
        let days = left.as_hours().max(0) / 24;
        Finding::warning(format!("{text}, {days} days from now"))
            .hint("have the certificate renewed before it expires")
    } else {
        Finding::ok(text)
    }
}

fn clock_finding(origin: &str, date: SystemTime, received_at: SystemTime) -> Finding {
    let (Ok(theirs), Ok(ours)) = (Timestamp::try_from(date), Timestamp::try_from(received_at))
    else {
        return Finding::skipped(format!("the `Date` header of {origin} is out of range"));
    };
    // `Date` has no fraction of a second.
    let skew = ours.duration_since(theirs);
    let skew = skew.round(Unit::Second).unwrap_or(skew);
    let direction = if skew.is_negative() { "behind" } else { "ahead of" };
    if skew.abs() > CLOCK_MARGIN {
        let seconds = skew.abs().as_secs();
        Finding::warning(format!("this machine's clock is {seconds} s {direction} {origin}")).hint(
            "synchronize the clock, for example with NTP; tokens and signatures depend on the time",
        )
    } else {
        let seconds = CLOCK_MARGIN.as_secs();
        Finding::ok(format!("this machine's clock is within {seconds} s of {origin}"))
    }
}
