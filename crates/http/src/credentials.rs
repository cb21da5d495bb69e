//! Credentials in addresses.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use taskferry_sdk::Secret;
use url::Url;

/// The user and the password of an address: percent-encoded, decoded, and as a `Basic` authorization.
pub(crate) fn credentials_in(url: &Url) -> Vec<Secret> {
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    if user.is_empty() && password.is_empty() {
        return Vec::new();
    }
    let [plain_user, plain_password] = [user, password].map(percent_decoded);
    let basic = BASE64_STANDARD.encode(format!("{plain_user}:{plain_password}"));
    let texts = [basic.as_str(), password, &*plain_password, user, &*plain_user];
    // Shorter texts occur in ordinary words.
    texts.into_iter().filter(|text| text.len() >= 3).map(Secret::new).collect()
}

pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(address: &str) -> Vec<String> {
        let secrets = credentials_in(&address.parse().unwrap());
        secrets.iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn a_password_is_listed_in_every_form() {
        let texts = texts("http://user:pass%2Fw+rd&=@proxy.example:3128");
        assert!(texts.starts_with(&["dXNlcjpwYXNzL3crcmQmPQ==".to_owned()]), "{texts:?}");
        assert!(texts.contains(&"pass/w+rd&=".to_owned()), "{texts:?}");
        assert!(texts.contains(&"user".to_owned()), "{texts:?}");
    }

    #[test]
    fn an_address_without_credentials_has_none() {
        assert!(texts("https://receiver.example/hooks").is_empty());
    }
}
