//! Listings of jobs and job families, and the version.

use serde_json::{Value, json};

use crate::client::{Client, descriptions, read};

const JOBS: &str = "/job_architecture/jobs";
const FAMILIES: &str = "/job_architecture/job_families";

fn job(id: &str, family: Option<(&str, Option<&str>)>, updated: &str) -> Value {
    json!({"external_id": id, "job_name": format!("Name of {id}"), "job_family_id": family.map(|family| family.0),
        "job_family_name": family.and_then(|family| family.1), "last_updated": updated, "tasks": []})
}

fn jobs() -> [Value; 4] {
    [
        job("z", Some(("care", None)), "2022-03-01"),
        job("b", Some(("law", Some("Law"))), "2022-01-01T10:30:00Z"),
        job("a", Some(("care", Some("Care"))), "2022-03-01"),
        job("n", None, "2022-02-01"),
    ]
}

fn ids(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|entry| entry["external_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn jobs_are_listed_by_their_last_update() {
    let client = Client::with_jobs(&jobs()).await;
    let answer = client.get_ok(JOBS).await;
    assert_eq!(answer["count"], 4);
    assert_eq!(ids(&answer), ["b", "n", "a", "z"]);
    assert_eq!(
        answer["results"][0],
        json!({"external_id": "b", "job_name": "Name of b", "job_family_id": "law", "last_updated": "2022-01-01T10:30:00Z"})
    );
    assert_eq!(answer["results"][1]["job_family_id"], Value::Null);
    assert_eq!(client.get_ok(&format!("{JOBS}/b")).await, answer["results"][0]);

    let client = Client::with_settings(&jobs(), &["listing_order=created"]).await;
    assert_eq!(ids(&client.get_ok(JOBS).await), ["z", "b", "a", "n"]);
    assert_eq!(ids(&client.get_ok(FAMILIES).await), ["care", "law"]);
}

#[tokio::test]
async fn timestamps_are_listed_in_utc_however_they_are_written() {
    for (written, listed) in [
        ("2022-01-01", "2022-01-01T00:00:00Z"),
        ("2022-01-01T12:30:00Z", "2022-01-01T12:30:00Z"),
        ("2022-01-01T12:30:00", "2022-01-01T12:30:00Z"),
        ("2022-01-01 14:30:00.000+02:00", "2022-01-01T12:30:00Z"),
        ("2022-01-01T12:30", "2022-01-01T12:30:00Z"),
        ("2021-01-21T17:32:28.25Z", "2021-01-21T17:32:28.25Z"),
    ] {
        let client = Client::with_jobs(&[job("a", None, written)]).await;
        assert_eq!(client.get_ok(&format!("{JOBS}/a")).await["last_updated"], listed, "{written}");
    }
}

#[tokio::test]
async fn families_are_listed_with_their_names() {
    let client = Client::with_jobs(&jobs()).await;
    let answer = client.get_ok(FAMILIES).await;
    let care = json!({"external_id": "care", "job_family_name": "Care", "last_updated": "2022-03-01T00:00:00Z"});
    let law = json!({"external_id": "law", "job_family_name": "Law", "last_updated": "2022-01-01T10:30:00Z"});
    assert_eq!(answer, json!({"count": 2, "results": [law, care]}));
    assert_eq!(client.get_ok(&format!("{FAMILIES}/care")).await, care);

    let nameless = Client::with_jobs(&[job("a", Some(("care", None)), "2022-03-01")]).await;
    assert_eq!(nameless.get_ok(FAMILIES).await["results"][0]["job_family_name"], "care");
}

#[tokio::test]
async fn every_entry_is_on_exactly_one_page() {
    let client = Client::generated(230).await;
    for (limit, pages) in [(7, 33), (100, 3), (200, 2)] {
        let mut found = Vec::new();
        for page in 0..pages {
            let answer =
                client.get_ok(&format!("{JOBS}?limit={limit}&offset={}", page * limit)).await;
            assert_eq!(answer["count"], 230);
            found.extend(ids(&answer).into_iter().map(str::to_owned));
        }
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 230);
    }
    assert_eq!(ids(&client.get_ok(JOBS).await).len(), 100);
    assert_eq!(ids(&client.get_ok(&format!("{JOBS}?offset=9223372036854775807")).await), [""; 0]);
}

#[tokio::test]
async fn an_invalid_listing_request_is_reported() {
    let client = Client::with_jobs(&jobs()).await;
    for path in [JOBS, FAMILIES] {
        for (query, says) in [
            ("?limit=0", "`limit` must be a whole number from 1 to 200; it is `0`"),
            ("?limit=201", "`limit`"),
            ("?limit=ten", "`limit`"),
            ("?limit=%2B5", "`limit`"),
            ("?limit=", "`limit`"),
            ("?offset=-1", "`offset`"),
            ("?offset=9223372036854775808", "`offset`"),
            ("?limit=1&limit=1", "more than once"),
            ("?page=2", "`page`: there is no such parameter"),
        ] {
            let answer = client.get(&format!("{path}{query}")).await;
            assert_eq!(answer.0, 400, "{query}");
            let found = descriptions(&answer);
            assert!(found.len() == 1 && found[0].contains(says), "{query}: {found:?}");
        }
        let answer = client.get(&format!("{path}/nobody")).await;
        assert_eq!(answer.0, 404);
        assert!(descriptions(&answer)[0].contains("external_id `nobody`"));
    }
    assert_eq!(client.get(&format!("{JOBS}/b?include=x")).await.0, 400);
}

#[tokio::test]
async fn the_version_endpoint_accepts_a_token_of_any_scope() {
    let mut client = Client::generated(1).await;
    client.token = client.new_token(json!({"scopes": ["read_reports"]})).await;
    assert!(client.get_ok("/version").await["version"].is_string());
    assert_eq!(client.get(JOBS).await.0, 403);
    let response =
        client.http.get(format!("{}/version", client.sandbox.url())).send().await.unwrap();
    assert_eq!(read(response).await.0, 401);
}
