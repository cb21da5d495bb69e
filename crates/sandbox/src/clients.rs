//! The clients of a sandbox. A client belongs to one tenant, and may see only a part of its data.

use std::collections::BTreeSet;
use std::str::FromStr;

use taskferry_sdk::Secret;

use crate::OptionProblem;
use crate::access::RegisteredKeys;
use crate::credentials::{AUDIENCE, Credentials};

pub(crate) const DEFAULT_TENANT: &str = "sandbox";

/// A client that may request tokens: `ID:SECRET`, followed by `:tenant=NAME` and `:family=ID,ID` if needed.
///
/// ```
/// use taskferry_sandbox::Client;
///
/// let client: Client = "reports:s3cret:family=legal,finance".parse()?;
/// assert_eq!(client.client_secret.unwrap().expose(), "s3cret");
/// assert_eq!(client.families.unwrap().len(), 2);
/// # Ok::<(), taskferry_sandbox::OptionProblem>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    /// The client's id.
    pub client_id: String,
    /// The client's secret. A client without a secret signs assertions. `TENANT-client` always has a secret.
    pub client_secret: Option<Secret>,
    /// The tenant. `None`: the first one.
    pub tenant: Option<String>,
    /// The job families that the client sees. `None`: all jobs, also jobs without a family.
    pub families: Option<BTreeSet<String>>,
}

impl FromStr for Client {
    type Err = OptionProblem;

    fn from_str(text: &str) -> Result<Self, OptionProblem> {
        let problem = |message: String| Err(OptionProblem(message));
        let mut parts = text.split(':');
        let (id, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if id.is_empty() || secret.is_empty() {
            return problem(format!(
                "`{id}` has no secret: write ID:SECRET, ID:SECRET:tenant=NAME or ID:SECRET:family=ID,ID"
            ));
        }
        let mut client = Self {
            client_id: id.to_owned(),
            client_secret: Some(Secret::new(secret)),
            tenant: None,
            families: None,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("tenant", name)) if client.tenant.is_none() => {
                    check_tenant(name)?;
                    client.tenant = Some(name.to_owned());
                }
                Some(("family", families)) if client.families.is_none() => {
                    let families: BTreeSet<_> =
                        families.split(',').map(|family| family.trim().to_owned()).collect();
                    if families.contains("") {
                        return problem(format!("`{part}` contains an empty job family"));
                    }
                    client.families = Some(families);
                }
                Some(("tenant" | "family", _)) => {
                    return problem(format!("`{part}` repeats an option: remove one of the two"));
                }
                _ => {
                    return problem(format!(
                        "`{part}` is neither tenant=NAME nor family=ID,ID; a secret must not contain a colon"
                    ));
                }
            }
        }
        Ok(client)
    }
}

/// A tenant is part of a host name of TechWolf.
pub(crate) fn check_tenant(name: &str) -> Result<(), OptionProblem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown = taskferry_sdk::shortened(name, 40);
    Err(OptionProblem(format!(
        "`{shown}` is not a valid tenant name: use 1 to 63 letters, digits, `_` and `-`"
    )))
}

/// The default secret of `TENANT-client`. It is public.
pub(crate) fn default_secret(tenant: &str) -> String {
    format!("{tenant}-secret")
}

fn default_id(tenant: &str) -> String {
    format!("{tenant}-client")
}

pub(crate) struct KnownClient {
    pub(crate) client_id: String,
    secret: Option<Secret>,
    pub(crate) tenant: String,
    /// The job families that the client sees; `None`: all.
    pub(crate) families: Option<BTreeSet<String>>,
}

impl KnownClient {
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.secret.as_ref().is_some_and(|own| own.expose() == secret)
    }
}

pub(crate) struct Clients(Vec<KnownClient>);

impl Clients {
    /// The clients: the default client of each tenant, which sees all data of the tenant, the `named` clients, and
    /// the clients of `keys`.
    pub(crate) fn new(
        named: Vec<Client>,
        keys: &RegisteredKeys,
        tenants: &[String],
    ) -> Result<Self, OptionProblem> {
        let problem = |message: String| Err(OptionProblem(message));
        let Some(first) = tenants.first() else {
            return problem("at least one tenant is required".to_owned());
        };
        let own = |tenant: &String| KnownClient {
            client_id: default_id(tenant),
            secret: Some(Secret::new(default_secret(tenant))),
            tenant: tenant.clone(),
            families: None,
        };
        let mut clients: Vec<_> = tenants.iter().map(own).collect();
        let mut seen = BTreeSet::new();
        for Client { client_id, client_secret, tenant, families } in named {
            let tenant = tenant.unwrap_or_else(|| first.clone());
            if !tenants.contains(&tenant) {
                return problem(format!(
                    "the client `{client_id}` is for the unknown tenant `{tenant}`: the tenants are {}",
                    tenants.join(", ")
                ));
            }
            if !seen.insert(client_id.clone()) {
                return problem(format!("the client `{client_id}` is given twice; remove one"));
            }
            match clients.iter_mut().find(|known| known.client_id == client_id) {
                None => {
                    let secret = client_secret;
                    clients.push(KnownClient { client_id, secret, tenant, families });
                }
                Some(own) if own.tenant == tenant => {
                    own.secret = client_secret.or(own.secret.take());
                    own.families = families;
                }
                Some(own) => {
                    return problem(format!(
                        "the client `{client_id}` is for the tenant `{tenant}`, but its id is reserved for the tenant \
                         `{}`: use another id",
                        own.tenant
                    ));
                }
            }
        }
        for client_id in keys.keys() {
            if clients.iter().all(|known| known.client_id != *client_id) {
                let (client_id, tenant) = (client_id.clone(), first.clone());
                clients.push(KnownClient { client_id, secret: None, tenant, families: None });
            }
        }
        Ok(Self(clients))
    }

    pub(crate) fn find(&self, client_id: &str) -> Option<&KnownClient> {
        self.0.iter().find(|client| client.client_id == client_id)
    }

    /// The credentials of the first tenant at the sandbox with this URL.
    pub(crate) fn credentials(&self, url: &str) -> Option<Credentials> {
        let KnownClient { client_id, secret, tenant, .. } = self.0.first()?;
        Some(Credentials {
            token_url: format!("{url}/oauth/token"),
            client_id: client_id.clone(),
            client_secret: secret.clone()?,
            audience: AUDIENCE.to_owned(),
            tenant: tenant.clone(),
        })
    }
}
