//! The stored token.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taskferry_sdk::Source;
use taskferry_testkit::{Response, merged};
use tempfile::TempDir;

use crate::tenant::{SECRET, Tenant, build, open_in, page, read_all, run, run_in, token};

/// A tenant with one page, and a state folder.
async fn tenant() -> (Tenant, TempDir) {
    (Tenant::answering([page(&["a"], None)]).await, TempDir::new().unwrap())
}

fn auth(tenant: &Tenant, more: &Value) -> Value {
    let mut auth = tenant.options(&json!({}))["auth"].clone();
    auth["cache"] = json!(true);
    merged(auth, more)
}

async fn source(tenant: &Tenant, folder: &Path, more: &Value) -> Box<dyn Source> {
    let options = tenant.options(&json!({"auth": auth(tenant, more)}));
    open_in(build(&options).unwrap(), run_in(folder)).await
}

/// One complete run.
async fn run_once(tenant: &Tenant, folder: &Path) {
    let mut source = source(tenant, folder, &json!({})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
}

fn file(folder: &Path) -> PathBuf {
    folder.join("token.json")
}

#[tokio::test]
async fn the_next_run_uses_the_stored_token() {
    let (tenant, folder) = tenant().await;
    for _ in 0..3 {
        run_once(&tenant, folder.path()).await;
    }
    assert_eq!(tenant.token_requests().len(), 1);
    assert!(
        tenant
            .exports()
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer token-1"))
    );
}

#[tokio::test]
async fn no_token_is_stored_by_default() {
    let (tenant, folder) = tenant().await;
    let mut source = source(&tenant, folder.path(), &json!({"cache": false})).await;
    read_all(&mut *source).await.jobs();
    assert!(!file(folder.path()).exists());
}

#[tokio::test]
async fn the_token_file_is_private_and_contains_no_other_secret() {
    let (tenant, folder) = tenant().await;
    // A leftover of a killed run, readable by everyone.
    fs::write(folder.path().join(".token.json.part"), "half").unwrap();
    run_once(&tenant, folder.path()).await;
    let content = fs::read_to_string(file(folder.path())).unwrap();
    assert!(content.contains("token-1") && !content.contains(SECRET), "{content}");
    assert!(!content.contains("client-1") && !content.contains("acme"), "{content}");
    assert!(!folder.path().join(".token.json.part").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file(folder.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_token_requested_with_other_options_is_not_used() {
    let (tenant, folder) = tenant().await;
    run_once(&tenant, folder.path()).await;
    for (number, more) in [
        json!({"client_id": "client-2"}),
        json!({"tenant": "other"}),
        json!({"audience": "us3.techwolf.ai"}),
        json!({"scopes": ["read"]}),
        json!({"scopes": ["re", "ad"]}),
    ]
    .iter()
    .enumerate()
    {
        let mut source = source(&tenant, folder.path(), more).await;
        read_all(&mut *source).await.jobs();
        assert_eq!(tenant.token_requests().len(), number + 2, "{more}");
    }
}

#[tokio::test]
async fn an_invalid_token_file_is_ignored_and_replaced() {
    let (tenant, folder) = tenant().await;
    run_once(&tenant, folder.path()).await;
    let good = fs::read_to_string(file(folder.path())).unwrap();
    let with = |key: &str, value: &str| {
        let mut content: Value = serde_json::from_str(&good).unwrap();
        content[key] = json!(value);
        content.to_string()
    };
    let broken = [
        String::new(),
        "{".to_owned(),
        good.get(..good.len() / 2).unwrap().to_owned(),
        with("use_until", "2020-01-01T00:00:00Z"),
        with("use_until", "soon"),
        with("issued_at", "2199-01-01T00:00:00Z"),
        with("key", "another"),
    ];
    for (number, content) in broken.iter().enumerate() {
        fs::write(file(folder.path()), content).unwrap();
        run_once(&tenant, folder.path()).await;
        assert_eq!(tenant.token_requests().len(), number + 2, "{content}");
        let replaced = fs::read_to_string(file(folder.path())).unwrap();
        assert!(replaced.contains(&format!("token-{}", number + 2)), "{replaced}");
    }
}

#[tokio::test]
async fn a_token_near_expiry_is_not_used() {
    let tokens = [token("short", 0), token("long", 10_800)];
    let tenant = Tenant::scripted(tokens, [page(&["a"], None)]).await;
    let folder = TempDir::new().unwrap();
    for _ in 0..3 {
        run_once(&tenant, folder.path()).await;
    }
    assert_eq!(tenant.token_requests().len(), 2);
}

#[tokio::test]
async fn a_refused_stored_token_is_replaced_in_the_file() {
    let refused = Response::new(401, "");
    let pages = [page(&["a"], None), refused, page(&["a"], None)];
    let tenant = Tenant::answering(pages).await;
    let folder = TempDir::new().unwrap();
    for _ in 0..3 {
        run_once(&tenant, folder.path()).await;
    }
    assert_eq!(tenant.token_requests().len(), 2);
    let sent = tenant.exports();
    assert_eq!(sent.last().unwrap().header("authorization"), Some("Bearer token-2"));
}

#[tokio::test]
async fn a_token_that_stays_refused_is_not_stored() {
    let tenant = Tenant::answering([Response::new(401, "")]).await;
    let folder = TempDir::new().unwrap();
    let mut source = source(&tenant, folder.path(), &json!({})).await;
    assert!(read_all(&mut *source).await.error.is_some());
    assert!(!file(folder.path()).exists());
}

#[tokio::test]
async fn an_unwritable_token_folder_does_not_fail_the_run() {
    let (tenant, folder) = tenant().await;
    run_once(&tenant, &folder.path().join("nowhere")).await;
    fs::create_dir(file(folder.path())).unwrap();
    run_once(&tenant, folder.path()).await;
    assert_eq!(tenant.token_requests().len(), 2);
}

#[tokio::test]
async fn without_a_folder_a_token_is_kept_for_one_run() {
    let (tenant, _) = tenant().await;
    let options = tenant.options(&json!({"auth": auth(&tenant, &json!({}))}));
    for number in 1..=2 {
        let mut source = open_in(build(&options).unwrap(), run()).await;
        read_all(&mut *source).await.jobs();
        assert_eq!(tenant.token_requests().len(), number);
    }
}
