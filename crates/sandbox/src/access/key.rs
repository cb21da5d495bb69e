//! The public keys of clients that sign assertions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use jsonwebtoken::{Algorithm, DecodingKey};

use crate::OptionProblem;

/// The public key of a client, as `CLIENT=FILE`: RSA, or ECDSA on the curve P-256, in a PEM file.
///
/// ```
/// use taskferry_sandbox::PublicKey;
///
/// let key: PublicKey = "reports=keys/reports.pem".parse()?;
/// assert_eq!((key.client_id.as_str(), key.file.to_str()), ("reports", Some("keys/reports.pem")));
/// # Ok::<(), taskferry_sandbox::OptionProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The client. A client that is not defined elsewhere sees all data of the first tenant.
    pub client_id: String,
    /// The PEM file.
    pub file: PathBuf,
}

impl FromStr for PublicKey {
    type Err = OptionProblem;

    fn from_str(text: &str) -> Result<Self, OptionProblem> {
        match text.split_once('=') {
            Some((client_id, file)) if !client_id.is_empty() && !file.is_empty() => {
                Ok(Self { client_id: client_id.to_owned(), file: file.into() })
            }
            _ => Err(OptionProblem(format!("`{text}` is not a public key: write CLIENT=FILE.pem"))),
        }
    }
}

/// A key to verify signatures, and its algorithm.
pub(crate) struct RegisteredKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys by client. A client with several keys can replace them one by one.
pub(crate) type RegisteredKeys = BTreeMap<String, Vec<RegisteredKey>>;

pub(crate) fn read_keys(keys: &[PublicKey]) -> Result<RegisteredKeys, OptionProblem> {
    let mut registered = RegisteredKeys::new();
    for key in keys {
        let file = key.file.display();
        let pem = std::fs::read(&key.file).map_err(|error| {
            OptionProblem(format!("the public key `{file}` can't be read: {error}"))
        })?;
        let parsed = parse(&pem).map_err(|why| OptionProblem(format!("`{file}` {why}")))?;
        registered.entry(key.client_id.clone()).or_default().push(parsed);
    }
    Ok(registered)
}

fn parse(pem: &[u8]) -> Result<RegisteredKey, &'static str> {
    if pem.windows(12).any(|text| text == b"PRIVATE KEY-") {
        return Err("contains a private key: keep it secret, and use the file of the public key");
    }
    if pem.windows(11).filter(|text| text == b"-----BEGIN ").count() > 1 {
        return Err("contains several keys: use one file per key");
    }
    if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        if !key.try_get_as_bytes().is_ok_and(has_2048_bits) {
            return Err("contains an RSA key of fewer than 2048 bits: use a longer key");
        }
        return Ok(RegisteredKey { algorithm: Algorithm::RS256, key });
    }
    // A point on P-256 is 65 bytes long; points on P-384 and P-521 are longer.
    match DecodingKey::from_ec_pem(pem) {
        Ok(key) if key.try_get_as_bytes().is_ok_and(|point| point.len() == 65) => {
            Ok(RegisteredKey { algorithm: Algorithm::ES256, key })
        }
        Ok(_) => Err("contains a key on another curve than P-256"),
        Err(_) => Err("contains no public key in PEM format: use RSA, or ECDSA on P-256"),
    }
}

/// Whether the modulus of an RSA key has 2048 bits or more. The modulus is the first number of the key (PKCS #1 in DER), with a
/// zero byte before its highest bit.
fn has_2048_bits(key: &[u8]) -> bool {
    matches!(key, [0x30, 0x82, _, _, 0x02, 0x82, high, low, ..] if u16::from_be_bytes([*high, *low]) > 256)
}
