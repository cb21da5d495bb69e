//! Signatures as Standard Webhooks has them (<https://www.standardwebhooks.com>, specification 1.0.0).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{KeyPath, Problem, Secret};

/// Takes secrets with and without `=` at the end: both are handed out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// How long a shared secret is, in bytes.
const SHARED_LENGTH: std::ops::RangeInclusive<usize> = 24..=64;
/// How long one half of an Ed25519 key is, in bytes.
const HALF_KEY: usize = 32;

/// How requests are signed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureOptions {
    /// What to sign with: `whsec_…`, which the receiver knows too (HMAC-SHA256), or `whsk_…`, a private key whose
    /// public half the receiver knows (Ed25519). Each adds a signature, so that a receiver can go over from one
    /// to the next: the new one joins the old, and when the receiver knows it the old one goes.
    pub secrets: Vec<Secret>,
}

/// Signs requests with every secret there is.
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
    /// # Errors
    /// All that is wrong with the secrets, with paths that start at the sink's table.
    pub(crate) fn new(options: &SignatureOptions) -> Result<Self, Vec<Problem>> {
        let path = KeyPath::of("signature").key("secrets");
        if options.secrets.is_empty() {
            let problem = Problem::at(path, "value::empty", "`secrets` is empty");
            return Err(vec![problem.help("name one, or take `signature` out")]);
        }
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for (index, secret) in options.secrets.iter().enumerate() {
            let earlier = options.secrets.iter().take(index);
            let read = if earlier.into_iter().any(|other| other.expose() == secret.expose()) {
                let message = "the same secret stands here twice";
                Err(Mistake {
                    code: "secret::twice",
                    message: message.to_owned(),
                    help: "take it out",
                })
            } else {
                SigningKey::read(secret.expose().trim())
            };
            match read {
                Ok(key) => keys.push(key),
                Err(Mistake { code, message, help }) => {
                    problems.push(Problem::at(path.index(index), code, message).help(help));
                }
            }
        }
        if problems.is_empty() { Ok(Self(keys)) } else { Err(problems) }
    }

    /// The headers of one attempt. `body` is what the receiver reads, before any compression.
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

/// What is wrong with a secret, without the secret.
struct Mistake {
    code: &'static str,
    message: String,
    help: &'static str,
}

impl SigningKey {
    fn read(secret: &str) -> Result<Self, Mistake> {
        let mistake =
            |code, message: &str, help| Mistake { code, message: message.to_owned(), help };
        let known = ["whsec_", "whsk_"]
            .into_iter()
            .find_map(|prefix| secret.strip_prefix(prefix).map(|text| (prefix, text)));
        let Some((prefix, text)) = known else {
            return Err(match secret {
                "" => {
                    mistake("value::empty", "the secret is empty", "set the variable it comes from")
                }
                public if public.starts_with("whpk_") => mistake(
                    "secret::prefix",
                    "this is the public half of a key, which only the receiver needs",
                    "sign with the private half, `whsk_…`",
                ),
                _ => mistake(
                    "secret::prefix",
                    "the secret begins neither with `whsec_` nor with `whsk_`",
                    "write it as the receiver shows it; a bare secret in base64 gets `whsec_` in front",
                ),
            });
        };
        let Ok(bytes) = BASE64.decode(text) else {
            let message = format!("what follows `{prefix}` is not base64");
            return Err(mistake("secret::base64", &message, "copy the whole secret again"));
        };
        if prefix == "whsec_" { Self::shared(&bytes) } else { Self::private(&bytes) }
    }

    fn shared(bytes: &[u8]) -> Result<Self, Mistake> {
        if SHARED_LENGTH.contains(&bytes.len()) {
            return Ok(Self::Shared(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))));
        }
        let message = format!("the secret holds {} bytes", bytes.len());
        let help = "a `whsec_` secret holds 24 to 64 random bytes";
        Err(Mistake { code: "secret::length", message, help })
    }

    /// A private key is handed out as the seed alone, or as the seed and the public key.
    fn private(bytes: &[u8]) -> Result<Self, Mistake> {
        let key = match bytes.split_at_checked(HALF_KEY) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) if public.len() == HALF_KEY => {
                Ed25519KeyPair::from_seed_and_public_key(seed, public)
            }
            _ => {
                let message = format!("the key holds {} bytes", bytes.len());
                let help = "a `whsk_` key holds 32 bytes, or 64 with its public half";
                return Err(Mistake { code: "secret::length", message, help });
            }
        };
        key.map(|key| Self::Private(Box::new(key))).map_err(|_| Mistake {
            code: "secret::pair",
            message: "the two halves of the key do not belong together".to_owned(),
            help: "copy the whole key again",
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
    use aws_lc_rs::signature::{ED25519, KeyPair, UnparsedPublicKey};
    use std::time::Duration;

    fn signer(secrets: &[&str]) -> Result<Signer, Vec<Problem>> {
        Signer::new(&SignatureOptions {
            secrets: secrets.iter().copied().map(Secret::new).collect(),
        })
    }

    fn secret(prefix: &str, bytes: &[u8]) -> String {
        format!("{prefix}{}", BASE64.encode(bytes))
    }

    #[test]
    fn every_secret_adds_a_signature_over_id_time_and_body() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let both = [&[7; 32], pair.public_key().as_ref()].concat();
        let (old, new) = (secret("whsec_", &[1; 24]), secret("whsec_", &[2; 64]));
        let key = secret("whsk_", &both);
        let signer = signer(&[&old, new.trim_end_matches('='), &key]).unwrap();
        let at = UNIX_EPOCH + Duration::from_millis(1_674_087_231_999);
        let [id, timestamp, signature] = signer.headers("k1", at, b"{}");
        assert_eq!(id, ("webhook-id", "k1".to_owned()));
        assert_eq!(timestamp, ("webhook-timestamp", "1674087231".to_owned()));
        let content = b"k1.1674087231.{}";
        let [first, second, third] = signature.1.split(' ').collect::<Vec<_>>()[..] else {
            panic!("three signatures: {signature:?}")
        };
        for (signature, byte, length) in [(first, 1, 24), (second, 2, 64)] {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &vec![byte; length]);
            let tag = BASE64.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            hmac::verify(&key, content, &tag).unwrap();
        }
        let public = UnparsedPublicKey::new(&ED25519, pair.public_key());
        let signature = BASE64.decode(third.strip_prefix("v1a,").unwrap()).unwrap();
        public.verify(content, &signature).unwrap();
        assert_eq!(format!("{signer:?}").matches("[HMAC-SHA256 secret]").count(), 2);
    }

    /// Of the Standard Webhooks specification's own libraries.
    #[test]
    fn the_well_known_example_is_signed_as_everybody_signs_it() {
        let signer = signer(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let [_, _, signature] =
            signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature.1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn wrong_secrets_are_told_all_at_once_and_not_shown() {
        let torn = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let torn = [&[8; 32], torn.public_key().as_ref()].concat();
        let canary = "Canary4711";
        let secrets = [
            String::new(),
            canary.to_owned(),
            format!("whpk_{canary}"),
            format!("whsec_{canary}!"),
            secret("whsec_", &[1; 23]),
            secret("whsec_", &[1; 65]),
            secret("whsk_", &[1; 33]),
            secret("whsk_", &torn),
            secret("whsk_", &[1; 32]),
            secret("whsk_", &[1; 32]),
        ];
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let problems = signer(&secrets).unwrap_err();
        let found: Vec<(String, &str)> =
            problems.iter().map(|problem| (problem.path.to_string(), problem.code)).collect();
        let expected = [
            (0, "value::empty"),
            (1, "secret::prefix"),
            (2, "secret::prefix"),
            (3, "secret::base64"),
            (4, "secret::length"),
            (5, "secret::length"),
            (6, "secret::length"),
            (7, "secret::pair"),
            (9, "secret::twice"),
        ];
        assert_eq!(
            found,
            expected.map(|(index, code)| (format!("signature.secrets[{index}]"), code))
        );
        assert!(!format!("{problems:?}").contains(canary));
        assert_eq!(signer(&[]).unwrap_err()[0].code, "value::empty");
    }
}
