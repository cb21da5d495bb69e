//! A tenant, a service with titles, and a pipeline.

use taskferry_sdk::serde_json::{Map, Value, json};
use taskferry_testkit::{Context, FaultServer, Request, Response, Tenant};

use crate::RUNNER;

pub(crate) const TOKEN: &str = "canary-titles-token";

/// A folder with the pipeline `jobs.toml`, which reads from `tenant`. `more` contains further options of the lookup.
pub(crate) fn world(tenant: &Tenant, service: &FaultServer, more: &str) -> Context {
    let mut context = without_service(tenant, more);
    context.set("TITLES_URL", format!("{}/titles", service.url()));
    context.set("TITLES_TOKEN", TOKEN);
    context
}

/// The same, without the variables of the service.
pub(crate) fn without_service(tenant: &Tenant, more: &str) -> Context {
    let mut context = Context::for_program(std::env::current_exe().unwrap());
    context.set(RUNNER, "1");
    let text = format!(
        r#"name = "jobs"
{source}
[[transform]]
type = "my_plugin"
name = "job_titles"
on_error = "dead_letter"

[transform.lookup]
url = "${{TITLES_URL}}"
headers = {{ Authorization = "Bearer ${{TITLES_TOKEN}}" }}
retry = {{ max_attempts = 2, initial_delay = "1ms", max_delay = "1ms" }}
{more}
[dead_letter]
path = "out/{{pipeline}}-{{run_id}}.dead.ndjson"

[[sink]]
type = "file"
path = "out/jobs.ndjson"
"#,
        source = tenant.source()
    );
    context.write("jobs.toml", &text);
    context
}

/// Answers with `title of KEY`, except for keys that end in 7.
pub(crate) fn titles(request: &Request) -> Response {
    Response::new(200, json!(titles_of(&keys(request))).to_string())
}

pub(crate) fn titles_of(keys: &[String]) -> Map<String, Value> {
    let known = keys.iter().filter(|key| !key.ends_with('7'));
    known.map(|key| (key.clone(), json!(format!("title of {key}")))).collect()
}

/// The keys of a request.
pub(crate) fn keys(request: &Request) -> Vec<String> {
    let (_, keys) = request.target.split_once("ids=").unwrap();
    keys.split("%2C").map(str::to_owned).collect()
}
