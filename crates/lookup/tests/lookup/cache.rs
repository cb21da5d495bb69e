//! Answers that are kept.

use std::time::Duration;

use taskferry_sdk::serde_json::json;
use tokio::time::advance;

use crate::driver::{Fake, page, titles};

#[tokio::test]
async fn answers_are_kept_also_those_of_unknown_keys() {
    let service = Fake::new(1, |mut keys| async move {
        keys.retain(|key| key != "unknown");
        Ok(titles(keys))
    });
    let transform = service.open(&json!({})).await;
    for _ in 0..3 {
        assert_eq!(page(&*transform, ["a", "unknown"]).await.ok(), ["title of a", "null"]);
    }
    assert_eq!(service.requests().len(), 2);
    let cached = page(&*transform, ["a"]).await.counters.get("cached");
    assert_eq!(cached, 1);
}

#[tokio::test]
async fn the_oldest_answers_make_room_for_new_ones() {
    let service = Fake::titles(1);
    let transform = service.open(&json!({"cache_entries": 2, "concurrency": 1})).await;
    for key in ["a", "b", "a", "c", "b", "a"] {
        page(&*transform, [key]).await.ok();
    }
    assert_eq!(service.requests().concat(), ["a", "b", "c", "a"]);
}

#[tokio::test]
async fn without_a_cache_each_page_asks_again_but_each_record_does_not() {
    let service = Fake::titles(10);
    let transform = service.open(&json!({"cache_entries": 0})).await;
    for _ in 0..2 {
        page(&*transform, ["a", "a", "b"]).await.ok();
    }
    assert_eq!(service.requests(), [["a", "b"], ["a", "b"]]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_requested_again_after_cache_age() {
    let service = Fake::titles(1);
    let transform = service.open(&json!({"cache_age": "1m"})).await;
    page(&*transform, ["a"]).await.ok();
    advance(Duration::from_secs(59)).await;
    page(&*transform, ["a", "b"]).await.ok();
    assert_eq!(service.requests().concat(), ["a", "b"]);
    advance(Duration::from_secs(1)).await;
    page(&*transform, ["a", "b"]).await.ok();
    assert_eq!(service.requests().concat(), ["a", "b", "a"]);
}
