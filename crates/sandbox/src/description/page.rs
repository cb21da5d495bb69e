//! The description as a page for a browser: one file, no scripts, nothing from elsewhere.

use serde_json::Value;

use crate::Credentials;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;line-height:1.25}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#8881;padding:.8rem;overflow:auto;border-radius:.3rem}
details{border:1px solid var(--line);border-radius:.3rem;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}summary b{font:600 13px ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top}";

/// Writes the page of an OpenAPI document that this sandbox made.
pub(super) fn write(document: &Value, url: &str, credentials: &Credentials) -> String {
    let mut page = Page(String::new());
    let title = text(&document["info"]["title"]);
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    page.text(title);
    page.raw("</title><style>").raw(STYLE).raw("</style></head><body><h1>").text(title);
    page.raw("</h1><p>").text(text(&document["info"]["description"]));
    page.raw("</p><p>As OpenAPI: <a href=\"/openapi.json\">/openapi.json</a></p>");
    page.raw("<h2>A first page</h2><pre>").text(&first_page(url, credentials)).raw("</pre>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        page.raw("<h2>").text(name).raw("</h2><p>").text(text(&tag["description"])).raw("</p>");
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == name {
                    page.operation(&method.to_uppercase(), path, operation);
                }
            }
        }
    }
    if let Some(fault) = document["components"]["parameters"].get("Fault") {
        page.raw("<h2>Faults</h2><p>Header <code>").text(text(&fault["name"])).raw("</code>. ");
        page.text(text(&fault["description"])).raw("</p>");
    }
    page.raw("<h2>Shapes</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        page.raw("<details id=\"")
            .text(name)
            .raw("\"><summary><b>")
            .text(name)
            .raw("</b></summary>");
        page.json(schema).raw("</details>");
    }
    page.raw("</body></html>\n");
    page.0
}

/// The commands by which to see a page, for a banner or a page to read.
pub(super) fn first_page(url: &str, known: &Credentials) -> String {
    let Credentials { token_url, client_id, client_secret, audience, tenant } = known;
    format!(
        // In single quotes a backslash is sent as it is, so the body stands on one line.
        "TOKEN=$(curl -s {token_url} -H 'Content-Type: application/json' -d '{{\"client_id\": \"{client_id}\", \"client_secret\": \"{client_secret}\", \"audience\": \"{audience}\", \"tenant\": \"{tenant}\", \"grant_type\": \"client_credentials\"}}' | jq -r .access_token)
curl -s {url}/job_architecture/export/jobs/task_profiles -H \"Authorization: Bearer $TOKEN\" \\
  -H 'Content-Type: application/json' -d '{{\"limit\": 2, \"include\": [\"ai_impact\"]}}' | jq"
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// HTML that is being written.
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                other => self.0.push(other),
            }
        }
        self
    }

    fn json(&mut self, value: &Value) -> &mut Self {
        let written = serde_json::to_string_pretty(value).unwrap_or_default();
        self.raw("<pre>").text(&written).raw("</pre>")
    }

    fn operation(&mut self, method: &str, path: &str, operation: &Value) {
        self.raw("<details><summary><b>").text(method).raw(" ").text(path).raw("</b> ");
        self.text(text(&operation["summary"])).raw("</summary><p>");
        self.text(text(&operation["description"])).raw("</p>");
        if let Some(parameters) = operation["parameters"].as_array() {
            self.raw("<table><tr><th>Parameter</th><th>In</th><th></th><th></th></tr>");
            for parameter in parameters {
                self.raw("<tr><td><code>").text(text(&parameter["name"])).raw("</code></td><td>");
                self.text(text(&parameter["in"])).raw("</td><td>");
                self.text(text(&parameter["description"])).raw("</td><td><code>");
                self.text(&parameter["schema"].to_string()).raw("</code></td></tr>");
            }
            self.raw("</table>");
        }
        if let Some(schema) = schema(&operation["requestBody"]) {
            self.raw("<p>Body: ").link(schema).raw("</p>");
        }
        self.raw("<table><tr><th>Answer</th><th></th><th></th></tr>");
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            self.raw("<tr><td>").text(status).raw("</td><td>");
            self.text(text(&answer["description"])).raw("</td><td>");
            if let Some(schema) = schema(answer) {
                self.link(schema);
            }
            self.raw("</td></tr>");
        }
        self.raw("</table></details>");
    }

    fn link(&mut self, schema: &str) -> &mut Self {
        self.raw("<a href=\"#").text(schema).raw("\"><code>").text(schema).raw("</code></a>")
    }
}

/// The name of the schema that a body has.
fn schema(body: &Value) -> Option<&str> {
    body["content"]["application/json"]["schema"]["$ref"].as_str()?.rsplit('/').next()
}
