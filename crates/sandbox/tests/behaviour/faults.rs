//! Injected faults as a client sees them.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, Faults, SandboxOptions};

use crate::client::{Client, EMPLOYEES, EXPORT, descriptions, read, settings_of};

async fn faulty(faults: &[&str], assignments: &[&str]) -> Client {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let data = DataOrigin::Generated { jobs: 10, seed: 3 };
    let (faults, settings) = (Faults { faults, seed: 7 }, settings_of(assignments));
    Client::of(SandboxOptions { data, faults, settings, ..SandboxOptions::default() }).await
}

async fn send(client: &Client, body: &Value) -> Response {
    client.request("").json(body).send().await.unwrap()
}

/// An export request that selects a fault with its header.
async fn asking(client: &Client, fault: &str, body: &Value) -> Response {
    client.request("").header("x-sandbox-fault", fault).json(body).send().await.unwrap()
}

fn ids(page: &Value) -> Vec<&str> {
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["external_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_fault_affects_the_configured_request() {
    let client = faulty(&["429@2", "503@3-4", "500@6-"], &[]).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(send(&client, &json!({"limit": 1})).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 429, 503, 503, 200, 500, 500, 500]);
}

#[tokio::test]
async fn random_faults_depend_only_on_the_seed() {
    let outcome = async |seed| {
        let faults = Faults { faults: vec!["503%40".parse().unwrap()], seed };
        let data = DataOrigin::Generated { jobs: 10, seed: 3 };
        let client = Client::of(SandboxOptions { data, faults, ..SandboxOptions::default() }).await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(send(&client, &json!({"limit": 1})).await.status().as_u16());
        }
        statuses
    };
    let first = outcome(7).await;
    assert_eq!(outcome(7).await, first);
    assert_ne!(outcome(8).await, first);
    let failed = first.iter().filter(|status| **status == 503).count();
    assert!((8..=24).contains(&failed), "{failed} of 40");
}

#[tokio::test]
async fn error_responses_have_the_configured_format() {
    let client =
        faulty(&["429@1:retry-after=7", "429@2:retry-after=date", "503-html@3", "429@4"], &[])
            .await;
    let body = json!({"limit": 1});
    let first = send(&client, &body).await;
    assert_eq!(first.headers()["retry-after"], "7");
    descriptions(&read(first).await);
    let second = send(&client, &body).await;
    let date =
        httpdate::parse_http_date(second.headers()["retry-after"].to_str().unwrap()).unwrap();
    assert!(date.duration_since(std::time::SystemTime::now()).unwrap() <= Duration::from_secs(2));
    let third = send(&client, &body).await;
    assert!(third.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(third.text().await.unwrap().contains("503 Service Unavailable"));
    assert!(!send(&client, &body).await.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn the_token_endpoint_can_fail_too() {
    let client = faulty(&["503@2:on=token", "429@3:on=token"], &[]).await;
    for (status, error) in [(503, "server_error"), (429, "too_many_requests")] {
        let (got, answer) = client.ask_for_token(json!({})).await;
        assert_eq!((got.as_u16(), answer["error"].as_str()), (status, Some(error)));
    }
    assert_eq!(client.ask_for_token(json!({})).await.0, 200);
    assert_eq!(send(&client, &json!({"limit": 1})).await.status(), 200);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_content_length() {
    let client = faulty(&["cut@1"], &[]).await;
    let mut response = send(&client, &json!({"limit": 5})).await;
    assert_eq!(response.status(), 200);
    let promised = response.content_length().unwrap();
    let mut got = 0;
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got += chunk.len() as u64,
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && got < promised, "{got} of {promised}");
    client.page("", &json!({"limit": 5})).await;
}

#[tokio::test]
async fn a_late_or_slow_response_is_complete() {
    let client = faulty(&["latency=150ms@1", "slow=200ms@2"], &[]).await;
    for _ in 0..2 {
        let begun = Instant::now();
        assert_eq!(ids(&client.page("", &json!({"limit": 3})).await).len(), 3);
        assert!(begun.elapsed() >= Duration::from_millis(140));
    }
}

#[tokio::test]
async fn an_expired_token_stays_expired() {
    let mut client = faulty(&["expired-token@2"], &[]).await;
    client.page("", &json!({"limit": 1})).await;
    for _ in 0..2 {
        let refused = client.export("", &json!({"limit": 1})).await;
        assert_eq!(refused.0, 401);
        assert!(descriptions(&refused)[0].contains("expired"));
    }
    client.token = client.new_token(json!({})).await;
    client.page("", &json!({"limit": 1})).await;
}

#[tokio::test]
async fn a_repeated_page_equals_the_preceding_one() {
    let client = faulty(&["repeated-page@3"], &[]).await;
    let first = client.page("", &json!({"limit": 2})).await;
    let second = client.page("", &json!({"limit": 2, "starting_after": ids(&first)[1]})).await;
    let third = client.page("", &json!({"limit": 2, "starting_after": ids(&second)[1]})).await;
    assert_eq!(third, second);
    let again = client.page("", &json!({"limit": 2, "starting_after": ids(&second)[1]})).await;
    assert_ne!(again, second);
}

#[tokio::test]
async fn a_looping_cursor_returns_to_an_earlier_page() {
    let client = faulty(&["looping-cursor@3"], &[]).await;
    let first = client.page("", &json!({"limit": 2})).await;
    let second =
        client.page("", &json!({"limit": 2, "starting_after": first["next_starting_after"]})).await;
    let third = client
        .page("", &json!({"limit": 2, "starting_after": second["next_starting_after"]}))
        .await;
    assert_eq!(third["next_starting_after"], first["next_starting_after"]);
    assert_ne!(ids(&third), ids(&second));
}

#[tokio::test]
async fn an_empty_page_loses_no_job() {
    let client = faulty(&["empty-page@1", "empty-page@3", "empty-page@4"], &[]).await;
    let (mut all, mut cursors) = (Vec::new(), Vec::new());
    let mut body = json!({"limit": 4});
    loop {
        let page = client.page("", &body).await;
        all.extend(ids(&page).into_iter().map(str::to_owned));
        if page["has_next"] == false {
            break;
        }
        cursors.push(page["next_starting_after"].to_string());
        body["starting_after"] = page["next_starting_after"].clone();
    }
    assert_eq!((all.len(), cursors.len()), (10, 5));
    all.dedup();
    cursors.dedup();
    assert_eq!((all.len(), cursors.len()), (10, 5), "all cursors are different");
}

#[tokio::test]
async fn a_stuck_page_continues_only_on_the_second_request() {
    let client = faulty(&["stuck-page@1", "stuck-page@3"], &[]).await;
    let stuck = json!({"has_next": true, "records": []});
    assert_eq!(client.page("", &json!({"limit": 2})).await, stuck);
    let first = client.page("", &json!({"limit": 2})).await;
    let next = json!({"limit": 2, "starting_after": ids(&first)[1]});
    let stuck = client.page("", &next).await;
    assert_eq!((&stuck["next_starting_after"], ids(&stuck).len()), (&next["starting_after"], 0));
    assert_eq!(ids(&client.page("", &next).await).len(), 2);
}

#[tokio::test]
async fn a_deleted_cursor_stays_deleted() {
    for (setting, status) in [("404", 404), ("400", 400), ("start", 200)] {
        let client = faulty(&["deleted-cursor@2"], &[&format!("unknown_cursor={setting}")]).await;
        let first = client.page("", &json!({"limit": 2})).await;
        let next = json!({"limit": 2, "starting_after": ids(&first)[1]});
        for _ in 0..2 {
            assert_eq!(client.export("", &next).await.0, status, "{setting}");
        }
        let afresh = client.page("", &json!({"limit": 2})).await;
        assert_eq!(ids(&afresh), ids(&first)[..1]);
    }
}

/// Exports all pages, including empty ones. Returns the ids and the number of requests.
async fn export_all(client: &Client, limit: usize) -> (Vec<String>, usize) {
    let (mut all, mut body) = (Vec::new(), json!({"limit": limit}));
    for requests in 1..100 {
        let page = client.page("", &body).await;
        all.extend(ids(&page).into_iter().map(str::to_owned));
        if page["has_next"] == false {
            return (all, requests);
        }
        body["starting_after"] = page["next_starting_after"].clone();
    }
    panic!("the export has more than 99 pages");
}

#[tokio::test]
async fn an_export_after_a_deletion_has_all_other_jobs_and_ends() {
    for limit in [1, 2, 3] {
        let client = faulty(&["deleted-cursor@2"], &[]).await;
        let first = client.page("", &json!({"limit": 2})).await;
        let deleted = ids(&first)[1].to_owned();
        let next = json!({"limit": 2, "starting_after": deleted});
        assert_eq!(client.export("", &next).await.0, 404);
        let (rest, _) = export_all(&client, limit).await;
        assert_eq!(rest.len(), 9, "limit {limit}: {rest:?}");
        assert!(!rest.contains(&deleted));
        // Only the export omits the job.
        client.get_ok(&format!("/job_architecture/jobs/{deleted}")).await;
    }
}

#[tokio::test]
async fn the_cursor_of_an_empty_page_can_be_deleted() {
    let client = faulty(&["empty-page@2", "deleted-cursor@3"], &[]).await;
    let first = client.page("", &json!({"limit": 2})).await;
    let empty = client.page("", &json!({"limit": 2, "starting_after": ids(&first)[1]})).await;
    let next = json!({"limit": 2, "starting_after": empty["next_starting_after"]});
    for _ in 0..2 {
        assert_eq!(client.export("", &next).await.0, 404);
    }
    assert_eq!(export_all(&client, 2).await.0.len(), 9);
}

#[tokio::test]
async fn a_request_without_a_token_changes_no_state() {
    let client = faulty(&[], &[]).await;
    let (before, _) = export_all(&client, 3).await;
    let url = format!("{}{EXPORT}", client.sandbox.url());
    let header = "Bearer no-token-of-ours";
    for authorization in [None, Some(header), Some("Bearer "), Some(&client.token)] {
        for fault in ["deleted-cursor", "expired-token", "repeated-page"] {
            let mut request = client.http.post(&url).header("x-sandbox-fault", fault);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let body = json!({"limit": 1, "starting_after": before[3]});
            assert_eq!(request.json(&body).send().await.unwrap().status(), 401, "{fault}");
        }
    }
    assert_eq!(export_all(&client, 4).await.0, before);
}

#[tokio::test]
async fn faults_of_one_tenant_do_not_affect_another() {
    let tenants = vec!["acme".parse().unwrap(), "beta".parse().unwrap()];
    let data = DataOrigin::Generated { jobs: 10, seed: 3 };
    let mut client =
        Client::of(SandboxOptions { data, tenants, ..SandboxOptions::default() }).await;
    let (jobs, _) = export_all(&client, 10).await;
    let after = json!({"limit": 3, "starting_after": jobs[1]});
    assert_eq!(asking(&client, "deleted-cursor", &after).await.status(), 404);
    let (_, empty) = read(asking(&client, "empty-page", &json!({"limit": 3})).await).await;
    assert_eq!(export_all(&client, 3).await.0.len(), 9);

    let beta =
        json!({"client_id": "beta-client", "client_secret": "beta-secret", "tenant": "beta"});
    client.token = client.new_token(beta).await;
    assert_eq!(export_all(&client, 3).await.0, jobs, "both tenants have jobs with the same ids");
    let stray = json!({"limit": 3, "starting_after": empty["next_starting_after"]});
    assert_eq!(
        client.export("", &stray).await.0,
        404,
        "the cursor of an inserted page is valid for one tenant"
    );
}

#[tokio::test]
async fn faults_of_jobs_and_employees_are_separate() {
    let client = faulty(&[], &[]).await;
    let employees = async |fault: &str, body: &Value| {
        let request = client.send(Method::POST, EMPLOYEES).json(body);
        read(request.header("x-sandbox-fault", fault).send().await.unwrap()).await
    };
    let jobs = client.page("", &json!({"limit": 2})).await;
    client.page("", &json!({"limit": 2, "starting_after": ids(&jobs)[1]})).await;
    let (_, people) = employees("slow=1ms", &json!({"limit": 2})).await;
    let after = json!({"limit": 2, "starting_after": ids(&people)[1]});
    let (status, page) = employees("repeated-page", &after).await;
    assert_eq!((status.as_u16(), ids(&page)), (200, ids(&people)));
    let (_, page) = employees("looping-cursor", &after).await;
    assert_eq!(page["next_starting_after"], ids(&people)[1]);
}

#[tokio::test]
async fn an_expired_token_is_refused_for_any_spelling_of_its_scheme() {
    let client = faulty(&["expired-token@1"], &[]).await;
    assert_eq!(client.export("", &json!({"limit": 1})).await.0, 401);
    let lower = client.http.post(format!("{}{EXPORT}", client.sandbox.url()));
    let lower = lower.header("authorization", format!("bearer  {}", client.token));
    assert_eq!(lower.json(&json!({"limit": 1})).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_second_listing_is_independent_of_the_first() {
    let client = faulty(&["repeated-page@4", "looping-cursor@5-6"], &[]).await;
    let pages = async || {
        let first = client.page("", &json!({"limit": 3})).await;
        let second = json!({"limit": 3, "starting_after": first["next_starting_after"]});
        (first, client.page("", &second).await)
    };
    let (first, second) = pages().await;
    client.page("", &json!({"limit": 3, "starting_after": ids(&second)[2]})).await;
    // A first page never counts as a repeated page, even if the token has read others.
    assert_eq!(client.page("", &json!({"limit": 3})).await, first);
    let (again, looping) = pages().await;
    assert_eq!(again, first, "the cursor of a first page always leads to the second page");
    assert_eq!(ids(&looping), ids(&second));
    assert_eq!(looping["next_starting_after"], first["next_starting_after"]);
}

#[tokio::test]
async fn the_largest_request_is_affected_by_faults() {
    let client = faulty(&["empty-page"], &[]).await;
    let families: Vec<_> = (0..1000).map(|number| format!("{number:0>90}")).collect();
    let filters = json!([{"filter": "job_family_id_is_in_list", "job_family_ids": families}]);
    let body = json!({"limit": 1, "filters": filters});
    assert!(body.to_string().len() > 64 * 1024);
    assert_eq!(client.page("", &body).await["has_next"], true);
}

#[tokio::test]
async fn a_page_fault_is_refused_at_endpoints_without_pages() {
    let client = faulty(&[], &[]).await;
    let asking = async |path: &str, fault: &str| {
        let request = client.send(Method::GET, path).header("x-sandbox-fault", fault);
        read(request.send().await.unwrap()).await
    };
    for fault in ["empty-page", "deleted-cursor", "503,looping-cursor"] {
        let refused = asking("/job_architecture/jobs", fault).await;
        assert_eq!(refused.0, 400, "{fault}");
        assert!(
            descriptions(&refused)[0].contains("does not apply to this request"),
            "{refused:?}"
        );
    }
    assert_eq!(asking("/job_architecture/jobs", "503").await.0, 503);
    let url = &client.sandbox.credentials().token_url;
    let request = client.http.post(url).header("x-sandbox-fault", "expired-token");
    let refused = read(request.json(&client.token_request(&json!({}))).send().await.unwrap()).await;
    assert_eq!((refused.0.as_u16(), &refused.1["error"]), (400, &json!("invalid_request")));
    assert!(refused.1["error_description"].as_str().unwrap().contains("does not apply"));
}

#[tokio::test]
async fn a_long_fault_is_not_repeated_in_the_error() {
    let client = faulty(&[], &[]).await;
    for (length, says) in [(990, "there is no fault `xxxx"), (1001, "longer than 1000 bytes")] {
        let body = json!({"limit": 1});
        let refused = read(asking(&client, &"x".repeat(length), &body).await).await;
        assert_eq!(refused.0, 400);
        let description = &descriptions(&refused)[0];
        assert!(description.contains(says) && description.len() < 600, "{description}");
    }
}

#[tokio::test]
async fn unknown_fields_and_levels_are_in_both_formats() {
    for format in ["list", "hierarchy"] {
        let client = faulty(&["extra-fields", "unknown-levels"], &[]).await;
        let body = json!({"limit": 10, "include": ["ai_impact"]});
        let page = client.page(&format!("?response_format={format}"), &body).await;
        assert!(page["x_sandbox_unknown"].is_object());
        assert!(page["records"][0]["x_sandbox_unknown"].is_object());
        let text = page.to_string();
        assert!(text.matches("x_sandbox_unknown").count() > 20);
        assert!(text.contains(r#""level":"H6""#) && !text.contains(r#""level":"H2""#));
    }
}

#[tokio::test]
async fn a_request_header_selects_a_fault() {
    let client = faulty(&[], &[]).await;
    let body = json!({"limit": 1});
    assert_eq!(asking(&client, "503", &body).await.status(), 503);
    assert_eq!(asking(&client, "latency=1ms, 429:retry-after=1", &body).await.status(), 429);
    assert_eq!(send(&client, &body).await.status(), 200);
    for (wrong, says) in [
        ("cutt", "`X-Sandbox-Fault`: there is no fault `cutt`; did you mean `cut`?"),
        ("cut@3", "a fault in a header applies only to its own request; remove `@`"),
        ("503%10", "remove `@`"),
        ("", "the faults are latency"),
    ] {
        let refused = read(asking(&client, wrong, &body).await).await;
        assert_eq!(refused.0, 400);
        assert!(descriptions(&refused)[0].contains(says), "{wrong}: {refused:?}");
    }
    let off = faulty(&[], &["fault_header=off"]).await;
    assert_eq!(asking(&off, "503", &body).await.status(), 200);
}
