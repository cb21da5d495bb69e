//! Keys of several records in one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use taskferry_sdk::serde_json::json;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::driver::{Fake, page, titles};

#[tokio::test]
async fn a_thousand_records_need_ten_requests_of_a_hundred_keys() {
    let service = Fake::titles(100);
    let transform = service.open(&json!({})).await;
    let applied = page(&*transform, 0..1000).await;
    assert_eq!(applied.counters.get("requests"), 0, "the fake sends none");
    assert_eq!(applied.counters.get("lookups"), 1000);
    assert_eq!(applied.ok()[999], "title of 999");
    let sizes: Vec<usize> = service.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [100; 10]);
}

#[tokio::test]
async fn rows_of_the_same_jobs_fill_batches_with_different_keys() {
    let service = Fake::titles(50);
    let transform = service.open(&json!({})).await;
    let applied = page(&*transform, (0..2000).map(|row| row / 20)).await;
    let sizes: Vec<usize> = service.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [50; 2]);
    assert_eq!(applied.counters.get("cached"), 1900);
}

#[tokio::test]
async fn a_batch_that_no_record_can_fill_is_sent_at_once() {
    let service = Fake::titles(100);
    let transform = service.open(&json!({})).await;
    assert_eq!(page(&*transform, ["a", "b", "c"]).await.ok()[2], "title of c");
    assert_eq!(page(&*transform, ["d"]).await.ok(), ["title of d"]);
    assert_eq!(service.requests(), [vec!["a", "b", "c"], vec!["d"]]);
}

#[tokio::test]
async fn batch_limits_the_keys_of_a_request() {
    let service = Fake::titles(100);
    let transform = service.open(&json!({"batch": 2})).await;
    page(&*transform, ["a", "b", "c"]).await;
    let mut requests = service.requests();
    requests.sort();
    assert_eq!(requests, [vec!["a", "b"], vec!["c"]]);
}

/// Time is paused: the delays take no time, and happen in their order.
#[tokio::test(start_paused = true)]
async fn the_order_is_kept_whatever_the_delays_are() {
    let service = Fake::new(3, |keys| async {
        sleep(Duration::from_millis(fastrand::u64(..1000))).await;
        Ok(titles(keys))
    });
    let transform = service.open(&json!({"concurrency": 64})).await;
    let expected: Vec<String> = (0..500).map(|key| format!("title of {key}")).collect();
    assert_eq!(page(&*transform, 0..500).await.ok(), expected);
}

#[tokio::test(start_paused = true)]
async fn concurrency_limits_the_requests_in_progress() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let service = Fake::new(1, move |keys| {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        async move {
            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            sleep(Duration::from_millis(100)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(titles(keys))
        }
    });
    let transform = service.open(&json!({"concurrency": 5})).await;
    let start = Instant::now();
    page(&*transform, 0..20).await.ok();
    assert_eq!(highest.load(Ordering::SeqCst), 5);
    assert_eq!(start.elapsed().as_millis(), 400);
}

#[tokio::test]
async fn a_key_in_progress_is_not_asked_again_by_other_pages() {
    let answered = Arc::new(Notify::new());
    let until = Arc::clone(&answered);
    let service = Fake::new(10, move |keys| {
        let until = Arc::clone(&until);
        async move {
            until.notified().await;
            Ok(titles(keys))
        }
    });
    let transform = service.open(&json!({})).await;
    let pages = join_all((0..4).map(|_| page(&*transform, ["a", "a", "b"])));
    let release = async {
        while service.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        answered.notify_waiters();
        answered.notify_one();
    };
    let (pages, ()) = tokio::join!(pages, release);
    for applied in pages {
        assert_eq!(applied.ok(), ["title of a", "title of a", "title of b"]);
    }
    assert_eq!(service.requests(), [["a", "b"]]);
}

/// The engine drops the records of a page when one of them ends the run.
#[tokio::test]
async fn a_record_that_is_dropped_does_not_hold_up_the_others() {
    let service = Fake::titles(10);
    let transform = service.open(&json!({})).await;
    let mut first = Box::pin(page(&*transform, ["a"]));
    // The first record has opened the batch, and waits for others.
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = Box::pin(page(&*transform, ["b"]));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(second.await.ok(), ["title of b"]);
    assert_eq!(service.requests(), [["a", "b"]]);
}

#[tokio::test]
async fn answers_are_matched_by_key_not_by_order() {
    let service = Fake::new(10, |mut keys| async move {
        keys.reverse();
        keys.retain(|key| key != "unknown");
        keys.push("not asked for".to_owned());
        Ok(titles(keys))
    });
    let transform = service.open(&json!({})).await;
    let applied = page(&*transform, ["a", "unknown", "b"]).await;
    assert_eq!(applied.counters.get("not_found"), 1);
    assert_eq!(applied.ok(), ["title of a", "null", "title of b"]);
}

#[tokio::test]
async fn close_ends_the_requests() {
    let service = Fake::new(1, |_| std::future::pending());
    let transform = service.open(&json!({})).await;
    let closing = async {
        while service.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        transform.close().await;
    };
    let (applied, ()) = tokio::join!(page(&*transform, ["a"]), closing);
    let error = applied.only_error();
    assert_eq!((error.to_string().as_str(), error.is_fatal()), ("the lookup was cancelled", true));
}
