//! Credentials that stand in addresses.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use taskferry_sdk::Secret;
use url::{Url, form_urlencoded};

/// Password and user of an address as they stand there, as they are meant, and as they are sent.
pub(crate) fn credentials_of(url: &Url) -> Vec<Secret> {
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let meant = [user, password].map(decoded);
    let sent = BASE64_STANDARD.encode(meant.join(":"));
    let [meant_user, meant_password] = meant;
    let texts = [sent, password.to_owned(), meant_password, user.to_owned(), meant_user];
    let none = user.is_empty() && password.is_empty();
    // What is shorter would be found in every second word.
    let is_secret = |text: &String| !none && text.len() >= 3;
    texts.into_iter().filter(is_secret).map(Secret::new).collect()
}

/// `%2F` as `/`.
pub(crate) fn decoded(text: &str) -> String {
    // A plus means a blank in forms, and itself in addresses.
    let text = text.replace('+', "%2B").replace(['&', '='], "");
    form_urlencoded::parse(text.as_bytes()).map(|(text, _)| text.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(address: &str) -> Vec<String> {
        let secrets = credentials_of(&address.parse().unwrap());
        secrets.iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn a_password_is_masked_in_every_encoding() {
        let known = texts("http://user:pass%2Fw+rd@proxy.example:3128");
        assert_eq!(known, ["dXNlcjpwYXNzL3crcmQ=", "pass%2Fw+rd", "pass/w+rd", "user", "user"]);
    }

    #[test]
    fn an_address_without_credentials_has_none() {
        assert!(texts("https://receiver.example/hooks").is_empty());
    }
}
