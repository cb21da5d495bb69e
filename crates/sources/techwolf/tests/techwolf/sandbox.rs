//! Against the sandbox, which responds as TechWolf's documentation describes.

use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, RunningSandbox, Sandbox, SandboxOptions, SandboxSettings};
use taskferry_sdk::{ErrorKind, Record};
use taskferry_testkit::merged;

use crate::tenant::{Listing, opened, read_all};

async fn sandbox(jobs: u32) -> RunningSandbox {
    sandbox_with(jobs, SandboxOptions::default()).await
}

pub(crate) async fn sandbox_with(jobs: u32, options: SandboxOptions) -> RunningSandbox {
    let data = DataOrigin::Generated { jobs, seed: 3 };
    let sandbox = Sandbox::load(SandboxOptions { data, ..options }).unwrap();
    sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap()
}

pub(crate) fn settings(assignments: &[&str]) -> SandboxSettings {
    let mut settings = SandboxSettings::default();
    for assignment in assignments {
        settings.set(assignment).unwrap();
    }
    settings
}

pub(crate) fn options(sandbox: &RunningSandbox, more: &Value) -> Value {
    let credentials = sandbox.credentials();
    let options = json!({
        "url": sandbox.url(),
        "auth": {
            "token_url": credentials.token_url,
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret.expose(),
            "audience": credentials.audience,
            "tenant": credentials.tenant,
        },
    });
    merged(options, more)
}

pub(crate) async fn read(sandbox: &RunningSandbox, more: &Value) -> Listing {
    read_all(&mut *opened(&options(sandbox, more)).await).await
}

pub(crate) fn records(listing: &Listing) -> Vec<&Record> {
    let records = listing.pages.iter().flat_map(|page| &page.records);
    records.map(|record| &record.record).collect()
}

#[tokio::test]
async fn small_pages_return_the_records_of_one_page() {
    let sandbox = sandbox(45).await;
    let include = json!(["ai_impact", "linked_skills", "weekly_hours", "source_data"]);
    for format in ["list", "hierarchy"] {
        let more = |limit| json!({"limit": limit, "include": include, "response_format": format});
        let (small, whole) = (read(&sandbox, &more(7)).await, read(&sandbox, &more(100)).await);
        assert_eq!((small.pages.len(), whole.pages.len(), whole.jobs().len()), (7, 1, 45));
        assert_eq!(records(&small), records(&whole));
    }
}

#[tokio::test]
async fn an_inactive_vendor_is_reported_with_the_message_of_the_server() {
    let settings = settings(&["vendors=techwolf"]);
    let options = SandboxOptions { settings, ..SandboxOptions::default() };
    let sandbox = sandbox_with(1, options).await;
    let listing = read(&sandbox, &json!({"external_vendor": "workday"})).await;
    let error = listing.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.full_message().contains("workday"), "{error}");
}

#[tokio::test]
async fn wrong_credentials_are_reported_with_the_message_of_the_issuer() {
    let sandbox = sandbox(1).await;
    let mut options = options(&sandbox, &json!({}));
    options["auth"]["client_secret"] = json!("wrong-4711");
    let error = opened(&options).await.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.full_message().contains("401 Unauthorized: access_denied"), "{error}");
    assert!(!format!("{error:?}").contains("4711"));
}
