//! Authentication with private key JWT.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use pem::Pem;
use serde_json::{Value, json};
use taskferry_sandbox::{Faults, PublicKey, RunningSandbox, SandboxOptions};
use taskferry_sdk::ErrorKind;
use taskferry_testkit::{Response, merged};
use tempfile::TempDir;

use crate::sandbox::{sandbox_with, settings};
use crate::tenant::{Tenant, build, opened, page, read_all, token};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A private and a public key, both in PEM.
pub(crate) struct Key {
    pub(crate) private: String,
    public: String,
    algorithm: Algorithm,
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&Pem::new(tag, der.to_vec()))
}

fn rsa() -> Key {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private = pem("PRIVATE KEY", AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref());
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    Key { private, public: pem("PUBLIC KEY", public.as_ref()), algorithm: Algorithm::RS256 }
}

fn ecdsa(curve: &'static EcdsaSigningAlgorithm) -> Key {
    let der = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(curve, der.as_ref()).unwrap();
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    let private = pem("PRIVATE KEY", der.as_ref());
    Key { private, public: pem("PUBLIC KEY", public.as_ref()), algorithm: Algorithm::ES256 }
}

pub(crate) fn p256() -> Key {
    ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)
}

/// The auth table of a client with a private key, with `more` applied. A null value removes an option.
fn signing(tenant: &Tenant, more: &Value) -> Value {
    let mut auth = tenant.options(&json!({}))["auth"].take();
    auth["client_secret"] = Value::Null;
    let mut auth = merged(auth, more);
    auth.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    auth
}

/// The claims and the key id of an assertion, after verifying its signature.
fn verified(assertion: &str, key: &Key) -> (Value, Option<String>) {
    let public = match key.algorithm {
        Algorithm::RS256 => DecodingKey::from_rsa_pem(key.public.as_bytes()).unwrap(),
        _ => DecodingKey::from_ec_pem(key.public.as_bytes()).unwrap(),
    };
    let mut rules = Validation::new(key.algorithm);
    rules.validate_aud = false;
    let claims = decode::<Value>(assertion, &public, &rules).unwrap().claims;
    (claims, decode_header(assertion).unwrap().kid)
}

#[tokio::test]
async fn an_assertion_contains_issuer_audience_and_lifetime() {
    for key in [rsa(), p256()] {
        let tenant = Tenant::answering([page(&["a"], None)]).await;
        let auth = signing(&tenant, &json!({"private_key": key.private}));
        let mut source = tenant.source(&json!({"auth": auth})).await;
        assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);

        let mut sent: Value = serde_json::from_str(&tenant.token_requests()[0].body).unwrap();
        let assertion = sent["client_assertion"].take();
        let expected = json!({
            "client_id": "client-1", "client_assertion_type": TYPE, "client_assertion": null,
            "audience": "eu3.techwolf.ai", "grant_type": "client_credentials", "tenant": "acme",
        });
        assert_eq!(sent, expected);
        let (claims, key_id) = verified(assertion.as_str().unwrap(), &key);
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client-1"), &json!("client-1")));
        assert_eq!(claims["aud"], json!(format!("{}/oauth/token", tenant.url())));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
        assert_eq!((claims["jti"].as_str().unwrap().len(), key_id), (32, None));
    }
}

#[tokio::test]
async fn key_id_audience_and_lifetime_can_be_chosen() {
    let (tenant, key) = (Tenant::answering([page(&["a"], None)]).await, p256());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key.pem");
    // Some editors write a byte order mark at the start of a file.
    std::fs::write(&file, format!("\u{feff}{}", key.private)).unwrap();
    let auth = signing(
        &tenant,
        &json!({
            "private_key_file": file, "key_id": "k1", "algorithm": "ES256",
            "assertion_audience": "https://techwolf.example/", "assertion_lifetime": "5m",
        }),
    );
    read_all(&mut *tenant.source(&json!({"auth": auth})).await).await.jobs();
    let sent: Value = serde_json::from_str(&tenant.token_requests()[0].body).unwrap();
    let (claims, key_id) = verified(sent["client_assertion"].as_str().unwrap(), &key);
    assert_eq!(
        (claims["aud"].as_str(), key_id.as_deref()),
        (Some("https://techwolf.example/"), Some("k1"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
}

#[tokio::test]
async fn every_attempt_signs_a_new_assertion() {
    let tokens = [Response::new(503, ""), Response::new(503, ""), token("t", 100)];
    let (tenant, key) = (Tenant::scripted(tokens, [page(&["a"], None)]).await, p256());
    let auth = signing(&tenant, &json!({"private_key": key.private}));
    read_all(&mut *tenant.source(&json!({"auth": auth})).await).await.jobs();
    let mut ids: Vec<String> = tenant
        .token_requests()
        .iter()
        .map(|request| {
            let sent: Value = serde_json::from_str(&request.body).unwrap();
            let (claims, _) = verified(sent["client_assertion"].as_str().unwrap(), &key);
            claims["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// A sandbox with a registered public key, and the options to use it.
async fn sandbox_for(
    key: &Key,
    faults: &[&str],
    assignments: &[&str],
) -> (RunningSandbox, TempDir, Value) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("public.pem");
    std::fs::write(&file, &key.public).unwrap();
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let options = SandboxOptions {
        public_keys: vec![PublicKey { client_id: "signer".to_owned(), file }],
        faults: Faults { faults, seed: 7 },
        settings: settings(assignments),
        ..SandboxOptions::default()
    };
    let sandbox = sandbox_with(10, options).await;
    let credentials = sandbox.credentials();
    let options = json!({
        "url": sandbox.url(),
        "limit": 2,
        "auth": {
            "token_url": credentials.token_url, "client_id": "signer", "private_key": key.private,
            "audience": credentials.audience, "tenant": credentials.tenant,
        },
    });
    (sandbox, folder, options)
}

#[tokio::test]
async fn the_sandbox_issues_tokens_to_a_client_that_signs() {
    for key in [rsa(), p256()] {
        let (_sandbox, _folder, options) = sandbox_for(&key, &["expired-token@3"], &[]).await;
        let mut source = opened(&options).await;
        assert_eq!(read_all(&mut *source).await.jobs().len(), 10);
        assert_eq!(source.statistics().retries, 1, "a token that expired is replaced");
    }
}

#[tokio::test]
async fn the_other_audience_of_the_sandbox_can_be_configured() {
    let key = p256();
    let (sandbox, _folder, mut options) =
        sandbox_for(&key, &[], &["assertion_audience=issuer"]).await;
    let error = opened(&options).await.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.full_message().contains("`aud` must be"), "{error}");
    options["auth"]["assertion_audience"] = json!(format!("{}/", sandbox.url()));
    assert_eq!(read_all(&mut *opened(&options).await).await.jobs().len(), 10);
}

#[tokio::test]
async fn an_unregistered_key_is_reported_with_the_message_of_the_issuer() {
    let (_sandbox, _folder, mut options) = sandbox_for(&p256(), &[], &[]).await;
    options["auth"]["private_key"] = json!(p256().private);
    let error = opened(&options).await.next_page().await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Auth, false));
    assert!(error.full_message().contains("the signature does not match"), "{error}");
    assert!(error.hint_text().unwrap().contains("the registration of the key"), "{error:?}");
}

fn problems(more: &Value) -> Vec<(String, &'static str, String)> {
    let auth = json!({
        "token_url": "https://id.example/oauth/token", "client_id": "c",
        "audience": "eu3.techwolf.ai", "tenant": "acme",
    });
    let options = json!({"url": "https://acme.example", "auth": merged(auth, more)});
    let problems = build(&options).map(drop).unwrap_err();
    let found = problems.into_iter().map(|problem| {
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        (problem.path.to_string(), problem.code, problem.message)
    });
    found.collect()
}

#[test]
fn a_client_has_exactly_one_authentication_method() {
    let (key, secret) = (p256().private, "hunter2");
    for (more, path, code) in [
        (json!({}), "auth", "missing-key"),
        (json!({"client_secret": ""}), "auth.client_secret", "empty-value"),
        (json!({"private_key": " "}), "auth.private_key", "empty-value"),
        (json!({"private_key_file": ""}), "auth.private_key_file", "empty-value"),
        (
            json!({"client_secret": secret, "private_key": key}),
            "auth.private_key",
            "conflicting-options",
        ),
        (
            json!({"private_key": key, "private_key_file": "k"}),
            "auth.private_key_file",
            "conflicting-options",
        ),
        (json!({"token": "hunter2", "private_key": key}), "auth.token", "conflicting-options"),
        (json!({"client_secret": secret, "key_id": "k"}), "auth.key_id", "unused-option"),
        (json!({"client_secret": secret, "algorithm": "RS256"}), "auth.algorithm", "unused-option"),
        (json!({"private_key_file": key}), "auth.private_key_file", "key-in-path"),
        (json!({"private_key_file": "nowhere.pem"}), "auth.private_key_file", "unreadable-file"),
        (
            json!({"private_key": key, "algorithm": "RS256"}),
            "auth.algorithm",
            "unsupported-algorithm",
        ),
        (json!({"private_key": key, "algorithm": "HS256"}), "auth.algorithm", "unknown-choice"),
        (
            json!({"private_key": key, "assertion_lifetime": "6m"}),
            "auth.assertion_lifetime",
            "invalid-value",
        ),
        (
            json!({"private_key": key, "assertion_lifetime": "500ms"}),
            "auth.assertion_lifetime",
            "invalid-value",
        ),
    ] {
        let found = problems(&more);
        assert_eq!((found[0].0.as_str(), found[0].1, found.len()), (path, code, 1), "{found:?}");
    }
    let empty = json!({"client_secret": "", "private_key": key, "key_id": ""});
    let auth = json!({"token_url": "https://id.example/", "client_id": "c", "audience": "a", "tenant": "t"});
    let options = json!({"url": "https://acme.example", "auth": merged(auth, &empty)});
    assert!(build(&options).is_ok(), "an empty option is ignored if another one is set");
}

#[test]
fn an_unusable_key_is_reported_with_a_hint() {
    let p384 = ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING).private;
    let escaped = p256().private.replace('\n', "\\n");
    let old = "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n";
    let encrypted = old.replace("EC PRIVATE", "ENCRYPTED PRIVATE");
    let broken = old.replace("EC PRIVATE", "PRIVATE");
    for (key, says) in [
        ("hunter2", "this is not a private key in PEM form"),
        (&p256().public, "this is a public key or a certificate"),
        (old, "the private key is not in PKCS#8 form"),
        (&encrypted, "the private key is encrypted"),
        (&broken, "the private key is invalid"),
        (&escaped, "the private key is invalid"),
        (&p384, "the private key can't sign"),
    ] {
        let found = problems(&json!({"private_key": key}));
        assert_eq!(
            (found[0].0.as_str(), found[0].1),
            ("auth.private_key", "invalid-private-key"),
            "{found:?}"
        );
        assert!(found[0].2.starts_with(says), "{found:?}");
    }
}

#[test]
fn only_a_renewable_token_is_stored() {
    let options = json!({"url": "https://acme.example", "auth": {"token": "t", "cache": true}});
    let problems = build(&options).map(drop).unwrap_err();
    assert_eq!(problems[0].path.to_string(), "auth.cache");
}
