//! Job families in the options that the tenant does not have.

use serde_json::{Value, json};
use taskferry_sdk::Position;
use taskferry_testkit::{FaultServer, Response, merged};

use crate::tenant::{FAMILIES, build, page, read_all, run};

/// A tenant with one job. `families` answers the requests for job families.
async fn tenant(families: impl Fn(&str) -> Response + Send + 'static) -> FaultServer {
    let server = FaultServer::start(move |request| {
        if request.target.starts_with(FAMILIES) {
            families(&request.target)
        } else {
            page(&["a"], None)
        }
    });
    server.await
}

fn options(server: &FaultServer, more: &Value) -> Value {
    let options = json!({
        "url": server.url(),
        "auth": {"token": "t"},
        "retry": {"initial_delay": "1h", "max_delay": "1h"},
    });
    merged(options, more)
}

fn filtered(ids: &[&str]) -> Value {
    json!({"filters": [{"filter": "job_family_id_is_in_list", "job_family_ids": ids}]})
}

fn partitioned(ids: &[&str]) -> Value {
    json!({"partition": {"by": "job_family", "values": ids}})
}

/// The warnings of a run, from its start or after `from`.
async fn warnings(server: &FaultServer, more: &Value, from: Option<&Position>) -> Vec<String> {
    let mut source = build(&options(server, more)).unwrap();
    source.open(&run(), from).await.unwrap();
    // Here all families of a partition contain the same job.
    if more.get("partition").is_none() {
        let listing = read_all(&mut *source).await;
        assert!(listing.error.is_none(), "{:?}", listing.error);
    }
    source.warnings()
}

fn family(number: usize) -> Value {
    json!({"external_id": format!("family-{number}"), "job_family_name": format!("Family {number}")})
}

fn list(count: usize, families: &[Value]) -> Response {
    Response::new(200, json!({"count": count, "results": families}).to_string())
}

/// The targets of the requests for families.
fn asked(server: &FaultServer) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests.map(|request| request.target).filter(|target| target.starts_with(FAMILIES)).collect()
}

#[tokio::test]
async fn an_unknown_family_is_named_with_the_nearest_in_every_option() {
    let server = tenant(|_| list(2, &[family(1), family(2)])).await;
    let message = "the tenant has no job family `familie-1`; did you mean `family-1`?";
    for more in [filtered(&["family-2", "familie-1"]), partitioned(&["familie-1", "family-2"])] {
        assert_eq!(warnings(&server, &more, None).await, [message]);
    }
    let by_name = warnings(&server, &filtered(&["FAMILY 2"]), None).await;
    assert_eq!(by_name, ["`FAMILY 2` is the name of a job family, not its id: write `family-2`"]);
    let from = Position::new(1, None, Vec::new());
    assert_eq!(
        warnings(&server, &filtered(&["familie-1"]), Some(&from)).await,
        [message],
        "resumed"
    );
    assert_eq!(asked(&server).len(), 4);
    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.header("authorization")),
        ("GET", Some("Bearer t"))
    );
}

#[tokio::test]
async fn a_warning_names_the_nearest_family() {
    let families = [
        json!({"external_id": "legal", "job_family_name": "Legal"}),
        json!({"external_id": "fin", "job_family_name": "Finance", "id": "5cbdbdbe"}),
        json!({"external_id": "it", "job_family_name": null}),
    ];
    let server = tenant(move |_| list(3, &families)).await;
    for known in ["legal", "fin", "5cbdbdbe", "it"] {
        assert!(warnings(&server, &filtered(&[known]), None).await.is_empty(), "{known}");
    }
    for (named, expected) in [
        ("leagl", "the tenant has no job family `leagl`; did you mean `legal`?"),
        ("LEGALS", "the tenant has no job family `LEGALS`; did you mean `legal`?"),
        ("Finanze", "the tenant has no job family `Finanze`; did you mean `fin`?"),
        ("Legal", "`Legal` is the name of a job family, not its id: write `legal`"),
        ("finance", "`finance` is the name of a job family, not its id: write `fin`"),
        (
            "a\u{1b}[31mb",
            "the tenant has no job family `a\\u{1b}[31mb`: check the id and the permissions of the credentials",
        ),
    ] {
        assert_eq!(warnings(&server, &filtered(&[named]), None).await, [expected]);
    }
}

#[tokio::test]
async fn families_are_listed_only_if_options_name_some() {
    let server = tenant(|target| {
        let offset = if target.ends_with("offset=0") { 0 } else { 200 };
        let families: Vec<Value> = (offset..300.min(offset + 200)).map(family).collect();
        list(300, &families)
    })
    .await;
    let last_updated = json!({"filter": "last_updated", "operator": "gt", "value": "2026-01-01"});
    for more in [json!({}), json!({"filters": [last_updated]})] {
        assert!(warnings(&server, &more, None).await.is_empty());
    }
    assert!(asked(&server).is_empty());
    assert!(warnings(&server, &filtered(&["family-299"]), None).await.is_empty());
    let expected = ["?limit=200&offset=0", "?limit=200&offset=200"];
    assert_eq!(asked(&server), expected.map(|query| format!("{FAMILIES}{query}")));
}

#[tokio::test]
async fn a_tenant_without_a_family_listing_costs_one_request_and_no_warning() {
    for refusal in [
        Response::new(401, "[]"),
        Response::new(403, "[]"),
        Response::new(404, "<html>not here</html>"),
        Response::new(500, ""),
        Response::new(503, "busy"),
        Response::new(302, "").header("location", "https://login.example"),
        Response::new(200, "<html>Sign in</html>"),
        Response::new(200, "[]"),
        Response::new(200, r#"{"count": 1, "results": [{"name": "legal"}]}"#),
        Response::new(200, r#"{"count": 9, "results": [{"external_id": "x"}"#),
        Response::new(200, "{}").truncated(),
        Response::new(200, "").disconnected(),
        Response::new(200, " ".repeat(1 << 16)).endless(),
    ] {
        let shown = format!("{refusal:?}");
        let server = tenant(move |_| refusal.clone()).await;
        assert!(warnings(&server, &filtered(&["legal"]), None).await.is_empty(), "{shown}");
        assert_eq!(asked(&server).len(), 1, "{shown}");
    }
}

#[tokio::test]
async fn an_endless_family_listing_is_abandoned() {
    let server = tenant(|_| list(1000, &[family(1)])).await;
    assert!(warnings(&server, &filtered(&["legal"]), None).await.is_empty());
    assert_eq!(asked(&server).len(), 2, "the second page brought nothing new");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_family_listing_is_abandoned_after_ten_seconds() {
    let server = tenant(|_| Response::new(200, "").never_sent()).await;
    let begun = tokio::time::Instant::now();
    assert!(warnings(&server, &filtered(&["legal"]), None).await.is_empty());
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn requests_for_families_keep_to_the_rate_limit() {
    let server = tenant(|_| list(1, &[family(1)])).await;
    let mut more = filtered(&["family-1"]);
    more["rate_limit"] = json!(5);
    let begun = std::time::Instant::now();
    assert!(warnings(&server, &more, None).await.is_empty());
    assert!(begun.elapsed().as_millis() >= 190, "{:?}", begun.elapsed());
}
