//! Findings of `taskferry doctor`.

use serde_json::{Value, json};
use taskferry_sdk::{Finding, Verdict};
use taskferry_testkit::{FaultServer, Request, Response};

use crate::tenant::{FAMILIES, build, page, run};

/// The findings of one check at a server with this script.
async fn findings(
    name: &str,
    more: &Value,
    script: impl FnMut(&Request) -> Response + Send + 'static,
) -> Vec<Finding> {
    let server = FaultServer::start(script).await;
    let options = json!({"url": server.url(), "auth": {"token": "t"}});
    let source = build(&taskferry_testkit::merged(options, more)).unwrap();
    let check = source.checks(&run()).into_iter().find(|check| check.name() == name);
    check.unwrap().run().await
}

#[tokio::test]
async fn a_vendor_is_the_cause_only_if_the_page_is_accepted_without_it() {
    let workday = json!({"external_vendor": "workday"});
    let refused = || Response::new(403, "");
    for (plain, verdict, text) in [
        (page(&["a"], None), Verdict::Failed, "and accepts \"techwolf\""),
        (refused(), Verdict::Skipped, "so the vendor is not the cause"),
        (Response::new(503, ""), Verdict::Failed, "the server answered 503 Service Unavailable"),
    ] {
        let script = move |request: &Request| {
            if request.target.contains("workday") { refused() } else { plain.clone() }
        };
        let found = findings("vendor", &workday, script).await.remove(0);
        assert_eq!(found.verdict, verdict, "{}", found.text);
        assert!(found.text.contains(text), "{}", found.text);
    }
}

#[tokio::test]
async fn an_incomplete_list_of_families_is_named_with_the_reason() {
    for (new_families, reason) in
        [(false, "1 of 9000 were sent"), (true, "it has more than 20 pages")]
    {
        let mut requests = 0;
        let found = findings("families", &json!({}), move |request| {
            assert!(request.target.starts_with(FAMILIES), "{}", request.target);
            requests += usize::from(new_families || requests == 0);
            let family = json!({"external_id": format!("family-{requests}")});
            Response::new(200, json!({"count": 9000, "results": [family]}).to_string())
        })
        .await
        .remove(0);
        let text = format!("the list of job families is incomplete: {reason}");
        assert!(found.text.ends_with(&text), "{}", found.text);
    }
}
