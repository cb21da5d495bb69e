//! Private key JWT (RFC 7523): authenticates the client by a signed, short-lived assertion.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use taskferry_sdk::{Duration, ErrorKind, Secret, StageError};

use crate::config::SigningAlgorithm;

/// The type of an assertion in a token request (RFC 7523, section 2.2).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A private key and its algorithm.
#[derive(Clone)]
pub(crate) struct SigningKey {
    key: EncodingKey,
    algorithm: Algorithm,
}

/// Creates assertions.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    /// The `kid` of the assertion.
    pub(crate) key_id: Option<String>,
    /// The `aud` of the assertion.
    pub(crate) audience: String,
    pub(crate) lifetime: Duration,
}

/// An invalid private key, or an algorithm that the key does not support.
#[derive(Debug)]
pub(crate) struct KeyError {
    /// Whether the invalid option is `algorithm` instead of the key.
    pub(crate) is_algorithm: bool,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// TechWolf documents `iss`, `sub`, `aud` and `exp` (seen); `iat` and `jti` follow Auth0, the issuer of the tokens (inferred).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SigningKey").field(&self.algorithm).finish()
    }
}

impl SigningKey {
    /// Parses a private key in PEM form, and signs a test message.
    ///
    /// # Errors
    /// The reason why the key can't be used, without any part of the key.
    pub(crate) fn parse(pem: &[u8], wanted: Option<SigningAlgorithm>) -> Result<Self, KeyError> {
        let (key, of_key) = parse(pem)?;
        if let Some(wanted) = wanted.filter(|wanted| *wanted != of_key) {
            let (kind, help) = match of_key {
                SigningAlgorithm::Rs256 => ("an RSA key", "write \"RS256\", or remove `algorithm`"),
                SigningAlgorithm::Es256 => {
                    ("an ECDSA key", "write \"ES256\", or remove `algorithm`")
                }
            };
            let message = format!("{kind} can't sign with {wanted}");
            return Err(KeyError { is_algorithm: true, message, help });
        }
        let algorithm = match of_key {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
        };
        // Only a signature shows whether the size and the curve are supported.
        encode(&Header::new(algorithm), &"", &key).map_err(|_| {
            error(
                "the private key can't sign",
                "use an RSA key of 2048 to 8192 bits, or an ECDSA key on the curve P-256",
            )
        })?;
        Ok(Self { key, algorithm })
    }
}

fn error(message: &str, help: &'static str) -> KeyError {
    KeyError { is_algorithm: false, message: message.to_owned(), help }
}

fn parse(pem: &[u8]) -> Result<(EncodingKey, SigningAlgorithm), KeyError> {
    let text = String::from_utf8_lossy(pem);
    let has = |words: &str| text.contains(words);
    if has("BEGIN ENCRYPTED PRIVATE KEY") || has("ENCRYPTED") && has("Proc-Type:") {
        return Err(error(
            "the private key is encrypted",
            "decrypt it, for example with `openssl pkcs8 -in key.pem -out plain.pem`, and restrict access to the file",
        ));
    }
    if has("BEGIN EC PRIVATE KEY") {
        return Err(error(
            "the private key is not in PKCS#8 form",
            "convert it: `openssl pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem`",
        ));
    }
    if !has("PRIVATE KEY-----") {
        let help = "use the whole text with its line breaks, from `-----BEGIN PRIVATE KEY-----` to the last line";
        return Err(if has("BEGIN PUBLIC KEY") || has("BEGIN CERTIFICATE") {
            error("this is a public key or a certificate, not a private key", help)
        } else {
            error("this is not a private key in PEM form", help)
        });
    }
    if let Ok(key) = EncodingKey::from_rsa_pem(pem) {
        return Ok((key, SigningAlgorithm::Rs256));
    }
    if let Ok(key) = EncodingKey::from_ec_pem(pem) {
        return Ok((key, SigningAlgorithm::Es256));
    }
    Err(error(
        "the private key is invalid",
        "use an RSA key, or an ECDSA key on the curve P-256, with its line breaks",
    ))
}

impl Signer {
    /// Creates an assertion for `client_id`. It is valid for one token request.
    pub(crate) fn assertion(&self, client_id: &str) -> Result<Secret, StageError> {
        let now = Timestamp::now().as_second();
        let lifetime = i64::try_from(self.lifetime.get().as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: &self.audience,
            iat: now,
            exp: now.saturating_add(lifetime),
            jti: format!("{:032x}", fastrand::u128(..)),
        };
        let mut header = Header::new(self.key.algorithm);
        header.kid.clone_from(&self.key_id);
        encode(&header, &claims, &self.key.key).map(Secret::new).map_err(|error| {
            StageError::new(ErrorKind::Auth, "can't sign the assertion").caused_by(error)
        })
    }
}
