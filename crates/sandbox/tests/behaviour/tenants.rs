//! Isolation of tenants, and clients that see only some jobs.

use reqwest::Method;
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, Sandbox, SandboxOptions, Tenant};

use crate::client::{Client, EMPLOYEES, file_of, task};

fn options(tenants: &[&str], clients: &[&str], jobs: u32) -> SandboxOptions {
    SandboxOptions {
        data: DataOrigin::Generated { jobs, seed: 3 },
        tenants: tenants.iter().map(|text| text.parse().unwrap()).collect(),
        clients: clients.iter().map(|text| text.parse().unwrap()).collect(),
        ..SandboxOptions::default()
    }
}

/// A token for another client than the first.
async fn token(client: &Client, id: &str, tenant: &str) -> String {
    let secret =
        id.strip_suffix("-client").map_or("secret".to_owned(), |name| format!("{name}-secret"));
    client.new_token(json!({"client_id": id, "client_secret": secret, "tenant": tenant})).await
}

fn ids(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_tenant_sees_only_its_own_jobs() {
    let file = file_of(&[
        json!({"external_id": "job-000001", "job_family_id": "own", "tasks": [task("mine", "suggested")]}),
        json!({"external_id": "only-here", "tasks": []}),
    ]);
    let beta = format!("beta={}", file.path().display());
    let mut client = Client::of(options(&["acme", &beta, "gamma"], &[], 30)).await;
    assert_eq!(client.sandbox.credentials().client_id, "acme-client");
    let acme = client.all("", &json!({}), 100).await;
    assert_eq!(acme.len(), 30);
    assert_eq!(client.get("/job_architecture/jobs/only-here").await.0, 404);
    assert_eq!(client.export("", &json!({"limit": 1, "starting_after": "only-here"})).await.0, 404);
    let families = client.get_ok("/job_architecture/job_families").await;

    client.token = token(&client, "beta-client", "beta").await;
    let beta = client.all("", &json!({}), 100).await;
    assert_eq!(ids(&beta), ["job-000001", "only-here"]);
    assert_eq!(beta[0]["tasks"][0]["task_id"], "mine");
    assert_eq!(client.get_ok("/job_architecture/jobs").await["count"], 2);
    assert_eq!(client.get_ok("/job_architecture/job_families").await["count"], 1);
    assert_ne!(families["count"], 1);
    let path = "/job_architecture/jobs/job-000001/task_profile";
    let body = json!({"tasks": [{"task_id": "mine", "validation_state": "rejected"}]});
    assert_eq!(client.send(Method::PATCH, path).json(&body).send().await.unwrap().status(), 204);
    assert_eq!(client.get_ok(path).await["tasks"], json!([]));

    client.token = token(&client, "acme-client", "acme").await;
    assert_eq!(
        client.all("", &json!({}), 100).await,
        acme,
        "the data of other tenants is unchanged"
    );
    client.token = token(&client, "gamma-client", "gamma").await;
    let gamma = client.all("", &json!({}), 100).await;
    assert_ne!(gamma, acme, "each tenant has different jobs");
    assert_eq!(ids(&gamma), ids(&acme));
}

#[tokio::test]
async fn jobs_hidden_by_credentials_are_left_out_without_an_error() {
    let mut client = Client::of(options(&[], &["part:secret:family=legal,finance"], 120)).await;
    // `sandbox` shows the credentials of the client with access to all jobs.
    assert_eq!(client.sandbox.credentials().client_id, "sandbox-client");
    client.token = token(&client, "part", "sandbox").await;
    let part = client.all("", &json!({}), 7).await;
    let jobs = client.get_ok("/job_architecture/jobs?limit=200").await;
    client.token = token(&client, "sandbox-client", "sandbox").await;
    let whole = client.all("", &json!({}), 100).await;
    assert_eq!(whole.len(), 120);
    let families =
        json!([{"filter": "job_family_id_is_in_list", "job_family_ids": ["legal", "finance"]}]);
    assert_eq!(part, client.all("", &json!({"filters": families}), 100).await);
    assert!(!part.is_empty() && part.len() < 120);
    assert_eq!(jobs["count"], part.len());
    for job in jobs["results"].as_array().unwrap() {
        assert!(["legal", "finance"].contains(&job["job_family_id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_hidden_job_is_404() {
    let jobs = [
        json!({"external_id": "seen", "job_family_id": "legal", "job_family_name": "Legal", "tasks": []}),
        json!({"external_id": "hidden", "job_family_id": "care", "tasks": [task("a", "suggested")]}),
        json!({"external_id": "homeless", "tasks": []}),
    ];
    let file = file_of(&jobs);
    let data = DataOrigin::File(file.path().to_owned());
    let options = SandboxOptions { data, ..options(&[], &["part:secret:family=legal"], 0) };
    let mut client = Client::of(options).await;
    client.token = token(&client, "part", "sandbox").await;
    assert_eq!(ids(&client.all("", &json!({}), 1).await), ["seen"]);
    for hidden in ["hidden", "homeless"] {
        let profile = format!("/job_architecture/jobs/{hidden}/task_profile");
        assert_eq!(client.get(&format!("/job_architecture/jobs/{hidden}")).await.0, 404);
        assert_eq!(client.get(&profile).await.0, 404);
        let body = json!({"tasks": [{"task_id": "a", "validation_state": "rejected"}]});
        assert_eq!(
            client.send(Method::PATCH, &profile).json(&body).send().await.unwrap().status(),
            404
        );
        assert_eq!(client.export("", &json!({"limit": 1, "starting_after": hidden})).await.0, 404);
    }
    assert_eq!(client.get("/job_architecture/job_families/care").await.0, 404);
    assert_eq!(client.get_ok("/job_architecture/job_families").await["count"], 1);
    // A filter cannot return jobs that the credentials hide.
    let families =
        json!([{"filter": "job_family_id_is_in_list", "job_family_ids": ["care", "legal"]}]);
    assert_eq!(ids(&client.all("", &json!({"filters": families}), 5).await), ["seen"]);
}

#[tokio::test]
async fn employees_of_hidden_jobs_are_hidden() {
    let mut client = Client::of(options(&[], &["part:secret:family=legal"], 100)).await;
    client.path = EMPLOYEES;
    let count = async |client: &Client| client.all("", &json!({}), 100).await.len();
    client.token = token(&client, "part", "sandbox").await;
    let part = count(&client).await;
    client.token = token(&client, "sandbox-client", "sandbox").await;
    let whole = count(&client).await;
    assert!(part > 0 && part < whole, "{part} {whole}");
}

#[tokio::test]
async fn a_client_belongs_to_exactly_one_tenant() {
    let client = Client::of(options(&["acme", "beta"], &["own:secret:tenant=beta"], 1)).await;
    for (id, secret, tenant, status) in [
        ("acme-client", "acme-secret", "acme", 200),
        ("acme-client", "acme-secret", "beta", 403),
        ("acme-client", "beta-secret", "acme", 401),
        ("own", "secret", "beta", 200),
        ("own", "secret", "acme", 403),
        ("beta-client", "beta-secret", "beta", 200),
        ("sandbox-client", "sandbox-secret", "sandbox", 401),
    ] {
        let body = json!({"client_id": id, "client_secret": secret, "tenant": tenant});
        assert_eq!(client.ask_for_token(body).await.0, status, "{id} {tenant}");
    }
}

#[test]
fn contradictory_tenants_and_clients_are_errors() {
    for (tenants, clients, says) in [
        (vec!["acme", "acme"], vec![], "the tenant `acme` is given twice; remove one"),
        (
            vec!["acme"],
            vec!["a:b:tenant=other"],
            "the client `a` is for the unknown tenant `other`: the tenants are acme",
        ),
        (vec![], vec!["a:b", "a:c"], "the client `a` is given twice; remove one"),
        (vec!["acme", "beta"], vec!["beta-client:b"], "its id is reserved for the tenant `beta`"),
    ] {
        let error = Sandbox::load(options(&tenants, &clients, 1)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(
        "a b"
            .parse::<Tenant>()
            .unwrap_err()
            .to_string()
            .contains("`a b` is not a valid tenant name")
    );
}

#[tokio::test]
async fn vendors_are_activated_per_tenant() {
    let own = ["acme:vendors=techwolf,workday", "beta:vendors=sap_attribute_library", "gamma"];
    let mut client = Client::of(options(&own, &[], 3)).await;
    let mut seen = Vec::new();
    for tenant in ["acme", "beta", "gamma"] {
        client.token = token(&client, &format!("{tenant}-client"), tenant).await;
        for query in ["", "?external_vendor=workday", "?external_vendor=sap_attribute_library"] {
            let export = client.export(query, &json!({"limit": 1})).await.0.as_u16();
            let path = format!("/job_architecture/jobs/job-000001/task_profile{query}");
            assert_eq!(client.get(&path).await.0.as_u16(), export);
            seen.push(export);
        }
    }
    assert_eq!(seen, [200, 200, 400, 400, 400, 200, 200, 200, 200]);
    for (text, says) in [
        ("a:vendors=oracle", "the vendors are techwolf, workday, sap_attribute_library"),
        ("a=", "`a=` does not name a file"),
    ] {
        assert!(text.parse::<Tenant>().unwrap_err().to_string().contains(says));
    }
}
