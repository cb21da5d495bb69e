//! Private key JWT: client assertions instead of client secrets.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pem::Pem;
use reqwest::StatusCode;
use serde_json::{Value, json};
use taskferry_sandbox::{PublicKey, Sandbox, SandboxError, SandboxOptions};
use tempfile::NamedTempFile;

use crate::client::{Client, file_with, settings_of};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An RSA key of 1024 bits.
const WEAK: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJxCi2Bn/kFeZ6dFmFSU041fmS
PPZ5+SaYvGNXSXykp34CetzAHboBO7vdmfN0nRYZU4g4PqUAe+b9uoagDdp+V9up
Bkudf6eWcmSVM+bE4OpQyBBisaSHqt80omBRWfUk7OUTMuOJzPaiktkMybp0QMzE
VA9FiB3rcf2yU2pQvwIDAQAB
-----END PUBLIC KEY-----
";

struct Key {
    signing: EncodingKey,
    algorithm: Algorithm,
    public: NamedTempFile,
    private_pem: String,
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&Pem::new(tag, der.to_vec()))
}

fn rsa() -> Key {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private_pem = pem("PRIVATE KEY", AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref());
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    Key {
        signing: EncodingKey::from_rsa_pem(private_pem.as_bytes()).unwrap(),
        algorithm: Algorithm::RS256,
        public: file_with(pem("PUBLIC KEY", public.as_ref()).as_bytes()),
        private_pem,
    }
}

fn p256() -> Key {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let der = der.unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
    let private_pem = pem("PRIVATE KEY", der.as_ref());
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    Key {
        signing: EncodingKey::from_ec_pem(private_pem.as_bytes()).unwrap(),
        algorithm: Algorithm::ES256,
        public: file_with(pem("PUBLIC KEY", public.as_ref()).as_bytes()),
        private_pem,
    }
}

async fn sandbox_with(key: &Key, assignments: &[&str]) -> Client {
    let public_keys =
        vec![PublicKey { client_id: "signer".to_owned(), file: key.public.path().to_owned() }];
    let settings = settings_of(assignments);
    Client::of(SandboxOptions { public_keys, settings, ..SandboxOptions::default() }).await
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Valid claims with `changes` applied; null removes a claim.
fn claims(client: &Client, changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "signer", "sub": "signer", "aud": client.sandbox.credentials().token_url,
        "iat": now(), "exp": now() + 60, "jti": fastrand::u64(..).to_string(),
    });
    for (claim, value) in changes.as_object().unwrap() {
        claims[claim] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn sign(key: &Key, claims: &Value) -> String {
    encode(&Header::new(key.algorithm), claims, &key.signing).unwrap()
}

async fn exchange(client: &Client, assertion: &str, changes: Value) -> (StatusCode, Value) {
    let mut request = json!({
        "client_id": null, "client_secret": null, "client_assertion_type": TYPE, "client_assertion": assertion,
    });
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    client.ask_for_token(request).await
}

#[tokio::test]
async fn a_signed_assertion_is_exchanged_for_a_token() {
    for key in [rsa(), p256()] {
        let mut client = sandbox_with(&key, &[]).await;
        let assertion = sign(&key, &claims(&client, &json!({})));
        let (status, grant) = exchange(&client, &assertion, json!({"client_id": "signer"})).await;
        assert_eq!(status, 200, "{grant}");
        client.token = grant["access_token"].as_str().unwrap().to_owned();
        client.page("", &json!({"limit": 1})).await;

        let listed =
            claims(&client, &json!({"aud": ["x", client.sandbox.credentials().token_url]}));
        assert_eq!(exchange(&client, &sign(&key, &listed), json!({})).await.0, 200);
    }
}

#[tokio::test]
async fn every_error_in_an_assertion_is_described() {
    let key = p256();
    let client = sandbox_with(&key, &[]).await;
    let cases = [
        (json!({"iss": "someone"}), "`iss` and `sub`"),
        (json!({"iss": null}), "`iss` and `sub`"),
        (json!({"sub": "sandbox-client", "iss": "sandbox-client"}), "`sub` is not a client"),
        (json!({"sub": null}), "`sub` is required"),
        (json!({"sub": 5}), "`sub` must be a text; it is `5`"),
        (json!({"aud": "https://elsewhere/oauth/token"}), "`aud` must be http://127.0.0.1"),
        (json!({"aud": format!("{}/", client.sandbox.credentials().token_url)}), "`aud`"),
        (json!({"aud": null}), "`aud`"),
        (json!({"exp": null}), "`exp` is required"),
        (json!({"exp": now() - 11}), "expired"),
        (json!({"exp": now() + 400}), "at most 300 seconds"),
        (
            json!({"iat": now() - 200, "exp": now() + 200}),
            "valid for 400 seconds, from `iat` to `exp`",
        ),
        (json!({"iat": now() + 60, "exp": now() + 90}), "not valid yet"),
        (json!({"nbf": now() + 60}), "not valid yet"),
        (json!({"jti": null}), "`jti` is required"),
        (json!({"jti": ""}), "`jti` is required"),
        (json!({"jti": 5}), "`jti` must be a text; it is `5`"),
        (
            json!({"exp": "soon"}),
            "`exp` must be a number, the seconds since 1970; it is the text `soon`",
        ),
        (json!({"iat": [1]}), "`iat` must be a number"),
        (json!({"nbf": true}), "`nbf` must be a number"),
        (json!({"iss": 5}), "`iss` must be a text"),
    ];
    for (changes, says) in cases {
        let assertion = sign(&key, &claims(&client, &changes));
        let (status, answer) = exchange(&client, &assertion, json!({})).await;
        assert_eq!(
            (status.as_u16(), &answer["error"]),
            (401, &json!("invalid_client")),
            "{changes}"
        );
        assert!(
            answer["error_description"].as_str().unwrap().contains(says),
            "{changes}: {answer}"
        );
    }
    // A clock skew of ten seconds is accepted.
    for changes in
        [json!({"exp": now() - 5, "iat": now() - 60}), json!({"iat": now() + 5, "nbf": now() + 5})]
    {
        let assertion = sign(&key, &claims(&client, &changes));
        assert_eq!(exchange(&client, &assertion, json!({})).await.0, 200, "{changes}");
    }
}

#[tokio::test]
async fn only_the_registered_key_and_algorithm_are_accepted() {
    let (key, other) = (p256(), p256());
    let client = sandbox_with(&key, &[]).await;
    let good = claims(&client, &json!({}));
    let public = std::fs::read(key.public.path()).unwrap();
    let hmac = encode(&Header::new(Algorithm::HS256), &good, &EncodingKey::from_secret(&public));
    let signed = sign(&key, &good);
    let unsigned = signed.rsplit_once('.').unwrap().0;
    for (assertion, says) in [
        (sign(&other, &good), "the signature does not match"),
        (sign(&rsa(), &good), "does not match"),
        (hmac.unwrap(), "does not match"),
        (format!("{unsigned}."), "the signature does not match"),
        (unsigned.to_owned(), "not a signed JWT"),
        ("x".to_owned(), "not a signed JWT"),
    ] {
        let (status, answer) = exchange(&client, &assertion, json!({})).await;
        assert_eq!(status, 401);
        assert!(answer["error_description"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(
        exchange(&client, &signed, json!({})).await.0,
        200,
        "a refused assertion is not used"
    );
}

#[tokio::test]
async fn a_critical_extension_is_refused() {
    let key = p256();
    let client = sandbox_with(&key, &[]).await;
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..Header::new(key.algorithm) };
    let assertion = encode(&header, &claims(&client, &json!({})), &key.signing).unwrap();
    let (status, answer) = exchange(&client, &assertion, json!({})).await;
    assert_eq!(status, 401);
    assert!(answer["error_description"].as_str().unwrap().contains("`crit`"), "{answer}");
}

#[tokio::test]
async fn the_host_header_does_not_change_the_audience() {
    let key = p256();
    let client = sandbox_with(&key, &[]).await;
    let port = client.sandbox.address().port();
    for (host, status) in [
        ("other.example".to_owned(), 401),
        ("other.example:1".to_owned(), 401),
        (format!("localhost:{port}"), 200),
    ] {
        let audience = format!("http://{host}/oauth/token");
        let assertion = sign(&key, &claims(&client, &json!({"aud": audience})));
        let body = client.token_request(&json!({
            "client_id": null, "client_secret": null, "client_assertion_type": TYPE, "client_assertion": assertion,
        }));
        let request = client.http.post(&client.sandbox.credentials().token_url);
        let answer = request.header("host", &host).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
    }
}

#[tokio::test]
async fn a_client_with_a_key_keeps_its_secret() {
    let key = p256();
    let client_id = "sandbox-client".to_owned();
    let public_keys = vec![PublicKey { client_id, file: key.public.path().to_owned() }];
    let client = Client::of(SandboxOptions { public_keys, ..SandboxOptions::default() }).await;
    let claims = claims(&client, &json!({"iss": "sandbox-client", "sub": "sandbox-client"}));
    assert_eq!(exchange(&client, &sign(&key, &claims), json!({})).await.0, 200);
    assert_eq!(client.ask_for_token(json!({})).await.0, 200);
}

#[tokio::test]
async fn an_assertion_is_accepted_once() {
    let key = p256();
    let client = sandbox_with(&key, &[]).await;
    let assertion = sign(&key, &claims(&client, &json!({"jti": "one"})));
    assert_eq!(exchange(&client, &assertion, json!({})).await.0, 200);
    let again = sign(&key, &claims(&client, &json!({"jti": "one", "exp": now() + 100})));
    for assertion in [assertion, again] {
        let (status, answer) = exchange(&client, &assertion, json!({})).await;
        assert_eq!(status, 401);
        assert!(answer["error_description"].as_str().unwrap().contains("used before"), "{answer}");
    }
}

#[tokio::test]
async fn the_setting_assertion_audience_selects_the_audience() {
    let key = p256();
    for (value, right) in
        [("token_url", 0..1), ("token_url_slash", 1..2), ("issuer", 2..3), ("any", 0..3)]
    {
        let client = sandbox_with(&key, &[&format!("assertion_audience={value}")]).await;
        let token_url = &client.sandbox.credentials().token_url;
        let audiences =
            [token_url.clone(), format!("{token_url}/"), format!("{}/", client.sandbox.url())];
        for (index, audience) in audiences.iter().enumerate() {
            let assertion = sign(&key, &claims(&client, &json!({"aud": audience})));
            let status = exchange(&client, &assertion, json!({})).await.0;
            assert_eq!(status == 200, right.contains(&index), "{value} {audience}");
        }
    }
}

#[tokio::test]
async fn the_request_around_an_assertion_is_checked() {
    let key = p256();
    let client = sandbox_with(&key, &[]).await;
    for (changes, status, says) in [
        (json!({"client_assertion_type": "jwt"}), 400, "client_assertion_type"),
        (json!({"client_assertion_type": null}), 400, "client_assertion_type"),
        (json!({"client_secret": "sandbox-secret"}), 400, "not both"),
        (json!({"client_assertion": null}), 400, "missing or not a text: client_assertion"),
        (json!({"client_id": "sandbox-client"}), 401, "`client_id`"),
        (json!({"audience": "us3.techwolf.ai"}), 403, "audience"),
        (json!({"tenant": "other"}), 403, "tenant"),
        // An empty secret does not match a client without one.
        (
            json!({"client_assertion": null, "client_assertion_type": null, "client_id": "signer", "client_secret": ""}),
            400,
            "client_secret",
        ),
        (
            json!({"client_assertion": null, "client_assertion_type": null, "client_id": "signer", "client_secret": "x"}),
            401,
            "client_secret",
        ),
    ] {
        let assertion = sign(&key, &claims(&client, &json!({})));
        let (got, answer) = exchange(&client, &assertion, changes.clone()).await;
        assert_eq!(got, status, "{changes}: {answer}");
        assert!(
            answer["error_description"].as_str().unwrap().contains(says),
            "{changes}: {answer}"
        );
    }
}

#[test]
fn an_unusable_key_file_is_an_error() {
    let key = p256();
    let private = file_with(key.private_pem.as_bytes());
    let nothing = file_with(b"no key");
    let weak = file_with(WEAK.as_bytes());
    let public = std::fs::read_to_string(key.public.path()).unwrap();
    let two = file_with(public.repeat(2).as_bytes());
    for (file, says) in [
        (&private, "private key"),
        (&nothing, "no public key in PEM form"),
        (&weak, "fewer than 2048 bits"),
        (&two, "several keys"),
    ] {
        let public_keys =
            vec![PublicKey { client_id: "a".to_owned(), file: file.path().to_owned() }];
        let error = Sandbox::load(SandboxOptions { public_keys, ..SandboxOptions::default() });
        let error = error.unwrap_err();
        assert!(matches!(error, SandboxError::Option(_)));
        assert!(error.to_string().contains(says), "{error}");
    }
}
