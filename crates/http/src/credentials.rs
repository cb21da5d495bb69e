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
