//! Order, cursors and filters.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::client::{Client, descriptions, task};

fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["external_id"].as_str().unwrap()).collect()
}

fn families(ids: &[&str]) -> Value {
    json!({"filter": "job_family_id_is_in_list", "job_family_ids": ids})
}

#[tokio::test]
async fn jobs_are_ordered_by_age_not_by_id() {
    let jobs = ["z", "a", "m", "B"]
        .map(|id| json!({"external_id": id, "tasks": [task("t", "suggested")]}));
    let client = Client::with_jobs(&jobs).await;
    assert_eq!(ids(&client.all("", &json!({}), 3).await), ["z", "a", "m", "B"]);
}

#[tokio::test]
async fn a_page_that_ends_at_the_last_job_has_no_next_page() {
    let client = Client::generated(100).await;
    let page = client.page("", &json!({"limit": 100})).await;
    assert_eq!(page["has_next"], false);
    let page = client.page("", &json!({"limit": 50})).await;
    let order: Vec<_> = page.as_object().unwrap().keys().collect();
    assert_eq!(order, ["has_next", "records", "next_starting_after"]);
    let page =
        client.page("", &json!({"limit": 50, "starting_after": page["next_starting_after"]})).await;
    assert_eq!((&page["has_next"], page.get("next_starting_after")), (&json!(false), None));
    assert_eq!(page["records"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_page_after_the_last_job_or_without_any_jobs_is_empty() {
    let empty = json!({"has_next": false, "records": []});
    let client = Client::generated(3).await;
    assert_eq!(client.page("", &json!({"limit": 5, "starting_after": "job-000003"})).await, empty);
    let client = Client::generated(0).await;
    assert_eq!(client.page("", &json!({"limit": 5})).await, empty);
}

#[tokio::test]
async fn a_cursor_without_a_job_is_404() {
    let client = Client::generated(3).await;
    for cursor in ["job-000004", "' OR 1=1 --", "東京", "\u{0}"] {
        let answer = client.export("", &json!({"limit": 5, "starting_after": cursor})).await;
        assert_eq!(answer.0, 404);
        assert!(descriptions(&answer)[0].starts_with("`starting_after`"));
    }
}

#[tokio::test]
async fn the_family_filter_keeps_the_order_and_the_cursor() {
    let job = |id: &str, family: Option<&str>| json!({"external_id": id, "job_family_id": family, "tasks": []});
    let jobs = [
        job("1", Some("a")),
        job("2", Some("b")),
        job("3", None),
        job("4", Some("a")),
        job("5", Some("c")),
        job("6", Some("b")),
    ];
    let client = Client::with_jobs(&jobs).await;
    for (filters, expected) in [
        (json!([]), vec!["1", "2", "3", "4", "5", "6"]),
        (json!([families(&["a"])]), vec!["1", "4"]),
        (json!([families(&["b", "a", "b"])]), vec!["1", "2", "4", "6"]),
        (json!([families(&["a", "b"]), families(&["b", "c"])]), vec!["2", "6"]),
        (json!([families(&["a"]), families(&["b"])]), vec![]),
        (json!([families(&["nobody"])]), vec![]),
        (json!([families(&[])]), vec![]),
    ] {
        for limit in 1..=7 {
            let records = client.all("", &json!({"filters": filters}), limit).await;
            assert_eq!(ids(&records), expected, "{filters} by {limit}");
        }
    }
    // The cursor need not pass the filter.
    let body = json!({"limit": 5, "starting_after": "3", "filters": [families(&["b"])]});
    assert_eq!(ids(client.page("", &body).await["records"].as_array().unwrap()), ["6"]);
}

#[test]
fn pages_of_any_size_add_up_to_one_export() {
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(Client::generated(137));
    let whole =
        |filters: &Value| runtime.block_on(client.all("", &json!({"filters": filters}), 100));
    let filters =
        [json!([]), json!([families(&["legal", "engineering", "finance", "human-resources"])])];
    let expected = filters.each_ref().map(whole);
    assert_eq!(expected[0].len(), 137);
    assert!(!expected[1].is_empty() && expected[1].len() < 137);

    proptest!(ProptestConfig::with_cases(24), |(limit in 1_usize..=100, which in 0_usize..2)| {
        let paged = runtime.block_on(client.all("", &json!({"filters": filters[which]}), limit));
        prop_assert_eq!(&paged, &expected[which]);
    });
}
