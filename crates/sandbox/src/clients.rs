//! Who may ask for tokens: clients, each of one tenant, some of whom see only a part of it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::access::RegisteredKeys;
use crate::credentials::{AUDIENCE, Credentials, Hidden};

/// The tenant that a sandbox has when none is named.
pub(crate) const DEFAULT_TENANT: &str = "sandbox";

/// A client that may ask for tokens.
///
/// On the command line it is `ID:SECRET`, behind which `:tenant=NAME` and `:family=ID,ID` may follow.
///
/// ```
/// use taskferry_sandbox::Client;
///
/// let client: Client = "reports:s3cret:family=legal,finance".parse()?;
/// assert_eq!(client.client_secret.as_deref(), Some("s3cret"));
/// assert_eq!(client.families.unwrap().len(), 2);
/// # Ok::<(), taskferry_sandbox::ClientProblem>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name at the token endpoint.
    pub client_id: String,
    /// Its secret; a client without one has to sign what it sends. That which every tenant has, `TENANT-client`, can't
    /// lose its own.
    pub client_secret: Option<String>,
    /// Whose data it sees. None: that of the sandbox's first tenant.
    pub tenant: Option<String>,
    /// The only job families it sees, as by a filter that its credentials carry. None: all, and jobs without a
    /// family as well.
    pub families: Option<BTreeSet<String>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| Hidden))
            .field("tenant", &self.tenant)
            .field("families", &self.families)
            .finish()
    }
}

/// What is wrong with a client, or with the name of a tenant, on the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClientProblem(String);

impl ClientProblem {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}

impl FromStr for Client {
    type Err = ClientProblem;

    fn from_str(text: &str) -> Result<Self, ClientProblem> {
        let problem = |message: String| Err(ClientProblem(message));
        let mut parts = text.split(':');
        let (id, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if id.is_empty() || secret.is_empty() {
            return problem(format!(
                "`{id}` has no secret: write ID:SECRET, ID:SECRET:tenant=NAME or ID:SECRET:family=ID,ID"
            ));
        }
        let mut client = Self {
            client_id: id.to_owned(),
            client_secret: Some(secret.to_owned()),
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
                        return problem(format!("`{part}` names an empty job family"));
                    }
                    client.families = Some(families);
                }
                Some(("tenant" | "family", _)) => {
                    return problem(format!("`{part}` stands beside another of its kind"));
                }
                _ => {
                    return problem(format!(
                        "`{part}` is neither tenant=NAME nor family=ID,ID (a secret can't hold a colon)"
                    ));
                }
            }
        }
        Ok(client)
    }
}

/// A tenant is part of a host name at TechWolf.
pub(crate) fn check_tenant(name: &str) -> Result<(), ClientProblem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown = taskferry_sdk::shortened(name, 40);
    Err(ClientProblem(format!(
        "`{shown}` can't be a tenant's name: use 1 to 63 letters, digits, `_` and `-`"
    )))
}

/// The secret of the client that every tenant has. It is the same everywhere, and no secret.
pub(crate) fn default_secret(tenant: &str) -> String {
    format!("{tenant}-secret")
}

/// The client that every tenant has.
fn default_id(tenant: &str) -> String {
    format!("{tenant}-client")
}

/// A client whose tenant is there.
#[derive(Clone)]
pub(crate) struct KnownClient {
    pub(crate) client_id: String,
    secret: Option<String>,
    pub(crate) tenant: String,
    /// The only job families it sees.
    pub(crate) families: Option<BTreeSet<String>>,
}

impl KnownClient {
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.secret.as_deref() == Some(secret)
    }
}

/// All clients of a sandbox. Whoever is not named here gets no token.
#[derive(Clone)]
pub(crate) struct Clients(Vec<KnownClient>);

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|client| &client.client_id)).finish()
    }
}

impl Clients {
    /// The clients of `tenants`: one for each that sees all of it, those that were named, and those that only have a key.
    ///
    /// # Errors
    /// Two clients have the same id, or one is of a tenant that does not exist, or has the name of another tenant's own.
    pub(crate) fn new(
        named: Vec<Client>,
        keys: &RegisteredKeys,
        tenants: &[String],
    ) -> Result<Self, ClientProblem> {
        let problem = |message: String| Err(ClientProblem(message));
        let Some(first) = tenants.first() else {
            return problem("there is no tenant".to_owned());
        };
        let own = |tenant: &String| KnownClient {
            client_id: default_id(tenant),
            secret: Some(default_secret(tenant)),
            tenant: tenant.clone(),
            families: None,
        };
        let mut clients: Vec<_> = tenants.iter().map(own).collect();
        let mut seen = BTreeSet::new();
        for Client { client_id, client_secret, tenant, families } in named {
            let tenant = tenant.unwrap_or_else(|| first.clone());
            if !tenants.contains(&tenant) {
                return problem(format!(
                    "the client `{client_id}` is for the tenant `{tenant}`, which is none of {}",
                    tenants.join(", ")
                ));
            }
            if !seen.insert(client_id.clone()) {
                return problem(format!("there are two clients `{client_id}`"));
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
                        "the client `{client_id}` is for the tenant `{tenant}`, but has the name of the client that the \
                         tenant `{}` has anyway: name it otherwise",
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

    /// The client with this id.
    pub(crate) fn find(&self, client_id: &str) -> Option<&KnownClient> {
        self.0.iter().find(|client| client.client_id == client_id)
    }

    /// How to get a token at the sandbox that listens at `url`: as the first tenant's own client, who sees all of it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_from_its_parts() {
        let client: Client = "a:b:tenant=acme:family=legal, finance".parse().unwrap();
        assert_eq!(client.tenant.as_deref(), Some("acme"));
        assert_eq!(client.families, Some(["finance".to_owned(), "legal".to_owned()].into()));
        for (wrong, says) in [
            ("a", "has no secret"),
            ("a:", "has no secret"),
            (":b", "has no secret"),
            ("a:b:c", "`c` is neither"),
            ("a:b:family=", "empty job family"),
            ("a:b:tenant=x:tenant=y", "`tenant=y` stands beside another"),
            ("a:b:tenant=x y", "`x y` can't be a tenant's name"),
        ] {
            let problem = wrong.parse::<Client>().unwrap_err().to_string();
            assert!(problem.contains(says), "{wrong}: {problem}");
        }
    }

    #[test]
    fn every_tenant_has_a_client_of_its_own_that_the_banner_shows() {
        let tenants = ["acme".to_owned(), "beta".to_owned()];
        let clients = |named: &[&str], keys: &[&str]| {
            let named = named.iter().map(|text| text.parse().unwrap()).collect();
            let keys = keys.iter().map(|id| ((*id).to_owned(), Vec::new())).collect();
            Clients::new(named, &keys, &tenants)
        };
        let known = clients(&["own:secret:family=legal"], &["beta-client", "acme-client", "key"]);
        let known = known.unwrap();
        let shown = known.credentials("http://x").unwrap();
        assert_eq!((shown.client_id.as_str(), shown.tenant.as_str()), ("acme-client", "acme"));
        assert_eq!(shown.client_secret, "acme-secret");
        for (id, tenant) in
            [("acme-client", "acme"), ("beta-client", "beta"), ("own", "acme"), ("key", "acme")]
        {
            assert_eq!(known.find(id).unwrap().tenant, tenant);
        }
        assert!(known.find("beta-client").unwrap().has_secret("beta-secret"), "a key joins it");
        assert!(!known.find("key").unwrap().has_secret(""));
        let known = clients(&["acme-client:other"], &[]).unwrap();
        assert!(known.find("acme-client").unwrap().has_secret("other"));

        for (named, says) in [
            (["a:b", "a:c"].as_slice(), "two clients `a`"),
            (&["a:b:tenant=other"], "`other`"),
            (&["beta-client:b"], "the name of the client that the tenant `beta` has"),
        ] {
            let told = clients(named, &[]).unwrap_err().to_string();
            assert!(told.contains(says), "{told}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let client: Client = "a:4711".parse().unwrap();
        let clients =
            Clients::new(vec![client.clone()], &RegisteredKeys::new(), &["acme".to_owned()])
                .unwrap();
        let shown = format!("{client:?} {clients:?} {:?}", clients.credentials("http://x"));
        assert!(!shown.contains("4711") && !shown.contains("acme-secret"), "{shown}");
    }
}
