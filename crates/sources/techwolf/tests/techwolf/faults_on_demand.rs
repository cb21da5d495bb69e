//! Against a sandbox with injected faults: the export is complete, or it fails.

use serde_json::{Value, json};
use taskferry_sandbox::{Faults, RunningSandbox, SandboxOptions};
use taskferry_sdk::{ErrorKind, StageError};

use crate::sandbox::{options, read, records, sandbox_with, settings};
use crate::tenant::{Listing, opened, read_all};

const JOBS: u32 = 30;

async fn faulty(faults: &[&str], assignments: &[&str]) -> RunningSandbox {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let faults = Faults { faults, seed: 7 };
    let settings = settings(assignments);
    sandbox_with(JOBS, SandboxOptions { faults, settings, ..SandboxOptions::default() }).await
}

fn asked() -> Value {
    json!({
        "limit": 5,
        "include": ["ai_impact", "linked_skills"],
        "retry": {"initial_delay": "1ms", "max_delay": "5ms"},
    })
}

/// The export without faults.
async fn complete_export() -> Listing {
    read(&faulty(&[], &[]).await, &asked()).await
}

/// Checks that the export with this fault equals the one without.
async fn assert_complete_despite(faults: &[&str], retries: u64) {
    let sandbox = faulty(faults, &[]).await;
    let mut source = opened(&options(&sandbox, &asked())).await;
    let listing = read_all(&mut *source).await;
    assert_eq!(listing.jobs().len(), JOBS as usize, "{faults:?}");
    assert_eq!(records(&listing), records(&complete_export().await), "{faults:?}");
    assert_eq!(source.statistics().retries, retries, "{faults:?}");
}

async fn fails_with(fault: &str, assignments: &[&str]) -> StageError {
    let listing = read(&faulty(&[fault], assignments).await, &asked()).await;
    listing.error.unwrap_or_else(|| panic!("{fault} went unnoticed"))
}

#[tokio::test]
async fn a_429_with_any_retry_after_is_retried() {
    for fault in ["429@3", "429@3:retry-after=0", "429@3:retry-after=1", "429@3:retry-after=date"] {
        assert_complete_despite(&[fault], 1).await;
    }
    assert_complete_despite(&["429@1-3"], 3).await;
}

#[tokio::test]
async fn stuck_pages_are_retried() {
    for fault in ["stuck-page@1", "stuck-page@3"] {
        assert_complete_despite(&[fault], 1).await;
    }
    assert_eq!(fails_with("stuck-page@2-", &[]).await.kind(), ErrorKind::NoProgress);
}

#[tokio::test]
async fn server_errors_of_every_format_are_retried() {
    for status in ["500", "502", "503", "504", "503:retry-after=0"] {
        let fault = status
            .split_once(':')
            .map_or(format!("{status}@2"), |(status, option)| format!("{status}@2:{option}"));
        assert_complete_despite(&[&fault], 1).await;
    }
    for status in ["500", "502", "503", "504"] {
        assert_complete_despite(&[&format!("{status}-html@2")], 1).await;
    }
    assert_complete_despite(&["503@1:on=token", "429@2:on=token:retry-after=0"], 2).await;
}

#[tokio::test]
async fn truncated_bodies_are_retried_and_slow_ones_are_read() {
    assert_complete_despite(&["cut@4"], 1).await;
    assert_complete_despite(&["cut@1", "cut@3-4"], 3).await;
    assert_complete_despite(&["slow=300ms@4"], 0).await;
    assert_complete_despite(&["latency=20ms"], 0).await;
}

#[tokio::test]
async fn a_token_that_expires_during_the_run_is_renewed() {
    assert_complete_despite(&["expired-token@3"], 1).await;
    assert_complete_despite(&["expired-token@1", "expired-token@5"], 2).await;
}

#[tokio::test]
async fn an_empty_page_does_not_end_the_export() {
    assert_complete_despite(&["empty-page@2"], 0).await;
    assert_complete_despite(&["empty-page@1-3"], 0).await;
    assert_complete_despite(&["empty-page@6"], 0).await;
}

#[tokio::test]
async fn an_export_survives_many_faults_at_once() {
    let sandbox = faulty(&["503%30", "cut%20", "429%10:retry-after=0"], &[]).await;
    let listing = read(&sandbox, &asked()).await;
    assert_eq!(records(&listing), records(&complete_export().await));
}

#[tokio::test]
async fn a_repeated_page_fails_the_export() {
    for fault in ["repeated-page@3", "looping-cursor@3", "looping-cursor@5-"] {
        let error = fails_with(fault, &[]).await;
        assert_eq!(error.kind(), ErrorKind::NoProgress, "{fault}: {error:?}");
    }
}

#[tokio::test]
async fn a_deleted_cursor_fails_the_export_with_a_hint() {
    let error = fails_with("deleted-cursor@3", &[]).await;
    let text = format!("{error:?}");
    assert!(text.contains("404") && text.contains("may have been deleted"), "{text}");
    fails_with("deleted-cursor@3", &["unknown_cursor=400"]).await;
    let error = fails_with("deleted-cursor@3", &["unknown_cursor=start"]).await;
    assert_eq!(error.kind(), ErrorKind::NoProgress, "{error:?}");
}

#[tokio::test]
async fn unknown_fields_and_levels_are_passed_on() {
    let listing = read(&faulty(&["extra-fields", "unknown-levels"], &[]).await, &asked()).await;
    assert_eq!(listing.jobs(), complete_export().await.jobs());
    let text: String = records(&listing).iter().map(|record| record.to_json()).collect();
    assert!(text.contains(r#""values":[1,2.50,null,{"deep":true}]"#), "{text}");
    assert!(text.contains(r#""level":"H6""#) && !text.contains(r#""level":"H1""#));
}
