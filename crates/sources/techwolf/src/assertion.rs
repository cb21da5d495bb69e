//! Private key JWT (RFC 7523): proving who the client is by a short-lived statement that it signs.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use taskferry_sdk::{Duration, ErrorKind, Secret, StageError};

use crate::config::SigningAlgorithm;

/// What an assertion is called in a request for a token (RFC 7523, section 2.2).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A private key, and the algorithm that goes with it.
#[derive(Clone)]
pub(crate) struct SigningKey {
    key: EncodingKey,
    algorithm: Algorithm,
}

/// Makes assertions.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    /// Which of the client's keys it is.
    pub(crate) key_id: Option<String>,
    /// Whom an assertion is for.
    pub(crate) audience: String,
    pub(crate) lifetime: Duration,
}

/// Why a key can't be used.
#[derive(Debug)]
pub(crate) struct KeyMistake {
    /// Whether it is the algorithm's mistake, not the key's.
    pub(crate) is_algorithm: bool,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// `iss`, `sub`, `aud` and `exp` are documented by TechWolf (seen); `iat` and `jti` follow Auth0, who issue the tokens
/// (inferred).
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
    /// Reads a private key in PEM form, and tries it.
    ///
    /// # Errors
    /// Why it can't be used, without anything of it.
    pub(crate) fn read(pem: &[u8], wanted: Option<SigningAlgorithm>) -> Result<Self, KeyMistake> {
        let (key, fitting) = parse(pem)?;
        if let Some(wanted) = wanted.filter(|wanted| *wanted != fitting) {
            let (kind, help) = match fitting {
                SigningAlgorithm::Rs256 => ("an RSA key", "write \"RS256\", or leave it out"),
                SigningAlgorithm::Es256 => ("an ECDSA key", "write \"ES256\", or leave it out"),
            };
            let message = format!("{wanted} does not go with {kind}");
            return Err(KeyMistake { is_algorithm: true, message, help });
        }
        let algorithm = match fitting {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
        };
        // Whether size and curve are right shows when something is signed.
        encode(&Header::new(algorithm), &"", &key).map_err(|_| {
            mistake(
                "the private key can't sign",
                "use an RSA key of 2048 to 8192 bits, or an ECDSA key on the curve P-256",
            )
        })?;
        Ok(Self { key, algorithm })
    }
}

fn mistake(message: &str, help: &'static str) -> KeyMistake {
    KeyMistake { is_algorithm: false, message: message.to_owned(), help }
}

fn parse(pem: &[u8]) -> Result<(EncodingKey, SigningAlgorithm), KeyMistake> {
    let text = String::from_utf8_lossy(pem);
    let has = |words: &str| text.contains(words);
    if has("BEGIN ENCRYPTED PRIVATE KEY") || has("ENCRYPTED") && has("Proc-Type:") {
        return Err(mistake(
            "the private key is encrypted",
            "decrypt it, `openssl pkcs8 -in key.pem -out plain.pem` for example, and keep it where only this program reads it",
        ));
    }
    if has("BEGIN EC PRIVATE KEY") {
        return Err(mistake(
            "the private key is not in PKCS#8 form",
            "turn it into that form: `openssl pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem`",
        ));
    }
    if !has("PRIVATE KEY-----") {
        let help = "the whole text is needed, from `-----BEGIN PRIVATE KEY-----` to the last line, with its line breaks";
        return Err(if has("BEGIN PUBLIC KEY") || has("BEGIN CERTIFICATE") {
            mistake("this is a public key or a certificate, not a private key", help)
        } else {
            mistake("this is no private key in PEM form", help)
        });
    }
    if let Ok(key) = EncodingKey::from_rsa_pem(pem) {
        return Ok((key, SigningAlgorithm::Rs256));
    }
    if let Ok(key) = EncodingKey::from_ec_pem(pem) {
        return Ok((key, SigningAlgorithm::Es256));
    }
    Err(mistake(
        "the private key can't be read",
        "it must be an RSA key or an ECDSA key on the curve P-256, with its line breaks",
    ))
}

impl Signer {
    /// A new assertion that this is `client_id`. It is good for one token.
    ///
    /// # Errors
    /// When it can't be signed, which was tried before.
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
            StageError::new(ErrorKind::Auth, "the assertion can't be signed").caused_by(error)
        })
    }
}
