//! Many cursors return the records of one cursor.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::ErrorKind;
use taskferry_testkit::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::changing::{Changing, UNKNOWN, Unknown, id, jobs, position_after, read, shown};
use crate::tenant::{Tenant, build, page, run_in};

fn with(concurrency: u32, limit: u32) -> Value {
    json!({"concurrency": concurrency, "limit": limit})
}

/// Runs on a new runtime, because property tests are not async.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The deleted jobs: some scattered ones, and a range.
fn deleted() -> impl Strategy<Value = BTreeSet<usize>> {
    let some = prop::collection::btree_set(0_usize..700, 0..40);
    // Mostly jobs that are stored as cursors.
    let stored = prop::collection::btree_set((1_usize..8).prop_map(|n| n * 100 - 1), 0..6);
    let range = (0_usize..700, 0_usize..260).prop_map(|(from, many)| from..from + many);
    (some, stored, range)
        .prop_map(|(some, stored, range)| some.into_iter().chain(stored).chain(range).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn many_cursors_return_the_pages_of_one(
        before in 0_usize..700,
        deleted in deleted(),
        more in 0_usize..250,
        unknown in prop::sample::select(&UNKNOWN[..]),
        storing in prop::sample::select(&[7_u32, 30, 50, 100][..]),
        limit in prop::sample::select(&[9_u32, 25, 50, 64, 100][..]),
        concurrency in 2_u32..9,
        stop in any::<prop::sample::Index>(),
    ) {
        block_on(async {
            let tenant = Changing::with(before, unknown).await;
            tenant.read_in_folder(&with(1, storing)).await;
            tenant.delete(|job| deleted.contains(&job));
            tenant.create(more);
            let serial = tenant.serially(&with(1, limit)).await;
            // The run with one cursor stops after some pages, and resumes with several cursors.
            let done = position_after(&serial[..stop.index(serial.len())]);
            let source = tenant.source(&with(concurrency, limit));
            let state = run_in(tenant.folder());
            if done.pages > 0 {
                let rest = read(source, state, Some(&done)).await.unwrap();
                assert_eq!(shown(&rest), shown(&serial[stop.index(serial.len())..]));
            }
            let many = tenant.read_in_folder(&with(concurrency, limit)).await;
            assert_eq!(shown(&many), shown(&serial));
            assert_eq!(jobs(&many), tenant.ids());
        });
    }
}

/// A proxy that forwards requests only after the given number has arrived.
async fn gate(tenant: &Changing, together: Arc<Mutex<Option<Arc<Barrier>>>>) -> String {
    let gate = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", gate.local_addr().unwrap());
    let behind = tenant.url().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = gate.accept().await {
            let barrier = together.lock().unwrap().clone();
            let (behind, waiting) = (behind.clone(), Arc::clone(&together));
            tokio::spawn(async move {
                if let Some(barrier) = barrier
                    && barrier.wait().await.is_leader()
                {
                    *waiting.lock().unwrap() = None;
                }
                let mut server = TcpStream::connect(behind).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    url
}

#[tokio::test]
async fn all_cursors_are_requested_concurrently() {
    const CURSORS: u32 = 8;
    let tenant = Changing::with(800, Unknown::Empty).await;
    let together = Arc::default();
    let url = gate(&tenant, Arc::clone(&together)).await;
    tenant.read_in_folder(&json!({"url": url})).await;
    assert_eq!(tenant.requests(), 8);
    *together.lock().unwrap() = Some(Arc::new(Barrier::new(8)));
    let options = json!({"url": url, "concurrency": CURSORS});
    let reading = tenant.read_in_folder(&options);
    let pages = tokio::time::timeout(Duration::from_mins(1), reading).await.unwrap();
    assert_eq!(jobs(&pages), tenant.ids());
    assert_eq!(tenant.requests(), 17, "only the last page is requested once more");
}

#[tokio::test]
async fn stale_cursors_fall_back_to_one_cursor() {
    for unknown in UNKNOWN {
        let tenant = Changing::with(600, unknown).await;
        tenant.read_in_folder(&with(1, 100)).await;
        tenant.delete(|_| true);
        tenant.create(1000);
        let before = tenant.requests();
        let many = tenant.read_in_folder(&with(4, 100)).await;
        assert_eq!(jobs(&many), tenant.ids());
        // Ten pages, and the failed requests of five cursors.
        let asked = tenant.requests() - before;
        assert!((10..=20).contains(&asked), "{unknown:?}: {asked}");
        // The next run has stored cursors again.
        let again = tenant.read_in_folder(&with(4, 100)).await;
        assert_eq!(shown(&again), shown(&many));
        // The last page is requested once more.
        assert_eq!(tenant.requests() - before - asked, 11);
    }
}

#[tokio::test]
async fn cursors_are_used_only_for_the_listing_they_were_stored_for() {
    let tenant = Changing::with(500, Unknown::NotFound).await;
    let file = tenant.folder().join("cursors.ndjson");
    tenant.read_in_folder(&json!({})).await;
    let stored = fs::read_to_string(&file).unwrap();
    assert_eq!(stored.lines().count(), 5, "{stored}");
    assert!(stored.ends_with("[4,\"job-399\"]\n"), "{stored}");
    // Only the selection of jobs matters, not the included fields.
    for (more, requests) in [
        (json!({"include": ["ai_impact"], "response_format": "hierarchy"}), 6),
        (json!({"filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": ["f1"]}]}), 2),
    ] {
        let before = tenant.requests();
        let mut more = more;
        more["concurrency"] = json!(8);
        tenant.read_in_folder(&more).await;
        assert_eq!(tenant.requests() - before, requests, "{more}");
        assert_eq!(fs::read_to_string(&file).unwrap() == stored, requests == 6);
    }
}

#[tokio::test]
async fn a_damaged_cursor_file_only_costs_speed() {
    let tenant = Changing::with(950, Unknown::Beginning).await;
    let file = tenant.folder().join("cursors.ndjson");
    tenant.read_in_folder(&with(1, 50)).await;
    let whole = fs::read(&file).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let serial = shown(&tenant.serially(&with(1, 50)).await);
    let twice = [&whole[..], b"[19,\"job-99\"]\n"].concat();
    let others = b"{\"layout\":9}\n[1,\"job-99\"]\n".to_vec();
    let backwards: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let backwards = [&backwards[..1], &backwards[1..].iter().rev().copied().collect::<Vec<_>>()]
        .concat()
        .concat();
    for bytes in [&whole[..whole.len() - 5], &whole[..30], &twice, &others, &backwards, b""] {
        fs::write(&file, bytes).unwrap();
        let many = tenant.read_in_folder(&with(5, 50)).await;
        assert_eq!(shown(&many), serial, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_cursor_that_is_not_a_job_id_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let pages = [page(&["a", "b"], Some("opaque")), page(&["c"], Some("c")), page(&["d"], None)];
    let tenant = Tenant::answering(pages).await;
    let source = build(&tenant.options(&json!({"limit": 100}))).unwrap();
    read(source, run_in(folder.path()), None).await.unwrap();
    let stored = fs::read_to_string(folder.path().join("cursors.ndjson")).unwrap();
    assert_eq!(stored.lines().skip(1).collect::<Vec<_>>(), ["[2,\"c\"]"]);
}

#[tokio::test]
async fn an_incomplete_run_keeps_the_stored_cursors() {
    let tenant = Changing::with(850, Unknown::NotFound).await;
    let state = run_in(tenant.folder());
    let mut source = tenant.source(&with(1, 100));
    source.open(&state, None).await.unwrap();
    let mut pages = Vec::new();
    for _ in 0..5 {
        pages.push(source.next_page().await.unwrap().unwrap());
    }
    drop(source);
    assert!(!tenant.folder().join("cursors.ndjson").exists());
    // The last two pages were not delivered.
    pages.truncate(3);
    read(tenant.source(&with(1, 100)), state, Some(&position_after(&pages))).await.unwrap();
    let stored = fs::read_to_string(tenant.folder().join("cursors.ndjson")).unwrap();
    let expected: Vec<String> =
        (1..=8).map(|page| format!("[{page},\"{}\"]", id(page * 100 - 1))).collect();
    assert_eq!(stored.lines().skip(1).collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn all_cursors_share_one_rate_limit() {
    let tenant = Changing::with(800, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    let start = tokio::time::Instant::now();
    let options = json!({"concurrency": 8, "rate_limit": 0.5, "timeout": "1h"});
    tenant.read_in_folder(&options).await;
    // Eight pages, one every two seconds.
    assert!(start.elapsed() >= Duration::from_secs(14), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_error_of_the_next_page_is_returned() {
    let tenant = Changing::with(500, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    tenant.fail_after(id(199));
    let source = tenant.source(&with(4, 100));
    let error = read(source, run_in(tenant.folder()), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    let message = error.full_message();
    assert!(message.starts_with("the page after `job-199`: POST http://"), "{message}");
}

#[tokio::test]
async fn responses_to_an_unknown_cursor_are_not_used() {
    for unknown in UNKNOWN {
        for job in [199, 499] {
            let tenant = Changing::with(600, unknown).await;
            tenant.read_in_folder(&json!({})).await;
            tenant.forget_once(id(job));
            let pages = tenant.read_in_folder(&with(6, 100)).await;
            assert_eq!(jobs(&pages), tenant.ids(), "{unknown:?} {job}");
        }
    }
}

#[tokio::test]
async fn a_prefetch_is_not_retried_and_does_not_shrink_pages() {
    for status in [503, 504] {
        let tenant = Changing::with(600, Unknown::NotFound).await;
        tenant.read_in_folder(&json!({})).await;
        tenant.respond_once(id(299), Response::new(status, ""));
        let retry = json!({"initial_delay": "1h", "max_delay": "1h"});
        let options = json!({"concurrency": 4, "retry": retry});
        let reading = tenant.read_in_folder(&options);
        let pages = tokio::time::timeout(Duration::from_mins(1), reading).await.unwrap();
        assert_eq!(jobs(&pages), tenant.ids());
        assert!(tenant.limits().iter().all(|limit| *limit == 100), "{:?}", tenant.limits());
    }
}

#[tokio::test]
async fn each_cursor_repeats_the_request_for_a_stuck_empty_page() {
    let tenant = Changing::with(600, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    let parts = json!({"by": "job_family", "values": ["f0", "f1", "f2"]});
    for (after, options) in [
        (99, json!({"concurrency": 4})),
        (299, json!({"concurrency": 4})),
        (99, json!({"concurrency": 2, "partition": parts, "limit": 34})),
    ] {
        let cursor = id(after);
        tenant.respond_once(cursor.clone(), page(&[], Some(&cursor)));
        let mut found = jobs(&tenant.read_in_folder(&options).await);
        let mut expected = tenant.ids();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{options}");
    }
}

#[tokio::test]
async fn a_requested_delay_applies_to_all_cursors() {
    let tenant = Changing::with(800, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    let before = tenant.requests();
    tenant.respond_once(id(99), Response::new(429, "").header("retry-after", "1"));
    let options = json!({"concurrency": 4, "rate_limit": 10});
    let pages = tenant.read_in_folder(&options).await;
    assert_eq!(jobs(&pages), tenant.ids());
    // The second request got the delay; the third may have been in flight.
    let asked = tenant.request_times().split_off(before + 1);
    let wait = Duration::from_millis(950);
    let sooner = asked[1..].iter().filter(|at| at.duration_since(asked[0]) < wait).count();
    assert!(sooner <= 1, "{asked:?}");
}

#[tokio::test]
async fn a_resumed_run_stores_its_first_cursor() {
    let tenant = Changing::with(300, Unknown::NotFound).await;
    let state = run_in(tenant.folder());
    let mut source = tenant.source(&with(1, 30));
    source.open(&state, None).await.unwrap();
    let mut pages = Vec::new();
    for _ in 0..4 {
        pages.push(source.next_page().await.unwrap().unwrap());
    }
    drop(source);
    read(tenant.source(&with(1, 30)), state, Some(&position_after(&pages))).await.unwrap();
    let stored = fs::read_to_string(tenant.folder().join("cursors.ndjson")).unwrap();
    let stored: Vec<&str> = stored.lines().skip(1).collect();
    assert_eq!(stored, [r#"[3,"job-89"]"#, r#"[5,"job-149"]"#, r#"[8,"job-239"]"#]);
}
