//! The encoded forms of a secret.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine};
use serde_json::Value;

/// Encoded forms of shorter texts would match ordinary words.
const MIN_LENGTH: usize = 6;
/// The words before credentials in the header `Authorization`. Alone, they are no secret.
const SCHEMES: [&str; 6] = ["basic", "bearer", "digest", "token", "apikey", "negotiate"];

const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const LENIENT: GeneralPurposeConfig = engine::GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// All forms of a secret that may appear in a response or a message, the longest first: the secret, the secrets inside it (the
/// password in `Basic …`, the token in `Bearer …`), and each of these encoded as JSON, HTML, URL and base64. The word `Bearer`
/// alone, for example with an empty token, is no secret.
///
/// ```
/// let forms = taskferry_sdk::secret_forms("Basic dXNlcjpodW50ZXIyMg==");
/// for form in ["dXNlcjpodW50ZXIyMg", "user:hunter22", "hunter22", "user%3Ahunter22"] {
///     assert!(forms.iter().any(|known| known == form), "{form}");
/// }
/// assert!(taskferry_sdk::secret_forms("Bearer ").is_empty());
/// ```
pub fn secret_forms(secret: &str) -> Vec<String> {
    if SCHEMES.iter().any(|scheme| secret.trim().eq_ignore_ascii_case(scheme)) {
        return Vec::new();
    }
    let mut forms = Vec::new();
    for text in contents(secret) {
        forms.push(text.clone());
        forms.extend(json(&text));
        if text.len() >= MIN_LENGTH {
            forms.push(html(&text));
            forms.extend(percent(&text));
            forms.extend(base64(&text));
        }
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    forms.dedup();
    forms
}

/// The secret, and the secrets inside it.
fn contents(secret: &str) -> Vec<String> {
    let mut contents = vec![secret.to_owned()];
    let (scheme, credentials) = secret.trim().split_once(' ').unwrap_or(("", secret.trim()));
    if !scheme.is_empty() && credentials.len() >= MIN_LENGTH {
        contents.push(credentials.to_owned());
    }
    let bytes = STANDARD.decode(credentials).or_else(|_| URL_SAFE.decode(credentials));
    let decoded = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let is_text = |text: &String| text.len() >= MIN_LENGTH && !text.contains(char::is_control);
    if let Some(decoded) = decoded.filter(is_text) {
        let password = decoded.split_once(':').map(|(_, password)| password.to_owned());
        contents.extend(password.filter(|password| password.len() >= MIN_LENGTH));
        contents.push(decoded);
    }
    contents
}

/// The JSON encodings: with and without escaped non-ASCII characters and slashes.
fn json(text: &str) -> [String; 3] {
    let quoted = Value::from(text).to_string();
    let json = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let mut ascii = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            ascii.extend(
                character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")),
            );
        }
    }
    [ascii.replace('/', "\\/"), ascii, json.to_owned()]
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// The percent-encodings of URLs and forms.
fn percent(text: &str) -> [String; 4] {
    let encoded = |digits: fn(u8) -> String, space: Option<&str>| {
        let bytes = text.bytes().map(|byte| match (byte, space) {
            (b' ', Some(space)) => space.to_owned(),
            (b'-' | b'_' | b'.' | b'~', _) => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => digits(byte),
        });
        bytes.collect::<String>()
    };
    let (upper, lower) = (|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}"));
    [
        encoded(upper, None),
        encoded(lower, None),
        encoded(upper, Some("+")),
        encoded(lower, Some("+")),
    ]
}

/// The base64 encodings, alone and inside a longer text, without the characters that depend on the surrounding text.
fn base64(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for engine in [&STANDARD, &URL_SAFE] {
        let whole = engine.encode(text);
        forms.push(format!("{whole}{}", "=".repeat((4 - whole.len() % 4) % 4)));
        forms.push(whole);
        for (before, dependent) in [(0, 0), (1, 2), (2, 3)] {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(text.as_bytes());
            let encoded = engine.encode(&bytes);
            let own = encoded.get(dependent..bytes.len() * 8 / 6).unwrap_or_default();
            forms.push(own.to_owned());
        }
    }
    forms.retain(|form| form.len() >= MIN_LENGTH);
    forms
}
