//! What a server is shown so that it answers: the options of `[source.auth]`.

use std::path::PathBuf;

use taskferry_sdk::{
    BuildContext, Duration, ErrorKind, KeyPath, Part, Problem, RunningEndpoint, Secret, StageError,
};
use url::Url;

use crate::assertion::{Signer, SigningKey};
use crate::config::AuthOptions;
use crate::fields::unmarked;
use crate::problems::{empty, http_url, keep, missing};

/// How long an assertion is good, unless the options say it.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
/// Auth0, who issue the tokens, take none that is good for longer (inferred).
const LONGEST_ASSERTION_LIFETIME: Duration = Duration::from_secs(300);

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
    pub(crate) proof: Proof,
    pub(crate) audience: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<String>,
    /// Whether a token is kept from run to run.
    pub(crate) cache: bool,
}

/// How a client proves who it is.
#[derive(Debug)]
pub(crate) enum Proof {
    Secret(Secret),
    Key(Signer),
}

impl ClientCredentials {
    /// The credentials that an endpoint inside this process accepts.
    ///
    /// # Errors
    /// If the endpoint names none.
    pub(crate) fn of_endpoint(endpoint: &RunningEndpoint) -> Result<Self, StageError> {
        let text = |name| endpoint.setting(name).map(|text| text.expose().to_owned());
        let token_url = Url::parse(&text("token_url")?).map_err(|error| {
            StageError::new(ErrorKind::Defect, "the endpoint names no address").caused_by(error)
        })?;
        Ok(Self {
            token_url,
            client_id: text("client_id")?,
            proof: Proof::Secret(endpoint.setting("client_secret")?.clone()),
            audience: text("audience")?,
            tenant: text("tenant")?,
            scopes: Vec::new(),
            cache: false,
        })
    }

    /// What is sent and must not be shown.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.proof {
            Proof::Secret(secret) => Some(secret),
            Proof::Key(_) => None,
        }
    }
}

/// `auth`.
pub(crate) fn credentials(
    auth: Option<&AuthOptions>,
    context: &BuildContext<'_>,
) -> Result<Credentials, Vec<Problem>> {
    let Some(auth) = auth else {
        let help = "add [source.auth] with token_url, client_id, client_secret, audience and tenant, \
                    or with a token; or write `url = \"sandbox:\"` to try things out";
        return Err(vec![missing(&KeyPath::root(), "auth").help(help)]);
    };
    let table = KeyPath::of("auth");
    let has_proof = proofs(auth).iter().any(|(_, holds)| *holds == Some(true));
    let is_client = is_filled(auth.client_id.as_deref()) || has_proof;
    match auth.token.as_ref().filter(|token| !token.is_empty()) {
        Some(_) if is_client => {
            let message = "a token and client credentials stand side by side";
            let problem = Problem::at(table.key("token"), "auth::both", message);
            Err(vec![problem.help("keep the token, or the client and its secret or key, not both")])
        }
        Some(_) if auth.cache => {
            let message = "`cache` means nothing to a token from elsewhere";
            let problem = Problem::at(table.key("cache"), "auth::cache", message);
            Err(vec![problem.help("take it out; only tokens that can be renewed are kept")])
        }
        Some(token) => static_token(&table, token),
        None if auth.token.is_some() && auth.client_id.is_none() => {
            Err(vec![empty(&table.key("token"))])
        }
        None => Ok(Credentials::Client(Box::new(client(&table, auth, context)?))),
    }
}

fn static_token(table: &KeyPath, token: &Secret) -> Result<Credentials, Vec<Problem>> {
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Credentials::Token(token.clone()));
    }
    let message = "the token holds characters that can't be sent, a line break or a space perhaps";
    Err(vec![Problem::at(table.key("token"), "auth::token", message)])
}

/// The options by which a client can prove who it is: their names, and whether they hold something, where they are there.
fn proofs(auth: &AuthOptions) -> [(&'static str, Option<bool>); 3] {
    let holds = |secret: &Secret| !secret.expose().trim().is_empty();
    let names = |file: &PathBuf| !file.as_os_str().is_empty();
    [
        ("client_secret", auth.client_secret.as_ref().map(holds)),
        ("private_key", auth.private_key.as_ref().map(holds)),
        ("private_key_file", auth.private_key_file.as_ref().map(names)),
    ]
}

fn client(
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<ClientCredentials, Vec<Problem>> {
    let mut problems = Vec::new();
    let proof = proof(table, auth, context);
    let token_url = keep(text(table, "token_url", auth.token_url.as_deref()), &mut problems);
    let client_id = keep(text(table, "client_id", auth.client_id.as_deref()), &mut problems);
    let proof = keep(proof, &mut problems);
    let audience = keep(text(table, "audience", auth.audience.as_deref()), &mut problems);
    let tenant = keep(text(table, "tenant", auth.tenant.as_deref()), &mut problems);
    let example = "https://techwolf.eu.auth0.com/oauth/token";
    let token_url = token_url
        .and_then(|url| keep(http_url(&table.key("token_url"), &url, example), &mut problems));
    match (token_url, client_id, proof, audience, tenant) {
        (Some(token_url), Some(client_id), Some(proof), Some(audience), Some(tenant)) => {
            let (scopes, cache) = (auth.scopes.clone(), auth.cache);
            Ok(ClientCredentials { token_url, client_id, proof, audience, tenant, scopes, cache })
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

/// Exactly one of a secret and a private key, the latter as a text or a file.
fn proof(
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<Proof, Vec<Problem>> {
    let there = || proofs(auth).into_iter().filter_map(|(key, holds)| Some((key, holds?)));
    let mut filled = there().filter(|(_, holds)| *holds).map(|(key, _)| key);
    match (filled.next(), filled.next()) {
        (None, _) => Err(vec![match there().next() {
            Some((key, _)) => empty(&table.key(key)),
            None => missing(table, "client_secret")
                .help("add `client_secret = …`, or `private_key_file = …` for a client that signs"),
        }]),
        (Some(first), Some(second)) => {
            let message = format!("`{first}` and `{second}` stand side by side");
            let problem = Problem::at(table.key(second), "auth::both", message);
            Err(vec![problem.help("keep the one that the client is registered with")])
        }
        (Some("client_secret"), None) => {
            let mut problems = without_key(table, auth);
            let secret = auth.client_secret.clone().unwrap_or_default();
            if secret.expose().contains(|character: char| character.is_control()) {
                let message = "the secret holds a line break or another control character";
                let problem = Problem::at(table.key("client_secret"), "auth::secret", message);
                problems.push(problem.help("write it in one line, as TechWolf handed it out"));
            }
            if problems.is_empty() { Ok(Proof::Secret(secret)) } else { Err(problems) }
        }
        (Some(key), None) => signer(&table.key(key), table, auth, context).map(Proof::Key),
    }
}

/// Options that say how to sign, where nothing is signed.
fn without_key(table: &KeyPath, auth: &AuthOptions) -> Vec<Problem> {
    let given = [
        ("key_id", is_filled(auth.key_id.as_deref())),
        ("algorithm", auth.algorithm.is_some()),
        ("assertion_audience", is_filled(auth.assertion_audience.as_deref())),
        ("assertion_lifetime", auth.assertion_lifetime.is_some()),
    ];
    let needless = given.into_iter().filter(|(_, given)| *given).map(|(key, _)| {
        let message = format!("`{key}` means nothing without a private key");
        Problem::at(table.key(key), "auth::assertion", message)
            .part(Part::Key)
            .help("take it out, or write `private_key_file` instead of `client_secret`")
    });
    needless.collect()
}

fn signer(
    path: &KeyPath,
    table: &KeyPath,
    auth: &AuthOptions,
    context: &BuildContext<'_>,
) -> Result<Signer, Vec<Problem>> {
    let mut problems = Vec::new();
    let lifetime = auth.assertion_lifetime.unwrap_or(ASSERTION_LIFETIME);
    if lifetime.get().as_secs() == 0 || lifetime > LONGEST_ASSERTION_LIFETIME {
        let message = format!("{lifetime} is out of range, expected 1 second to 5 minutes");
        let path = table.key("assertion_lifetime");
        problems
            .push(Problem::at(path, "value::invalid", message).help("write for example \"60s\""));
    }
    let pem = key_text(path, auth, context).map_err(|problem| problems.push(problem)).ok();
    let key = pem.and_then(|pem| {
        let read = SigningKey::read(&pem, auth.algorithm).map_err(|mistake| {
            let (path, code) = if mistake.is_algorithm {
                (table.key("algorithm"), "auth::algorithm")
            } else {
                (path.clone(), "auth::key")
            };
            problems.push(Problem::at(path, code, mistake.message).help(mistake.help));
        });
        read.ok()
    });
    let key_id = auth.key_id.clone().filter(|id| is_filled(Some(id)));
    let audience = [&auth.assertion_audience, &auth.token_url];
    let audience = audience.into_iter().flatten().find(|text| is_filled(Some(text)));
    let audience = audience.map(|text| text.trim().to_owned()).unwrap_or_default();
    match key {
        Some(key) if problems.is_empty() => Ok(Signer { key, key_id, audience, lifetime }),
        _ => Err(problems),
    }
}

/// The private key in PEM form, from wherever it is.
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
        let message = "`private_key_file` holds the key itself, and not the name of a file";
        return Err(Problem::at(path.clone(), "value::key", message)
            .help("name it `private_key`, or write the path of a file with the key here"));
    }
    let read = context.files().read_untracked(file).map(|pem| unmarked(&pem).to_vec());
    read.map_err(|error| {
        let message = format!("can't read the private key in `{}`: {error}", file.display());
        let resolved = context.files().resolve(file);
        Problem::at(path.clone(), "file::unreadable", message)
            .help(format!("it was looked for at {}", resolved.display()))
    })
}

fn is_filled(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}
