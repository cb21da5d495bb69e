//! Signatures of Standard Webhooks 1.0.0 (<https://www.standardwebhooks.com>).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{KeyPath, Part, Problem, Secret};

/// Accepts secrets with and without padding, since both are in use.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The length of a shared secret in bytes.
const SHARED_LENGTH: std::ops::RangeInclusive<usize> = 24..=64;
/// The length of an Ed25519 seed, and of a public key, in bytes.
const HALF_KEY: usize = 32;

/// How requests are signed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureOptions {
    /// The signing keys: `whsec_…`, a secret shared with the receiver (HMAC-SHA256), or `whsk_…`, a private key
    /// (Ed25519). Each key adds a signature. To rotate a key, add the new key, and remove the old key when the receiver
    /// has the new key.
    #[schemars(extend("minItems" = 1))]
    pub secrets: Vec<Secret>,
}

/// Signs requests with every key.
#[derive(Debug)]
pub(crate) struct Signer(Vec<SigningKey>);

enum SigningKey {
    Shared(Box<hmac::Key>),
    Private(Box<Ed25519KeyPair>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Shared(_) => "[HMAC-SHA256 secret]",
            Self::Private(_) => "[Ed25519 private key]",
        })
    }
}

impl Signer {
    pub(crate) fn new(options: &SignatureOptions) -> Result<Self, Vec<Problem>> {
        let path = KeyPath::of("signature").key("secrets");
        if options.secrets.is_empty() {
            let problem = Problem::at(path, "empty-value", "`secrets` is empty");
            return Err(vec![problem.help("add a secret, or remove `signature`")]);
        }
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for (index, secret) in options.secrets.iter().enumerate() {
            let mut earlier = options.secrets.iter().take(index);
            if let Some(first) = earlier.position(|other| other.expose() == secret.expose()) {
                problems.push(
                    problem("duplicate-value", "duplicate secret", "remove one of them")
                        .under(&path.index(index))
                        .label("listed again")
                        .related(path.index(first), Part::Value, "listed first"),
                );
                continue;
            }
            match SigningKey::read(secret.expose().trim()) {
                Ok(key) => keys.push(key),
                Err(problem) => problems.push(problem.under(&path.index(index))),
            }
        }
        if problems.is_empty() { Ok(Self(keys)) } else { Err(problems) }
    }

    /// The headers of one attempt. `body` is the uncompressed body.
    pub(crate) fn headers(
        &self,
        id: &str,
        attempted_at: SystemTime,
        body: &[u8],
    ) -> [(&'static str, String); 3] {
        let seconds = attempted_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let timestamp = seconds.to_string();
        let content = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        let signatures: Vec<String> = self.0.iter().map(|key| key.sign(&content)).collect();
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

/// An error in a secret, without the secret.
fn problem(code: &'static str, message: impl Into<String>, help: &str) -> Problem {
    Problem::at(KeyPath::root(), code, message.into()).help(help)
}

impl SigningKey {
    fn read(secret: &str) -> Result<Self, Problem> {
        let known = ["whsec_", "whsk_"]
            .into_iter()
            .find_map(|prefix| secret.strip_prefix(prefix).map(|text| (prefix, text)));
        let Some((prefix, text)) = known else {
            return Err(match secret {
                "" => problem(
                    "empty-value",
                    "the secret is empty",
                    "set the variable that contains it",
                ),
                public if public.starts_with("whpk_") => problem(
                    "invalid-secret",
                    "this is a public key, which only the receiver needs",
                    "use the private key, `whsk_…`",
                ),
                _ => problem(
                    "invalid-secret",
                    "the secret begins neither with `whsec_` nor with `whsk_`",
                    "copy the whole secret; write `whsec_` before a plain base64 secret",
                ),
            });
        };
        let Ok(bytes) = BASE64.decode(text) else {
            let message = format!("the text after `{prefix}` is not base64");
            return Err(problem("invalid-secret", message, "copy the whole secret again"));
        };
        if prefix == "whsec_" { Self::shared(&bytes) } else { Self::private(&bytes) }
    }

    fn shared(bytes: &[u8]) -> Result<Self, Problem> {
        if SHARED_LENGTH.contains(&bytes.len()) {
            return Ok(Self::Shared(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))));
        }
        let message = format!("the secret has {} bytes", bytes.len());
        let help = "a `whsec_` secret has 24 to 64 random bytes";
        Err(problem("invalid-secret", message, help))
    }

    /// A private key is a seed, or a seed followed by the public key.
    fn private(bytes: &[u8]) -> Result<Self, Problem> {
        let key = match bytes.split_at_checked(HALF_KEY) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) if public.len() == HALF_KEY => {
                Ed25519KeyPair::from_seed_and_public_key(seed, public)
            }
            _ => {
                let message = format!("the key has {} bytes", bytes.len());
                let help = "a `whsk_` key has 32 bytes, or 64 with its public key";
                return Err(problem("invalid-secret", message, help));
            }
        };
        key.map(|key| Self::Private(Box::new(key))).map_err(|_| {
            let message = "the public key does not match the private key";
            problem("invalid-secret", message, "copy the whole key again")
        })
    }

    fn sign(&self, content: &[u8]) -> String {
        match self {
            Self::Shared(key) => format!("v1,{}", BASE64.encode(hmac::sign(key, content))),
            Self::Private(key) => format!("v1a,{}", BASE64.encode(key.sign(content))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let secrets = vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
        let signer = Signer::new(&SignatureOptions { secrets }).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let [_, _, signature] =
            signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature.1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(format!("{signer:?}").contains("[HMAC-SHA256 secret]"), "{signer:?}");
    }
}
