//! Database files.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, DatabaseFile, Filled, Sandbox, SandboxError, SandboxOptions};

use crate::client::{Client, file_of, task};

fn options(path: &Path, filled: Filled, jobs: u32) -> SandboxOptions {
    SandboxOptions {
        data: DataOrigin::Generated { jobs, seed: 3 },
        database: Some(DatabaseFile { path: path.to_owned(), filled }),
        ..SandboxOptions::default()
    }
}

async fn reject_first(client: &Client) -> Value {
    let page = client.page("", &json!({"limit": 100})).await;
    let records = page["records"].as_array().unwrap();
    let job = records.iter().find(|record| record["tasks"] != json!([])).unwrap();
    let path =
        format!("/job_architecture/jobs/{}/task_profile", job["external_id"].as_str().unwrap());
    let body =
        json!({"tasks": [{"task_id": job["tasks"][0]["task_id"], "validation_state": "rejected"}]});
    assert_eq!(client.send(Method::PATCH, &path).json(&body).send().await.unwrap().status(), 204);
    job.clone()
}

#[tokio::test]
async fn loaded_and_changed_data_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let client = Client::of(options(&path, Filled::Serve, 30)).await;
    let job = reject_first(&client).await;
    let body = json!({"include": ["rejected_tasks"]});
    let (jobs, listed) =
        (client.all("", &body, 100).await, client.get_ok("/job_architecture/jobs").await);
    client.sandbox.stop().await;

    // The options of the generator apply only to new databases.
    let client = Client::of(options(&path, Filled::Serve, 500)).await;
    assert_eq!(client.all("", &body, 100).await, jobs);
    assert_eq!(client.get_ok("/job_architecture/jobs").await, listed);
    let again = client
        .get_ok(&format!(
            "/job_architecture/jobs/{}/task_profile",
            job["external_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        again["tasks"].as_array().unwrap().len() + 1,
        job["tasks"].as_array().unwrap().len()
    );
}

#[tokio::test]
async fn a_database_with_data_is_replaced_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    assert_eq!(Sandbox::load(options(&path, Filled::Refuse, 3)).unwrap().jobs(), 3);
    let error = Sandbox::load(options(&path, Filled::Refuse, 4)).unwrap_err();
    assert!(matches!(error, SandboxError::Database { .. }));
    assert!(
        error.to_string().contains("already has data of the tenant `sandbox`")
            && error.to_string().contains("--replace"),
        "{error}"
    );
    assert_eq!(Sandbox::load(options(&path, Filled::Serve, 4)).unwrap().jobs(), 3);
    assert_eq!(Sandbox::load(options(&path, Filled::Replace, 5)).unwrap().jobs(), 5);

    let client = Client::of(options(&path, Filled::Serve, 0)).await;
    assert_eq!(client.all("", &json!({}), 2).await.len(), 5);
    assert!(
        client.get_ok("/job_architecture/job_families").await["count"].as_u64().unwrap() <= 5,
        "the families of the replaced data are deleted"
    );
}

#[test]
fn an_invalid_dataset_leaves_the_database_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    Sandbox::load(options(&path, Filled::Serve, 7)).unwrap();
    let broken = file_of(&[json!({"external_id": "a", "tasks": []}), json!({"tasks": []})]);
    let data = DataOrigin::File(broken.path().to_owned());
    let error =
        Sandbox::load(SandboxOptions { data, ..options(&path, Filled::Replace, 0) }).unwrap_err();
    assert!(matches!(error, SandboxError::Line { line: 2, .. }), "{error}");
    assert_eq!(Sandbox::load(options(&path, Filled::Serve, 0)).unwrap().jobs(), 7);
}

#[tokio::test]
async fn tenants_are_added_to_an_existing_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let with = |tenant: &str, filled, jobs| SandboxOptions {
        tenants: vec![tenant.parse().unwrap()],
        ..options(&path, filled, jobs)
    };
    assert_eq!(Sandbox::load(with("acme", Filled::Refuse, 3)).unwrap().jobs(), 3);
    assert_eq!(Sandbox::load(with("beta", Filled::Refuse, 4)).unwrap().jobs(), 7);
    assert_eq!(Sandbox::load(with("beta", Filled::Replace, 6)).unwrap().jobs(), 9);
    assert!(Sandbox::load(with("acme", Filled::Refuse, 3)).is_err());

    let client = Client::of(options(&path, Filled::Serve, 1)).await;
    assert_eq!(client.sandbox.credentials().tenant, "acme", "the tenant that was loaded first");
    assert_eq!(client.all("", &json!({}), 2).await.len(), 3);
    let body =
        json!({"client_id": "beta-client", "client_secret": "beta-secret", "tenant": "beta"});
    let token = client.new_token(body).await;
    let client = Client { token, ..client };
    assert_eq!(client.all("", &json!({}), 4).await.len(), 6);
}

#[test]
fn a_file_of_another_format_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are my notes, and they are longer than a hundred bytes, ".repeat(9),
    )
    .unwrap();
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE songs (name TEXT)")
        .unwrap();
    let newer = folder.path().join("newer.db");
    Sandbox::load(options(&newer, Filled::Serve, 1)).unwrap();
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for (path, says) in [
        (text, "it is not a SQLite database"),
        (foreign, "it is a database of another program"),
        (newer, "it was written by a newer version of the sandbox (schema version 99, expected 2)"),
    ] {
        let before = std::fs::read(&path).unwrap();
        for filled in [Filled::Serve, Filled::Replace] {
            let error = Sandbox::load(options(&path, filled, 1)).unwrap_err();
            assert!(matches!(error, SandboxError::Database { .. }));
            assert!(error.to_string().contains(says), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_served_database_can_be_opened_again_but_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let client = Client::of(options(&path, Filled::Serve, 5)).await;
    let other = Client::of(options(&path, Filled::Serve, 5)).await;
    let job = reject_first(&client).await;
    let seen = other
        .get_ok(&format!(
            "/job_architecture/jobs/{}/task_profile",
            job["external_id"].as_str().unwrap()
        ))
        .await;
    assert_ne!(seen, job, "both sandboxes serve the change");

    let error = Sandbox::load(options(&path, Filled::Replace, 1)).unwrap_err();
    assert!(error.to_string().contains("in use by another process"), "{error}");
}

#[tokio::test]
async fn pages_are_read_concurrently() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::of(options(&folder.path().join("sandbox.db"), Filled::Serve, 60)).await;
    let whole = client.page("", &json!({"limit": 60})).await;
    let pages = (0..40).map(|_| client.export("", &Value::Null));
    let wrong = futures_util::future::join_all(pages).await;
    assert!(wrong.iter().all(|(status, _)| *status == 400));
    let body = json!({"limit": 60});
    let pages = (0..40).map(|_| client.page("", &body));
    for page in futures_util::future::join_all(pages).await {
        assert_eq!(page, whole);
    }
}

#[tokio::test]
async fn a_private_database_is_deleted() {
    let jobs =
        [json!({"external_id": "j1", "tasks": [task("a", "suggested"), task("b", "suggested")]})];
    let client = Client::with_jobs(&jobs).await;
    let path = "/job_architecture/jobs/j1/task_profile";
    let body = json!({"tasks": [{"task_id": "a", "validation_state": "rejected"}]});
    assert_eq!(client.send(Method::PATCH, path).json(&body).send().await.unwrap().status(), 204);
    assert_eq!(client.get_ok(path).await["tasks"].as_array().unwrap().len(), 1);
    if cfg!(unix) {
        let own = std::process::id();
        let open = std::fs::read_dir(format!("/proc/{own}/fd")).into_iter().flatten().flatten();
        let names: Vec<_> =
            open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect();
        let left =
            names.iter().filter(|name| name.to_string_lossy().contains("taskferry-sandbox-"));
        assert!(left.clone().all(|name| !name.exists()), "{:?}", left.collect::<Vec<_>>());
    }
}

#[test]
fn a_mistyped_tenant_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let of = |tenant: Option<&str>, filled| SandboxOptions {
        tenants: tenant.iter().map(|name| name.parse().unwrap()).collect(),
        ..options(&path, filled, 3)
    };
    Sandbox::load(of(Some("acme"), Filled::Refuse)).unwrap();
    for (tenant, filled, says) in [
        (Some("amce"), Filled::Serve, "has no tenant `amce`; its tenants are acme"),
        (None, Filled::Replace, "has no tenant `sandbox`; its tenants are acme"),
        (None, Filled::Refuse, "has no tenant `sandbox`; its tenants are acme"),
    ] {
        let error = Sandbox::load(of(tenant, filled)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(Sandbox::load(of(None, Filled::Serve)).unwrap().jobs(), 3);
}

#[test]
fn an_unusable_file_is_reported_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (path, says) in [
        (folder.path().to_owned(), "it is a folder"),
        (folder.path().join("no/such/folder.db"), "its folder does not exist"),
        (":memory:".into(), "it is not a file name"),
        ("".into(), "it is not a file name"),
    ] {
        let error = Sandbox::load(options(&path, Filled::Serve, 1)).unwrap_err();
        assert!(matches!(error, SandboxError::Database { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn several_sandboxes_can_create_one_file_concurrently() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Sandbox::load(options(&path, Filled::Serve, 5))))
            .collect();
        for start in starts {
            match start.join().unwrap() {
                Ok(sandbox) => assert_eq!(sandbox.jobs(), 5),
                // Another thread was loading the file.
                Err(error) => {
                    assert!(error.to_string().contains("in use by another process"), "{error}");
                }
            }
        }
    });
}
