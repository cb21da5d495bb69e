//! The description as an HTML page: one file without scripts.

use serde_json::Value;

use crate::Credentials;

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
pre{background:#8881;padding:.8rem;overflow:auto;font:13px/1.45 ui-monospace,monospace}
details{border:1px solid #8884;border-radius:.3rem;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}";

/// Writes the page of an OpenAPI document.
pub(super) fn write(document: &Value, url: &str, credentials: &Credentials) -> String {
    let (title, about) = (text(&document["info"]["title"]), text(&document["info"]["description"]));
    let head = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1><p>{about}</p>\
         <p>As OpenAPI: <a href=\"/openapi.json\">/openapi.json</a></p>\
         <h2>A first page</h2><pre>{}</pre>",
        escaped(&first_page(url, credentials))
    );
    let mut page = vec![head];
    for tag in document["tags"].as_array().into_iter().flatten() {
        let about = text(&tag["description"]);
        page.push(format!("<h2>{}</h2><p>{about}</p>", text(&tag["name"])));
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag["name"] {
                    let heading = format!(
                        "<b>{} {path}</b> {}",
                        method.to_uppercase(),
                        text(&operation["summary"])
                    );
                    page.push(details(&heading, operation));
                }
            }
        }
    }
    for part in ["parameters", "schemas"] {
        page.push(format!("<h2>Components: {part}</h2>"));
        for (name, component) in document["components"][part].as_object().into_iter().flatten() {
            page.push(details(name, component));
        }
    }
    page.push("</body></html>\n".to_owned());
    page.concat()
}

fn details(heading: &str, content: &Value) -> String {
    let content = escaped(&serde_json::to_string_pretty(content).unwrap_or_default());
    format!("<details><summary>{heading}</summary><pre>{content}</pre></details>")
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The shell commands that request a first page.
pub(super) fn first_page(url: &str, known: &Credentials) -> String {
    let Credentials { token_url, client_id, client_secret, audience, tenant } = known;
    let client_secret = client_secret.expose();
    format!(
        // A backslash is literal in single quotes, so the body is one line.
        "TOKEN=$(curl -s {token_url} -H 'Content-Type: application/json' -d '{{\"client_id\": \"{client_id}\", \"client_secret\": \"{client_secret}\", \"audience\": \"{audience}\", \"tenant\": \"{tenant}\", \"grant_type\": \"client_credentials\"}}' | jq -r .access_token)
curl -s {url}/job_architecture/export/jobs/task_profiles -H \"Authorization: Bearer $TOKEN\" \\
  -H 'Content-Type: application/json' -d '{{\"limit\": 2, \"include\": [\"ai_impact\"]}}' | jq"
    )
}
