//! Where a token is kept from run to run.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_files::Place;
use taskferry_sdk::{Secret, hex};

use crate::credentials::ClientCredentials;
use crate::token::Issued;

/// The file's name within the state folder.
const FILE: &str = "token.json";

/// A token in a file that only its owner reads. Whatever is wrong with the file, a new token can be had: nothing here
/// is an error.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    file: PathBuf,
    /// What the token is for.
    key: String,
}

#[derive(Serialize)]
struct ToStore<'a> {
    key: &'a str,
    token: &'a str,
    issued_at: Timestamp,
    use_until: Timestamp,
}

#[derive(Deserialize)]
struct Stored {
    key: String,
    token: Secret,
    issued_at: Timestamp,
    use_until: Timestamp,
}

impl TokenCache {
    /// In this folder, for these credentials.
    pub(crate) fn new(folder: &Path, credentials: &ClientCredentials) -> Self {
        Self { file: folder.join(FILE), key: key(credentials) }
    }

    /// The token, if there is one that was issued for the same and is still good.
    pub(crate) async fn read(&self) -> Option<Issued> {
        self.in_background(|cache| {
            let stored: Stored = serde_json::from_slice(&cache.place().ok()?.read().ok()?).ok()?;
            let now = Timestamp::now();
            // A token from the future was kept by a clock that has been set back; nobody knows how old it is.
            let good = stored.key == cache.key && stored.issued_at <= now && now < stored.use_until;
            let usable_for =
                now.duration_until(stored.use_until).try_into().ok().filter(|_| good)?;
            tracing::debug!("using the token kept in `{}`", cache.file.display());
            Some(Issued { token: stored.token, at: Instant::now(), usable_for })
        })
        .await
        .flatten()
    }

    /// Keeps a token that was just issued.
    pub(crate) async fn keep(&self, issued: &Issued) {
        let issued = issued.clone();
        self.in_background(move |cache| {
            if let Err(error) = cache.write(&issued) {
                let file = cache.file.display();
                tracing::warn!("the token can't be kept in `{file}`: {error}");
            }
        })
        .await;
    }

    /// Forgets the token.
    pub(crate) async fn forget(&self) {
        self.in_background(|cache| {
            if let Err(error) = cache.place().and_then(|place| place.remove()) {
                let file = cache.file.display();
                tracing::warn!("the token in `{file}` was refused and can't be removed: {error}");
            }
        })
        .await;
    }

    fn write(&self, issued: &Issued) -> io::Result<()> {
        let issued_at = Timestamp::now();
        let usable_for = SignedDuration::try_from(issued.usable_for).unwrap_or(SignedDuration::MAX);
        let content = ToStore {
            key: &self.key,
            token: issued.token.expose(),
            issued_at,
            use_until: issued_at.saturating_add(usable_for).unwrap_or(Timestamp::MAX),
        };
        self.place()?.replace(&serde_json::to_vec(&content)?, 0o600)
    }

    fn place(&self) -> io::Result<Place> {
        Place::of(&self.file)
    }

    /// Files may be slow to reach, and other requests must not wait for them.
    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> T + Send + 'static,
    ) -> Option<T> {
        let cache = self.clone();
        tokio::task::spawn_blocking(move || work(cache)).await.ok()
    }
}

/// A fingerprint of all that a token depends on, without anything secret.
fn key(credentials: &ClientCredentials) -> String {
    let ClientCredentials { token_url, client_id, audience, tenant, scopes, .. } = credentials;
    let mut parts = vec![token_url.as_str(), client_id, audience, tenant];
    parts.extend(scopes.iter().map(String::as_str));
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps two parts from being taken for two others.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(hash.finalize())
}
