//! The token cache in the state folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use taskferry_files::FolderEntry;
use taskferry_sdk::{PartsHash, Secret};

use crate::credentials::ClientCredentials;
use crate::token::AccessToken;

/// The file in the state folder.
const FILE: &str = "token.json";

/// A token in a file that only its owner can read. Nothing here is an error, because a new token can always be requested.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    file: PathBuf,
    /// Identifies the credentials of the token.
    key: String,
}

/// The content of the file. `Secret` can't be serialized, so a written token is a `&str`.
#[derive(Serialize, Deserialize)]
struct Stored<Token> {
    key: String,
    token: Token,
    issued_at: Timestamp,
    use_until: Timestamp,
}

impl TokenCache {
    pub(crate) fn new(folder: &Path, credentials: &ClientCredentials) -> Self {
        Self { file: folder.join(FILE), key: key(credentials) }
    }

    /// Reads a token that was issued for the same credentials and is still usable.
    pub(crate) async fn read(&self) -> Option<AccessToken> {
        self.in_background(|cache| {
            let stored: Stored<Secret> =
                serde_json::from_slice(&cache.entry().ok()?.read().ok()?).ok()?;
            let now = Timestamp::now();
            // A token from the future is treated as expired: the clock was set back, and its age is unknown.
            let is_usable =
                stored.key == cache.key && stored.issued_at <= now && now < stored.use_until;
            let usable_for =
                now.duration_until(stored.use_until).try_into().ok().filter(|_| is_usable)?;
            tracing::debug!("using the token in `{}`", cache.file.display());
            Some(AccessToken { token: stored.token, at: Instant::now(), usable_for, scope: None })
        })
        .await
        .flatten()
    }

    /// Writes a token that was just issued.
    pub(crate) async fn store(&self, access_token: &AccessToken) {
        let access_token = access_token.clone();
        self.in_background(move |cache| {
            if let Err(error) = cache.write(&access_token) {
                let file = cache.file.display();
                tracing::warn!("can't write the token to `{file}`: {error}");
            }
        })
        .await;
    }

    /// Removes the token.
    pub(crate) async fn clear(&self) {
        self.in_background(|cache| {
            if let Err(error) = cache.entry().and_then(|entry| entry.remove()) {
                let file = cache.file.display();
                tracing::warn!("can't remove the refused token in `{file}`: {error}");
            }
        })
        .await;
    }

    fn write(&self, access_token: &AccessToken) -> io::Result<()> {
        let issued_at = Timestamp::now();
        let usable_for =
            SignedDuration::try_from(access_token.usable_for).unwrap_or(SignedDuration::MAX);
        let content = Stored {
            key: self.key.clone(),
            token: access_token.token.expose(),
            issued_at,
            use_until: issued_at.saturating_add(usable_for).unwrap_or(Timestamp::MAX),
        };
        self.entry()?.replace(&serde_json::to_vec(&content)?, 0o600)
    }

    fn entry(&self) -> io::Result<FolderEntry> {
        FolderEntry::of(&self.file)
    }

    /// Runs file operations on a blocking thread.
    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> T + Send + 'static,
    ) -> Option<T> {
        let (cache, span) = (self.clone(), tracing::Span::current());
        tokio::task::spawn_blocking(move || span.in_scope(|| work(cache))).await.ok()
    }
}

/// A digest of the credentials without secrets.
fn key(credentials: &ClientCredentials) -> String {
    let ClientCredentials { token_url, client_id, audience, tenant, scopes, .. } = credentials;
    let parts = [token_url.as_str(), client_id, audience, tenant];
    PartsHash::of(parts.into_iter().chain(scopes.iter().map(String::as_str))).digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::ClientAuth;

    #[test]
    fn the_key_of_credentials_never_changes() {
        let credentials = ClientCredentials {
            token_url: "https://acme.example/oauth/token".parse().unwrap(),
            client_id: "client-1".to_owned(),
            auth: ClientAuth::Secret(Secret::new("not part of the key")),
            audience: "eu3.techwolf.ai".to_owned(),
            tenant: "acme".to_owned(),
            scopes: ["a:read", "b:read"].map(str::to_owned).to_vec(),
            cache: true,
        };
        let expected = "eabaec17414eaaa6dbae5828dede70d5336a034339cd9b51ffc1fd8cc74202c1";
        assert_eq!(key(&credentials), expected);
    }
}
