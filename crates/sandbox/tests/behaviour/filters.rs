//! The filters of the export.

use serde_json::{Value, json};

use crate::client::{Client, descriptions};

fn updated(operator: &str, value: &str) -> Value {
    json!({"filter": "last_updated", "value": value, "operator": operator})
}

/// One job for each time, named after its day and hour in UTC.
fn jobs() -> Vec<Value> {
    let times = [
        ("d1-00", "2022-01-01"),
        ("d1-12", "2022-01-01T12:00:00Z"),
        ("d2-00", "2022-01-02T00:00:00+00:00"),
        ("d2-13", "2022-01-02T15:00:00.500+02:00"),
        ("d3-00", "2022-01-03T00:00:00"),
    ];
    // Jobs are ordered by creation; updates do not change the order.
    times
        .iter()
        .rev()
        .map(|(id, time)| {
            json!({"external_id": id, "job_family_id": &id[..2], "last_updated": time, "tasks": []})
        })
        .collect()
}

async fn ids(client: &Client, filters: Value) -> Vec<String> {
    let records = client.all("", &json!({"filters": filters}), 2).await;
    records.iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn last_updated_supports_every_operator() {
    let client = Client::with_jobs(&jobs()).await;
    for (operator, value, expected) in [
        ("lt", "2022-01-02", vec!["d1-12", "d1-00"]),
        ("lte", "2022-01-02", vec!["d2-13", "d2-00", "d1-12", "d1-00"]),
        ("eq", "2022-01-02", vec!["d2-13", "d2-00"]),
        ("gte", "2022-01-02", vec!["d3-00", "d2-13", "d2-00"]),
        ("gt", "2022-01-02", vec!["d3-00"]),
        ("lt", "2022-01-01T12:00:00Z", vec!["d1-00"]),
        ("lte", "2022-01-01T12:00:00Z", vec!["d1-12", "d1-00"]),
        ("eq", "2022-01-01T12:00:00Z", vec!["d1-12"]),
        ("eq", "2022-01-02T13:00:00.500Z", vec!["d2-13"]),
        ("eq", "2022-01-02T13:00:00Z", vec![]),
        ("gte", "2022-01-02T15:00:00.500+02:00", vec!["d3-00", "d2-13"]),
        ("gt", "2022-01-02T13:00:00.5", vec!["d3-00"]),
        ("gt", "9999-12-31", vec![]),
        ("lt", "0001-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(
            ids(&client, json!([updated(operator, value)])).await,
            expected,
            "{operator} {value}"
        );
    }
}

#[tokio::test]
async fn a_date_can_be_set_to_mean_midnight() {
    let client = Client::with_settings(&jobs(), &["date_value=midnight"]).await;
    for (operator, expected) in [
        ("lte", vec!["d2-00", "d1-12", "d1-00"]),
        ("eq", vec!["d2-00"]),
        ("gt", vec!["d3-00", "d2-13"]),
    ] {
        assert_eq!(
            ids(&client, json!([updated(operator, "2022-01-02")])).await,
            expected,
            "{operator}"
        );
    }
}

#[tokio::test]
async fn several_filters_are_combined_with_and() {
    let client = Client::with_jobs(&jobs()).await;
    let families = json!({"filter": "job_family_id_is_in_list", "job_family_ids": ["d1", "d2"]});
    for (filters, expected) in [
        (
            json!([updated("gte", "2022-01-01T12:00:00Z"), updated("lt", "2022-01-03")]),
            vec!["d2-13", "d2-00", "d1-12"],
        ),
        (
            json!([
                families,
                updated("gt", "2022-01-01T00:00:00Z"),
                updated("lt", "2022-01-02T13:00:00Z")
            ]),
            vec!["d2-00", "d1-12"],
        ),
        (json!([updated("gt", "2022-01-02"), updated("lt", "2022-01-02")]), vec![]),
    ] {
        assert_eq!(ids(&client, filters.clone()).await, expected, "{filters}");
    }
}

#[tokio::test]
async fn an_invalid_last_updated_filter_is_reported() {
    let client = Client::with_jobs(&jobs()).await;
    let whole = updated("lt", "2022-01-01");
    let with = |key: &str, value: Value| {
        let mut filter = whole.clone();
        filter[key] = value;
        filter.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        filter
    };
    for (filter, says) in [
        (with("operator", Value::Null), "`filters[0].operator` is required"),
        (
            with("operator", json!("ne")),
            "`filters[0].operator`: `ne` is not one of eq, lt, lte, gt, gte",
        ),
        (with("operator", json!(["lt"])), "`filters[0].operator`: an array"),
        (with("value", Value::Null), "`filters[0].value` is required"),
        (with("value", json!(2022)), "`filters[0].value` must be a date"),
        (with("value", json!("last week")), "it is `last week`"),
        (with("value", json!("2022-02-30")), "it is `2022-02-30`"),
        (with("field", json!("x")), "`filters[0].field`: there is no such field in `last_updated`"),
    ] {
        let answer = client.export("", &json!({"limit": 5, "filters": [filter]})).await;
        assert_eq!(answer.0, 400);
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{filter}: {found:?}");
    }
}

#[tokio::test]
async fn the_default_update_time_is_the_load_time() {
    let client = Client::with_jobs(&[json!({"external_id": "j1", "tasks": []})]).await;
    assert_eq!(ids(&client, json!([updated("gt", "2026-01-01")])).await, ["j1"]);
    assert_eq!(ids(&client, json!([updated("gt", "2200-01-01")])).await, [""; 0]);
    // Generated jobs have fixed times.
    let client = Client::generated(50).await;
    let early = ids(&client, json!([updated("lt", "2022-01-02")])).await;
    assert!(early.len() > 10 && early.len() < 50, "{early:?}");
}
