//! Invalid export requests and their error responses.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::client::{Client, EXPORT, descriptions, read};

#[tokio::test]
async fn only_tokens_of_the_sandbox_are_accepted() {
    let client = Client::generated(1).await;
    let url = format!("{}{EXPORT}", client.sandbox.url());
    for header in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer nonsense"),
        Some("Basic abc"),
    ] {
        let mut request = client.http.post(&url).json(&json!({"limit": 1}));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let answer = read(response).await;
        assert_eq!(answer.0, 401, "{header:?}");
        assert_eq!(answer.1[0]["title"], "401 Unauthorized");
        assert_eq!(descriptions(&answer).len(), 1);
    }
    let lower = client.http.post(&url).header("authorization", format!("bearer {}", client.token));
    assert_eq!(
        lower.json(&json!({"limit": 1})).send().await.unwrap().status(),
        200,
        "the scheme is case-insensitive"
    );
}

#[tokio::test]
async fn an_invalid_field_is_named() {
    let client = Client::generated(5).await;
    let long = "x".repeat(101);
    let cases = [
        (json!({}), "`limit` is required"),
        (json!({"limit": 0}), "`limit` must be a whole number from 1 to 100; it is `0`"),
        (json!({"limit": 101}), "`limit`"),
        (json!({"limit": -1}), "`limit`"),
        (json!({"limit": 1.5}), "`limit`"),
        (json!({"limit": "10"}), "it is the text `10`"),
        (json!({"limit": null}), "`limit`"),
        (json!({"limit": true}), "`limit`"),
        (json!({"limit": [1]}), "`limit`"),
        (json!({"limit": 5, "starting_after": long}), "`starting_after`"),
        (json!({"limit": 5, "starting_after": ""}), "`starting_after`"),
        (json!({"limit": 5, "starting_after": 7}), "`starting_after`"),
        (json!({"limit": 5, "include": "ai_impact"}), "`include` must be an array"),
        (
            json!({"limit": 5, "include": ["ai_impact", "hierarchy"]}),
            "`include`: `hierarchy` is not one of ai_impact",
        ),
        (json!({"limit": 5, "include": [5]}), "`include`: `5`"),
        (json!({"limit": 5, "filters": {}}), "`filters`"),
        (json!({"limit": 5, "filters": [1]}), "`filters[0]`"),
        (json!({"limit": 5, "filters": [{}]}), "`filters[0]` has no key `filter`"),
        (
            json!({"limit": 5, "filters": [{"filter": "custom_property", "property_name": "a"}]}),
            "`filters[0].filter`: `custom_property` is not supported; the supported filters are `job_family_id_is_in_list` and `last_updated`",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "is_active", "is_active": true}]}),
            "`is_active` is not supported",
        ),
        (json!({"limit": 5, "filters": [{"filter": 3}]}), "`filters[0].filter`: `3`"),
        (
            json!({"limit": 5, "filters": [{"filter": "job_family_id_is_in_list"}]}),
            "`filters[0].job_family_ids` is required",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": "legal"}]}),
            "`filters[0].job_family_ids`",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": [null]}]}),
            "`filters[0].job_family_ids[0]` must be a text",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": [], "value": 1}]}),
            "`filters[0].value`",
        ),
        (
            json!({"limit": 5, "filters": vec![json!({"filter": "job_family_id_is_in_list", "job_family_ids": []}); 21]}),
            "`filters`",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": vec!["x"; 1001]}]}),
            "`filters[0].job_family_ids`",
        ),
        (json!({"limit": 5, "cursor": "x"}), "`cursor`"),
        (json!([]), "JSON object"),
        (json!("limit"), "JSON object"),
    ];
    for (body, says) in cases {
        let answer = client.export("", &body).await;
        assert_eq!(answer.0, 400, "{body}");
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{body}: {found:?}");
    }
}

#[tokio::test]
async fn an_invalid_query_is_reported() {
    let client = Client::generated(1).await;
    for (query, says) in [
        ("?response_format=tree", "`response_format`: `tree` is not one of list, hierarchy"),
        ("?response_format=", "`response_format`"),
        (
            "?external_vendor=oracle",
            "`oracle` is not one of techwolf, workday, sap_attribute_library",
        ),
        ("?include=ai_impact", "`include`: there is no such parameter"),
        ("?response_format=list&response_format=list", "more than once"),
        ("?%FF=%FF", "there is no such parameter"),
    ] {
        let answer = client.export(query, &json!({"limit": 1})).await;
        assert_eq!(answer.0, 400, "{query}");
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{query}: {found:?}");
    }
}

#[tokio::test]
async fn all_errors_are_reported_at_once() {
    let client = Client::generated(1).await;
    let body =
        json!({"limit": 0, "starting_after": 1, "include": ["a", "b"], "filters": [{}], "x": 1});
    let found = descriptions(&client.export("?external_vendor=oracle", &body).await);
    assert_eq!(found.len(), 7, "{found:?}");
}

#[tokio::test]
async fn long_values_are_truncated_in_descriptions() {
    let client = Client::generated(1).await;
    let many: Vec<_> = (0..1000).map(|index| format!("{index}{}", "x".repeat(500))).collect();
    let answer = client.export("", &json!({"limit": 1, "include": many})).await;
    assert_eq!(answer.0, 400);
    assert!(answer.1.to_string().len() < 4_000);
}

#[tokio::test]
async fn a_body_must_be_json_of_bounded_size() {
    let client = Client::generated(1).await;
    let body = r#"{"limit": 1}"#;
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"]
    {
        let response =
            client.request("").header("content-type", kind).body(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{kind}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "json", ""] {
        let response =
            client.request("").header("content-type", kind).body(body).send().await.unwrap();
        let answer = read(response).await;
        assert_eq!(answer.0, 415, "{kind}");
        descriptions(&answer);
    }
    let answer = read(client.request("").body(body).send().await.unwrap()).await;
    assert_eq!(answer.0, 415, "no content type");

    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    for (length, status) in [(1024 * 1024, 200), (1024 * 1024 + 1, 413), (8 * 1024 * 1024, 413)] {
        let request = client.request("").header("content-type", "application/json");
        let answer = read(request.body(padded(length)).send().await.unwrap()).await;
        assert_eq!(answer.0, status);
    }
    for text in ["", "{", "{'limit': 1}", "\u{0}"] {
        let request = client.request("").header("content-type", "application/json");
        let answer = read(request.body(text).send().await.unwrap()).await;
        assert_eq!(answer.0, 400);
        assert!(descriptions(&answer)[0].contains("not JSON"));
    }
}

#[tokio::test]
async fn unknown_paths_are_refused_in_the_same_format() {
    let client = Client::generated(1).await;
    let url = client.sandbox.url();
    for path in ["/job_architecture", "/job_architecture/export/jobs/task_profiles/", "/%ff%00"] {
        let answer = read(client.http.post(format!("{url}{path}")).send().await.unwrap()).await;
        assert_eq!(answer.0, 404);
        assert!(descriptions(&answer)[0].contains(EXPORT));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["ai_impact", "job-000002", "legal", "job_family_id_is_in_list"])
            .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "limit",
        "starting_after",
        "include",
        "filters",
        "filter",
        "job_family_ids",
        "x",
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
    ]);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5).prop_map(
                |members| Value::Object(
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
                )
            ),
        ]
    })
}

#[test]
fn no_body_or_query_causes_a_server_error() {
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(Client::generated(5));
    let body = prop_oneof![
        any_json().prop_map(|value| value.to_string().into_bytes()),
        any_json().prop_map(|value| json!({"limit": 3, "starting_after": value})
            .to_string()
            .into_bytes()),
        any_json().prop_map(|value| json!({"limit": 3, "filters": value}).to_string().into_bytes()),
        any_json().prop_map(|value| json!({"limit": 3, "include": value}).to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..60),
    ];
    let query = "(\\?(response_format|external_vendor|x)?=?[a-z%=&+0-9]{0,12})?";
    proptest!(ProptestConfig::with_cases(400), |(body in body, query in query)| {
        let status = runtime.block_on(async {
            let request = client.request(&query).header("content-type", "application/json").body(body);
            read(request.send().await.unwrap()).await.0
        });
        prop_assert!([200, 400, 404].contains(&status.as_u16()), "{}", status);
    });
}
