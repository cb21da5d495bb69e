//! A sandbox and an HTTP client for it.

use std::io::Write;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, RunningSandbox, Sandbox, SandboxOptions, SandboxSettings};
use tempfile::NamedTempFile;

pub(crate) const EXPORT: &str = "/job_architecture/export/jobs/task_profiles";
pub(crate) const EMPLOYEES: &str = "/export/employees/task_profiles";

/// Everything that `include` can add to the tasks of jobs.
pub(crate) const INCLUDE: [&str; 5] =
    ["ai_impact", "source_data", "linked_skills", "rejected_tasks", "weekly_hours"];

pub(crate) struct Client {
    /// The path of the export that the client requests.
    pub(crate) path: &'static str,
    pub(crate) sandbox: RunningSandbox,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl Client {
    pub(crate) async fn of(options: SandboxOptions) -> Self {
        let sandbox =
            Sandbox::load(options).unwrap().serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (http, token) = (reqwest::Client::new(), String::new());
        let mut client = Self { path: EXPORT, sandbox, http, token };
        client.token = client.new_token(json!({})).await;
        client
    }

    pub(crate) async fn generated(jobs: u32) -> Self {
        let data = DataOrigin::Generated { jobs, seed: 3 };
        Self::of(SandboxOptions { data, ..SandboxOptions::default() }).await
    }

    pub(crate) async fn with_jobs(jobs: &[Value]) -> Self {
        Self::with_settings(jobs, &[]).await
    }

    /// Serves jobs with settings that differ from the defaults.
    pub(crate) async fn with_settings(jobs: &[Value], settings: &[&str]) -> Self {
        let settings = settings_of(settings);
        Self::serving(&file_of(jobs), SandboxOptions { settings, ..Default::default() }).await
    }

    /// Serves the jobs of a dataset text.
    pub(crate) async fn with_text(text: &str) -> Self {
        Self::serving(&file_with(text.as_bytes()), SandboxOptions::default()).await
    }

    /// Serves the jobs of a dataset file.
    pub(crate) async fn serving(dataset: &NamedTempFile, options: SandboxOptions) -> Self {
        let data = DataOrigin::File(dataset.path().to_owned());
        Self::of(SandboxOptions { data, ..options }).await
    }

    /// Requests the export of employees from now on.
    pub(crate) fn of_employees(self) -> Self {
        Self { path: EMPLOYEES, ..self }
    }

    /// The body of a token request with `changes` applied; null removes a key.
    pub(crate) fn token_request(&self, changes: &Value) -> Value {
        let known = self.sandbox.credentials();
        let mut body = json!({
            "client_id": known.client_id, "client_secret": known.client_secret.expose(),
            "audience": known.audience, "grant_type": "client_credentials", "tenant": known.tenant,
        });
        for (key, value) in changes.as_object().unwrap() {
            body[key] = value.clone();
        }
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        body
    }

    pub(crate) async fn ask_for_token(&self, changes: Value) -> (StatusCode, Value) {
        let url = &self.sandbox.credentials().token_url;
        read(self.http.post(url).json(&self.token_request(&changes)).send().await.unwrap()).await
    }

    pub(crate) async fn new_token(&self, changes: Value) -> String {
        let (status, grant) = self.ask_for_token(changes).await;
        assert_eq!(status, 200, "{grant}");
        grant["access_token"].as_str().unwrap().to_owned()
    }

    /// An export request with only the token.
    pub(crate) fn request(&self, query: &str) -> RequestBuilder {
        self.send(Method::POST, &format!("{}{query}", self.path))
    }

    pub(crate) fn send(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.send(Method::GET, path).send().await.unwrap()).await
    }

    /// The response to a request that must succeed.
    pub(crate) async fn get_ok(&self, path: &str) -> Value {
        let (status, answer) = self.get(path).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub(crate) async fn export(&self, query: &str, body: &Value) -> (StatusCode, Value) {
        read(self.request(query).json(body).send().await.unwrap()).await
    }

    /// The response to a request that must succeed.
    pub(crate) async fn page(&self, query: &str, body: &Value) -> Value {
        let (status, answer) = self.export(query, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// All records, read in pages of `limit`.
    pub(crate) async fn all(&self, query: &str, body: &Value, limit: usize) -> Vec<Value> {
        let mut body = body.clone();
        body["limit"] = limit.into();
        let mut records = Vec::new();
        loop {
            let page = self.page(query, &body).await;
            let here = page["records"].as_array().unwrap();
            assert!(here.len() <= limit);
            records.extend(here.iter().cloned());
            assert_eq!(
                page["has_next"],
                page.get("next_starting_after").is_some(),
                "only a page with a next page has a cursor"
            );
            if page["has_next"] == false {
                return records;
            }
            assert_eq!(page["next_starting_after"], here.last().unwrap()["external_id"]);
            body["starting_after"] = page["next_starting_after"].clone();
        }
    }
}

/// The status and the JSON body of a response.
pub(crate) async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    (status, body)
}

/// Checks that the response is TechWolf's error list, and returns its descriptions.
pub(crate) fn descriptions((status, body): &(StatusCode, Value)) -> Vec<String> {
    let describe = |error: &Value| {
        let keys: Vec<_> = error.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["title", "description"]);
        assert_eq!(error["title"], status.to_string());
        error["description"].as_str().unwrap().to_owned()
    };
    let errors: Vec<_> = body.as_array().unwrap().iter().map(describe).collect();
    assert!(!errors.is_empty());
    errors
}

pub(crate) fn settings_of(assignments: &[&str]) -> SandboxSettings {
    let mut settings = SandboxSettings::default();
    for assignment in assignments {
        settings.set(assignment).unwrap();
    }
    settings
}

/// A dataset file with one line for each value.
pub(crate) fn file_of(lines: &[Value]) -> NamedTempFile {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    file_with(lines.join("\n").as_bytes())
}

pub(crate) fn file_with(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

pub(crate) fn task(id: &str, state: &str) -> Value {
    json!({"task_id": id, "task": format!("Do the {id} work"), "validation_state": state})
}

/// A task with every field that can be included.
pub(crate) fn full_task(id: &str, hierarchy: &Value) -> Value {
    json!({
        "task_id": id, "task": format!("Do the {id} work"), "validation_state": "validated",
        "source_data": [{"external_id": "d1"}],
        "linked_skills": [{"skill_id": "s1", "skill": "Python"}],
        "ai_impact": {"level": "H2", "rationale": "Ναί"},
        "weekly_hours": 5,
        "hierarchy": hierarchy,
    })
}

pub(crate) fn place(domain: &str, subdomain: &str, cluster: &str, canonical_task: &str) -> Value {
    json!({"domain": domain, "subdomain": subdomain, "cluster": cluster, "canonical_task": canonical_task})
}
