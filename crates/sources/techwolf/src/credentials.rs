//! Checks the options of `[source.auth]`.

use std::path::PathBuf;

use taskferry_sdk::{
    BuildContext, Duration, ErrorKind, KeyPath, Part, Problem, RunningEndpoint, Secret, StageError,
};
use url::Url;

use crate::assertion::{Signer, SigningKey};
use crate::config::AuthOptions;
use crate::fields::without_byte_order_mark;
use crate::problems::{empty, http_url, keep, missing};

const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
/// The maximum lifetime that Auth0, the issuer of the tokens, accepts (inferred).
const MAX_ASSERTION_LIFETIME: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) enum Credentials {
    Token(Secret),
    /// A client that requests tokens.
    Client(Box<ClientCredentials>),
}

/// OAuth client credentials (seen).
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) token_url: Url,
    pub(crate) client_id: String,
    pub(crate) auth: ClientAuth,
    pub(crate) audience: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<String>,
    /// Whether tokens are cached for the next runs.
    pub(crate) cache: bool,
}

#[derive(Debug)]
pub(crate) enum ClientAuth {
    Secret(Secret),
    Key(Signer),
}

impl ClientCredentials {
    /// The credentials of an endpoint inside this process.
    pub(crate) fn of_endpoint(endpoint: &RunningEndpoint) -> Result<Self, StageError> {
        let text = |name| endpoint.setting(name).map(|text| text.expose().to_owned());
        let token_url = Url::parse(&text("token_url")?).map_err(|error| {
            StageError::new(ErrorKind::Defect, "the endpoint has an invalid token URL")
                .caused_by(error)
        })?;
        Ok(Self {
            token_url,
            client_id: text("client_id")?,
            auth: ClientAuth::Secret(endpoint.setting("client_secret")?.clone()),
            audience: text("audience")?,
            tenant: text("tenant")?,
            scopes: Vec::new(),
            cache: false,
        })
    }

    /// The secret in requests.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.auth {
            ClientAuth::Secret(secret) => Some(secret),
            ClientAuth::Key(_) => None,
        }
    }
}

/// Checks `auth`.
pub(crate) fn credentials(
    auth: Option<&AuthOptions>,
    context: &BuildContext<'_>,
) -> Result<Credentials, Vec<Problem>> {
    let Some(auth) = auth else {
        let help = "add [source.auth] with token_url, client_id, client_secret, audience and tenant, \
                    or with a token; or write `url = \"sandbox:\"` to use the sandbox";
        return Err(vec![missing(&KeyPath::root(), "auth").help(help)]);
    };
    let table = KeyPath::of("auth");
    let client_id = [("client_id", Some(is_set(auth.client_id.as_deref())))];
    let of_client = client_id.into_iter().chain(secrets(auth));
    let mut of_client = of_client.filter(|(_, is_set)| *is_set == Some(true)).peekable();
    match auth.token.as_ref().filter(|token| !token.is_empty()) {
        Some(_) if of_client.peek().is_some() => {
            let message = "`auth` has both a token and client credentials";
            let problem = Problem::at(table.key("token"), "conflicting-options", message)
                .label("a fixed token")
                .help("keep either `token`, or `client_id` with its secret or key");
            let client = |problem: Problem, (key, _): (&str, _)| {
                problem.related(table.key(key), Part::Value, "client credentials")
            };
            Err(vec![of_client.fold(problem, client)])
        }
        Some(_) if auth.cache => {
            let message = "`cache` has no effect on a fixed token";
            let problem = Problem::at(table.key("cache"), "unused-option", message)
                .label("this option")
                .related(table.key("token"), Part::Value, "a fixed token");
            Err(vec![problem.help(
                "remove `cache`; only tokens that are requested with client credentials are cached",
            )])
        }
        Some(token) => fixed_token(&table, token),
        None if auth.token.is_some() && auth.client_id.is_none() => {
            Err(vec![empty(&table.key("token"))])
        }
        None => Ok(Credentials::Client(Box::new(client(&table, auth, context)?))),
    }
}

fn fixed_token(table: &KeyPath, token: &Secret) -> Result<Credentials, Vec<Problem>> {
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Credentials::Token(token.clone()));
    }
    let message = "the token contains a character that is invalid in a header, for example a line break or a space";
    let problem = Problem::at(table.key("token"), "invalid-secret", message);
    Err(vec![problem.help("write only the token, as TechWolf issued it")])
}

/// The options with a secret or a key: `None` if the option is missing, `Some(false)` if its value is empty.
fn secrets(auth: &AuthOptions) -> [(&'static str, Option<bool>); 3] {
    let is_set = |secret: &Secret| !secret.expose().trim().is_empty();
    let is_path = |file: &PathBuf| !file.as_os_str().is_empty();
    [
        ("client_secret", auth.client_secret.as_ref().map(is_set)),
        ("private_key", auth.private_key.as_ref().map(is_set)),
        ("private_key_file", auth.private_key_file.as_ref().map(is_path)),
    ]
}

fn client(
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<ClientCredentials, Vec<Problem>> {
    let mut problems = Vec::new();
    let (scopes, cache) = (auth.scopes.clone(), auth.cache);
    let client_auth = client_auth(table, auth, context);
    let token_url = keep(text(table, "token_url", auth.token_url.as_deref()), &mut problems);
    let client_id = keep(text(table, "client_id", auth.client_id.as_deref()), &mut problems);
    let client_auth = keep(client_auth, &mut problems);
    let audience = keep(text(table, "audience", auth.audience.as_deref()), &mut problems);
    let tenant = keep(text(table, "tenant", auth.tenant.as_deref()), &mut problems);
    let example = "https://techwolf.eu.auth0.com/oauth/token";
    let token_url = token_url
        .and_then(|url| keep(http_url(&table.key("token_url"), &url, example), &mut problems));
    match (token_url, client_id, client_auth, audience, tenant) {
        (Some(token_url), Some(client_id), Some(auth), Some(audience), Some(tenant)) => {
            Ok(ClientCredentials { token_url, client_id, auth, audience, tenant, scopes, cache })
        }
        _ => Err(problems),
    }
}

fn text(table: &KeyPath, key: &str, value: Option<&str>) -> Result<String, Vec<Problem>> {
    match value {
        Some(value) if !value.trim().is_empty() => Ok(value.to_owned()),
        Some(_) => Err(vec![empty(&table.key(key))]),
        None => Err(vec![missing(table, key)]),
    }
}

/// Exactly one of a secret, a private key and a file with a private key.
fn client_auth(
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<ClientAuth, Vec<Problem>> {
    let present = || secrets(auth).into_iter().filter_map(|(key, is_set)| Some((key, is_set?)));
    let mut set = present().filter(|(_, is_set)| *is_set).map(|(key, _)| key);
    match (set.next(), set.next()) {
        (None, _) => Err(vec![match present().next() {
            Some((key, _)) => empty(&table.key(key)),
            None => missing(table, "client_secret")
                .help("add `client_secret = …`, or `private_key_file = …` for a client with a private key"),
        }]),
        (Some(first), Some(second)) => {
            let message = format!("`auth` has both `{first}` and `{second}`");
            let problem = Problem::at(table.key(second), "conflicting-options", message)
                .label("a second way to authenticate")
                .related(table.key(first), Part::Value, "the first way");
            Err(vec![problem.help("keep the one that is registered for the client, and remove the other")])
        }
        (Some("client_secret"), None) => {
            let mut problems = without_key(table, auth);
            let secret = auth.client_secret.clone().unwrap_or_default();
            if secret.expose().contains(|character: char| character.is_control()) {
                let message = "the secret contains a line break or another control character";
                let problem = Problem::at(table.key("client_secret"), "invalid-secret", message);
                problems.push(problem.help("write the secret on one line, as TechWolf issued it"));
            }
            if problems.is_empty() { Ok(ClientAuth::Secret(secret)) } else { Err(problems) }
        }
        (Some(key), None) => signer(&table.key(key), table, auth, context).map(ClientAuth::Key),
    }
}

/// Reports the options of assertions (`key_id`, `algorithm`, …), which have no effect without a private key.
fn without_key(table: &KeyPath, auth: &AuthOptions) -> Vec<Problem> {
    let given = [
        ("key_id", is_set(auth.key_id.as_deref())),
        ("algorithm", auth.algorithm.is_some()),
        ("assertion_audience", is_set(auth.assertion_audience.as_deref())),
        ("assertion_lifetime", auth.assertion_lifetime.is_some()),
    ];
    let unused = given.into_iter().filter(|(_, given)| *given).map(|(key, _)| {
        let message = format!("`{key}` has no effect without a private key");
        Problem::at(table.key(key), "unused-option", message)
            .part(Part::Key)
            .label("this option")
            .related(table.key("client_secret"), Part::Key, "the client has a secret, not a key")
            .help(format!("remove `{key}`, or write `private_key_file` instead of `client_secret`"))
    });
    unused.collect()
}

fn signer(
    path: &KeyPath,
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<Signer, Vec<Problem>> {
    let mut problems = Vec::new();
    let lifetime = auth.assertion_lifetime.unwrap_or(ASSERTION_LIFETIME);
    if lifetime.get().as_secs() == 0 || lifetime > MAX_ASSERTION_LIFETIME {
        let message = format!("{lifetime} is out of range, expected 1 second to 5 minutes");
        let path = table.key("assertion_lifetime");
        problems
            .push(Problem::at(path, "invalid-value", message).help("write for example \"60s\""));
    }
    let pem = key_text(path, auth, context).map_err(|problem| problems.push(problem)).ok();
    let key = pem.and_then(|pem| {
        let read = SigningKey::parse(&pem, auth.algorithm).map_err(|error| {
            let (path, code) = if error.is_algorithm {
                (table.key("algorithm"), "unsupported-algorithm")
            } else {
                (path.clone(), "invalid-private-key")
            };
            problems.push(Problem::at(path, code, error.message).help(error.help));
        });
        read.ok()
    });
    let key_id = auth.key_id.clone().filter(|id| is_set(Some(id)));
    let audience = [&auth.assertion_audience, &auth.token_url];
    let audience = audience.into_iter().flatten().find(|text| is_set(Some(text)));
    let audience = audience.map(|text| text.trim().to_owned()).unwrap_or_default();
    match key {
        Some(key) if problems.is_empty() => Ok(Signer { key, key_id, audience, lifetime }),
        _ => Err(problems),
    }
}

/// Reads the private key in PEM form from the option or the file.
fn key_text(
    path: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<Vec<u8>, Problem> {
    let file = auth.private_key_file.as_deref().filter(|file| !file.as_os_str().is_empty());
    let Some(file) = file else {
        let text = auth.private_key.as_ref().map(Secret::expose).unwrap_or_default();
        return Ok(text.as_bytes().to_vec());
    };
    if file.to_string_lossy().contains("-----BEGIN") {
        let message = "`private_key_file` contains the key instead of a path";
        return Err(Problem::at(path.clone(), "key-in-path", message)
            .help("rename it to `private_key`, or write the path of a file with the key"));
    }
    let read =
        context.files().read_untracked(file).map(|pem| without_byte_order_mark(&pem).to_vec());
    read.map_err(|error| {
        let message = format!("can't read the private key in `{}`: {error}", file.display());
        let resolved = context.files().resolve(file);
        Problem::at(path.clone(), "unreadable-file", message)
            .help(format!("the resolved path is {}", resolved.display()))
    })
}

fn is_set(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}
