//! Who may ask for tokens: clients, each of one tenant, some of whom see only a part of it.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::access::RegisteredKeys;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name at the token endpoint.
    pub client_id: String,
    /// Its secret; a client without one has to sign what it sends.
    pub client_secret: Option<String>,
    /// Whose data it sees. None: that of the sandbox's first tenant.
    pub tenant: Option<String>,
    /// The only job families it sees, as by a filter that its credentials carry. None: all, and jobs without a
    /// family as well.
    pub families: Option<BTreeSet<String>>,
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
    let shown: String = name.chars().take(40).collect();
    Err(ClientProblem(format!(
        "`{shown}` can't be a tenant's name: use 1 to 63 letters, digits, `_` and `-`"
    )))
}

/// The secret of the client that every tenant has. It is the same everywhere, and no secret.
pub(crate) fn default_secret(tenant: &str) -> String {
    format!("{tenant}-secret")
}

/// All clients of a sandbox. Whoever is not named here gets no token.
#[derive(Debug, Clone)]
pub(crate) struct Clients(Vec<Client>);

impl Clients {
    /// The clients of `tenants`: those that were named, those that only have a key, and one for each tenant that sees
    /// all of it.
    ///
    /// # Errors
    /// Two clients have the same id, or one is of a tenant that does not exist.
    pub(crate) fn new(
        named: Vec<Client>,
        keys: &RegisteredKeys,
        tenants: &[String],
    ) -> Result<Self, ClientProblem> {
        let first = tenants.first().map_or(DEFAULT_TENANT, String::as_str);
        let mut clients: Vec<Client> = Vec::new();
        for mut client in named {
            let tenant = client.tenant.get_or_insert_with(|| first.to_owned());
            if !tenants.contains(tenant) {
                return Err(ClientProblem(format!(
                    "the client `{}` is for the tenant `{tenant}`, which is none of {}",
                    client.client_id,
                    tenants.join(", ")
                )));
            }
            if clients.iter().any(|known| known.client_id == client.client_id) {
                let message = format!("there are two clients `{}`", client.client_id);
                return Err(ClientProblem(message));
            }
            clients.push(client);
        }
        for client_id in keys.keys() {
            if clients.iter().all(|known| known.client_id != *client_id) {
                clients.push(Client {
                    client_id: client_id.clone(),
                    client_secret: None,
                    tenant: Some(first.to_owned()),
                    families: None,
                });
            }
        }
        for tenant in tenants {
            let default = Client {
                client_id: format!("{tenant}-client"),
                client_secret: Some(default_secret(tenant)),
                tenant: Some(tenant.clone()),
                families: None,
            };
            if clients.iter().all(|known| known.client_id != default.client_id) {
                clients.push(default);
            }
        }
        Ok(Self(clients))
    }

    /// The client with this id. Its tenant is always known.
    pub(crate) fn find(&self, client_id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.client_id == client_id)
    }

    /// The client that a banner shows: the first one of the tenant that has a secret.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Option<&Client> {
        let mut of_tenant = self.0.iter().filter(|client| client.tenant.as_deref() == Some(tenant));
        of_tenant.find(|client| client.client_secret.is_some())
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
    fn every_tenant_has_a_client_of_its_own() {
        let none = RegisteredKeys::new();
        let tenants = ["sandbox".to_owned(), "acme".to_owned()];
        let named = vec!["own:secret:tenant=acme".parse().unwrap()];
        let clients = Clients::new(named, &none, &tenants).unwrap();
        assert_eq!(clients.of_tenant("acme").unwrap().client_id, "own");
        assert_eq!(clients.of_tenant("sandbox").unwrap().client_id, "sandbox-client");
        assert_eq!(clients.find("acme-client").unwrap().tenant.as_deref(), Some("acme"));

        let twice = vec!["a:b".parse().unwrap(), "a:c".parse().unwrap()];
        assert!(
            Clients::new(twice, &none, &tenants)
                .unwrap_err()
                .to_string()
                .contains("two clients `a`")
        );
        let stray = vec!["a:b:tenant=other".parse().unwrap()];
        assert!(Clients::new(stray, &none, &tenants).unwrap_err().to_string().contains("`other`"));
    }
}
