//! What can be known to be wrong with the options before the first request.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use taskferry_core::{
    BuildContext, Duration, EndpointCredentials, KeyPath, LocalEndpoint, Part, Problem, Secret,
};
use taskferry_retry::is_this_machine;
use url::Url;

use crate::config::{AuthOptions, FilterKind, FilterOptions};
use crate::request::EXPORT_PATH;

/// Who is asked for pages.
#[derive(Debug)]
pub(crate) enum Server {
    /// An endpoint inside this process, not yet started.
    Local(Box<dyn LocalEndpoint>),
    /// A tenant's API.
    Remote { base: Url, credentials: Credentials },
}

/// What a server is shown so that it answers.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// A token from elsewhere.
    Token(Secret),
    /// A client that tokens are issued to.
    Client(Box<ClientCredentials>),
}

/// OAuth client credentials, as TechWolf hands them out (seen).
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) token_url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) audience: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<String>,
}

impl ClientCredentials {
    /// The credentials that an endpoint inside this process accepts.
    pub(crate) fn of_endpoint(given: EndpointCredentials) -> Result<Self, url::ParseError> {
        Ok(Self {
            token_url: Url::parse(&given.token_url)?,
            client_id: given.client_id,
            client_secret: given.client_secret,
            audience: given.audience,
            tenant: given.tenant,
            scopes: Vec::new(),
        })
    }
}

/// `limit` and `timeout`.
pub(crate) fn numbers(limit: u32, timeout: Duration) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(1..=100).contains(&limit) {
        let message = format!("{limit} is out of range, expected a whole number from 1 to 100");
        problems.push(Problem::at(KeyPath::of("limit"), "value::invalid", message));
    }
    if timeout.get().is_zero() {
        let problem =
            Problem::at(KeyPath::of("timeout"), "value::invalid", "no time is left to answer");
        problems.push(problem.help("write for example \"120s\""));
    }
    problems
}

/// `filters`: each has what its kind needs, and nothing of the other kind.
pub(crate) fn filters(filters: &[FilterOptions]) -> Vec<Problem> {
    let list = KeyPath::of("filters");
    filters.iter().enumerate().flat_map(|(index, filter)| one(&list.index(index), filter)).collect()
}

fn one(path: &KeyPath, filter: &FilterOptions) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = |key: &str, given: bool, wanted: bool, kind: &str| match (given, wanted) {
        (false, true) => problems.push(missing(path, key)),
        (true, false) => problems.push(
            Problem::at(
                path.key(key),
                "key::unknown",
                format!("`{key}` means nothing to `{kind}`"),
            )
            .part(Part::Key)
            .help("take it out"),
        ),
        _ => {}
    };
    let families = filter.filter == FilterKind::JobFamilyIdIsInList;
    let kind = if families { "job_family_id_is_in_list" } else { "last_updated" };
    check("job_family_ids", filter.job_family_ids.is_some(), families, kind);
    check("value", filter.value.is_some(), !families, kind);
    check("operator", filter.operator.is_some(), !families, kind);

    if let Some(ids) = filter.job_family_ids.as_deref().filter(|_| families) {
        let list = path.key("job_family_ids");
        let empty = ids.iter().position(|id| id.trim().is_empty());
        if let Some(at) = ids.is_empty().then(|| list.clone()).or(empty.map(|at| list.index(at))) {
            let problem = Problem::at(at, "value::empty", "no job family is named here");
            problems.push(problem.help("write the `external_id` of a job family"));
        }
    }
    if let Some(value) = filter.value.as_deref().filter(|value| !families && !is_time(value)) {
        let message = format!("`{value}` is neither a date nor an instant");
        let problem = Problem::at(path.key("value"), "value::invalid", message);
        problems.push(problem.help("write for example \"2026-01-31\" or \"2026-01-31T08:00:00Z\""));
    }
    problems
}

fn is_time(text: &str) -> bool {
    let is_date = text.len() == "2026-01-31".len() && text.parse::<Date>().is_ok();
    is_date || text.parse::<Timestamp>().is_ok()
}

/// `url` and `auth`.
pub(crate) fn server(
    url: &str,
    auth: Option<AuthOptions>,
    context: &BuildContext<'_>,
) -> Result<Server, Vec<Problem>> {
    if let Some(endpoint) = context.local_endpoint(url) {
        let under_url = |problem: Problem| problem.under(&KeyPath::of("url"));
        let endpoint =
            endpoint.map_err(|problems| problems.into_iter().map(under_url).collect::<Vec<_>>())?;
        return Ok(Server::Local(endpoint));
    }
    let mut problems = Vec::new();
    let base = keep(base_url(url), &mut problems);
    let credentials = keep(credentials(auth), &mut problems);
    match (base, credentials) {
        (Some(base), Some(credentials)) => Ok(Server::Remote { base, credentials }),
        _ => Err(problems),
    }
}

fn keep<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|more| problems.extend(more)).ok()
}

fn base_url(text: &str) -> Result<Url, Vec<Problem>> {
    let path = KeyPath::of("url");
    let url = http_url(&path, text, "https://{tenant}.{region}.techwolf.ai")?;
    let mut problems = Vec::new();
    if url.query().is_some() || url.fragment().is_some() {
        let problem = Problem::at(path.clone(), "url::query", "the URL has a query or a fragment");
        problems.push(problem.help("take out what follows `?` or `#`; the options make the query"));
    }
    if url.path().trim_end_matches('/').ends_with(EXPORT_PATH) {
        let problem = Problem::at(path, "url::path", "the URL has the path of the export in it");
        problems.push(problem.help(format!("take out `{EXPORT_PATH}`; it is added")));
    }
    if problems.is_empty() { Ok(url) } else { Err(problems) }
}

/// An `http` or `https` URL with a host and without a user.
fn http_url(path: &KeyPath, text: &str, example: &str) -> Result<Url, Vec<Problem>> {
    let problem = |code, message: String, help: String| {
        vec![Problem::at(path.clone(), code, message).help(help)]
    };
    if text.trim().is_empty() {
        return Err(vec![empty(path)]);
    }
    let url = Url::parse(text).map_err(|error| {
        let help = format!("write for example \"{example}\"");
        problem("url::invalid", format!("this is not a URL: {error}"), help)
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("`{}:` is not a scheme that is known here", url.scheme());
        let help = format!("write an address that begins with `https://`, such as \"{example}\"");
        return Err(problem("url::scheme", message, help));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL has a user or a password in it".to_owned();
        let help = "take out what stands before `@`; credentials belong into [source.auth]";
        return Err(problem("url::user", message, help.to_owned()));
    }
    if url.scheme() == "http" && !url.host_str().is_some_and(is_this_machine) {
        let message =
            "credentials would be sent unencrypted: the URL begins with `http:`".to_owned();
        let help = "write `https://`; `http://` is for this machine alone";
        return Err(problem("url::unencrypted", message, help.to_owned()));
    }
    Ok(url)
}

fn credentials(auth: Option<AuthOptions>) -> Result<Credentials, Vec<Problem>> {
    let Some(auth) = auth else {
        let help = "add [source.auth] with token_url, client_id, client_secret, audience and tenant, \
                    or with a token; or write `url = \"sandbox:\"` to try things out";
        return Err(vec![missing(&KeyPath::root(), "auth").help(help)]);
    };
    let table = KeyPath::of("auth");
    let is_client = filled(auth.client_id.as_deref()).is_some()
        || auth.client_secret.as_ref().is_some_and(|secret| !secret.is_empty());
    match auth.token.as_ref().filter(|token| !token.is_empty()) {
        Some(_) if is_client => {
            let message = "a token and client credentials stand side by side";
            let problem = Problem::at(table.key("token"), "auth::both", message);
            Err(vec![problem.help("keep the token, or `client_id` and `client_secret`, not both")])
        }
        Some(token) => static_token(&table, token),
        None if auth.token.is_some() && auth.client_id.is_none() => {
            Err(vec![empty(&table.key("token"))])
        }
        None => Ok(Credentials::Client(Box::new(client(&table, auth)?))),
    }
}

fn static_token(table: &KeyPath, token: &Secret) -> Result<Credentials, Vec<Problem>> {
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Credentials::Token(token.clone()));
    }
    let message = "the token holds characters that can't be sent, a line break or a space perhaps";
    Err(vec![Problem::at(table.key("token"), "auth::token", message)])
}

fn client(table: &KeyPath, auth: AuthOptions) -> Result<ClientCredentials, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut text = |key: &str, value: Option<String>| match value {
        Some(value) if !value.trim().is_empty() => Some(value),
        Some(_) => {
            problems.push(empty(&table.key(key)));
            None
        }
        None => {
            problems.push(missing(table, key));
            None
        }
    };
    let token_url = text("token_url", auth.token_url);
    let client_id = text("client_id", auth.client_id);
    let secret = auth.client_secret.map(|secret| secret.expose().to_owned());
    let client_secret = text("client_secret", secret).map(Secret::new);
    let audience = text("audience", auth.audience);
    let tenant = text("tenant", auth.tenant);
    let example = "https://techwolf.eu.auth0.com/oauth/token";
    let token_url = token_url
        .and_then(|url| keep(http_url(&table.key("token_url"), &url, example), &mut problems));
    match (token_url, client_id, client_secret, audience, tenant) {
        (Some(token_url), Some(client_id), Some(client_secret), Some(audience), Some(tenant)) => {
            let scopes = auth.scopes;
            Ok(ClientCredentials { token_url, client_id, client_secret, audience, tenant, scopes })
        }
        _ => Err(problems),
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

fn empty(path: &KeyPath) -> Problem {
    let key = path.last_key().unwrap_or_default();
    Problem::at(path.clone(), "value::empty", format!("`{key}` is empty"))
        .help(format!("set the variable it comes from, or write the {} here", words(key)))
}

fn words(key: &str) -> impl fmt::Display {
    key.replace('_', " ").replace("url", "URL")
}

fn missing(table: &KeyPath, key: &str) -> Problem {
    Problem::at(table.clone(), "key::missing", format!("the key `{key}` is missing"))
        .part(Part::Key)
        .label(format!("needs `{key}`"))
        .help(format!("add `{key} = …` to this table"))
}
