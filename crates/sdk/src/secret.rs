//! Secrets, and URLs without them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A text that never appears in `Debug` output. It has no `Display` and can't be serialized.
///
/// ```
/// let secret = taskferry_sdk::Secret::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "[secret]");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the code that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "writeOnly": true})
    }
}

/// Whether the name of a key or variable suggests a secret.
///
/// ```
/// assert!(taskferry_sdk::is_secret_name("TECHWOLF_CLIENT_SECRET"));
/// assert!(!taskferry_sdk::is_secret_name("token_url"));
/// ```
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    has_secret_word(&name) || name.ends_with("_key") || name == "key"
}

/// Whether the name of an option contains a word for secrets. Unlike [`is_secret_name`], this function does not match every name that
/// ends with `key`, because many such options contain a field name.
///
/// ```
/// assert!(taskferry_sdk::has_secret_word("api_key"));
/// assert!(!taskferry_sdk::has_secret_word("file_key"));
/// ```
pub fn has_secret_word(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let plain = ["url", "uri", "endpoint", "ttl", "lifetime", "file", "path"];
    if plain.iter().any(|ending| name.ends_with(ending)) && !name.contains("secret") {
        return false;
    }
    let words = "secret token password passwd passphrase authorization credential private_key \
                 access_key signing_key api_key apikey bearer signature";
    words.split(' ').any(|word| name.contains(word))
}

/// Displays a URL without user, password, query values and fragment. The path stays, so that the reader knows which address
/// failed.
///
/// ```
/// use taskferry_sdk::DisplayUrl;
///
/// let shown = DisplayUrl("https://user:pw@example.com/hook?sig=abc&v=1").to_string();
/// assert_eq!(shown, "https://example.com/hook?sig=…&v=…");
/// ```
#[derive(Clone, Copy)]
pub struct DisplayUrl<'a>(pub &'a str);

impl fmt::Display for DisplayUrl<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without_fragment = self.0.split('#').next().unwrap_or_default();
        let (address, query) = match without_fragment.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (without_fragment, None),
        };
        match address.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = host.rsplit('@').next().unwrap_or_default();
                write!(formatter, "{scheme}://{host}{path}")?;
            }
            None => formatter.write_str(address)?,
        }
        for (position, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
            let name = pair.split('=').next().unwrap_or_default();
            write!(formatter, "{}{name}=…", if position == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for DisplayUrl<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}
