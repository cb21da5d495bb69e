//! Mistakes in addresses, headers and credentials.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "invalid-url",
        meaning: "the value is not a URL",
        details: "A URL begins with its scheme: `https://host/path`. The message does not show the address of a webhook or \
                      a proxy, because it may contain a key.",
        wrong: r#"[[sink]]
type = "webhook"
url = "hr.example.com/tasks""#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks""#,
    },
    Explanation {
        name: "unsupported-scheme",
        meaning: "the URL begins neither with `https://` nor with `http://`",
        details: "Requests are sent over HTTP only. To write to a file, use the sink `file`.",
        wrong: r#"[[sink]]
type = "webhook"
url = "ftp://hr.example.com/tasks""#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks""#,
    },
    Explanation {
        name: "unencrypted-url",
        meaning: "the URL begins with `http://`, and the host is another machine",
        details: "Credentials and records would be sent unencrypted. Write `https://`. A webhook within a network that \
                      encrypts its traffic may set `allow_http = true`. Addresses of this machine are always allowed.",
        wrong: r#"[[sink]]
type = "webhook"
url = "http://hr.example.com/tasks""#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks""#,
    },
    Explanation {
        name: "credentials-in-url",
        meaning: "the URL contains a user or a password",
        details: "Addresses appear in logs. Send credentials as a header, or in `[source.auth]`.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://user:password@hr.example.com/tasks""#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { Authorization = "${WEBHOOK_AUTHORIZATION}" }"#,
    },
    Explanation {
        name: "unexpected-query",
        meaning: "the address of the API has a query or a fragment",
        details: "The source adds its own parameters to the address. Remove `?` or `#` and the text after it, and write the \
                      parameters as options: `limit`, `include`, `filters`.",
        wrong: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai?limit=50"
auth = { token = "${TECHWOLF_TOKEN}" }"#,
        right: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"
limit = 50
auth = { token = "${TECHWOLF_TOKEN}" }"#,
    },
    Explanation {
        name: "unexpected-path",
        meaning: "the address has a path that does not belong there",
        details: "The source adds the path of the export to the address of the API. The address of a proxy has no path.",
        wrong: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai/job_architecture/export/jobs/task_profiles"
auth = { token = "${TECHWOLF_TOKEN}" }"#,
        right: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"
auth = { token = "${TECHWOLF_TOKEN}" }"#,
    },
    Explanation {
        name: "invalid-header",
        meaning: "the name or the value of a header contains an invalid character",
        details: "Names of headers contain letters, digits and hyphens. Values are one line. A value from a file often has \
                      a line break inside.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { "X Team" = "hr" }"#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { X-Team = "hr" }"#,
    },
    Explanation {
        name: "reserved-header",
        meaning: "the sink sets this header itself",
        details: "The sink sets the headers of the body, the signature and the idempotency key. Remove the header from \
                      `headers`.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { Content-Type = "application/json" }"#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks""#,
    },
    Explanation {
        name: "duplicate-header",
        meaning: "a header is set twice",
        details: "Names of headers are compared apart from case. Remove one of the two.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { X-Team = "hr", x-team = "it" }"#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
headers = { X-Team = "hr" }"#,
    },
    Explanation {
        name: "invalid-secret",
        meaning: "a token, a secret or a key does not have the form in which it was issued",
        details: "Copy the whole value, without line breaks, spaces or quotation marks. The secret of a webhook begins with \
                      `whsec_` and has 24 to 64 bytes in base64; a private key begins with `whsk_`.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
signature = { secrets = ["secret"] }"#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
signature = { secrets = ["${WEBHOOK_SECRET}"] }"#,
    },
    Explanation {
        name: "invalid-certificate",
        meaning: "the file of `ca_file` contains no valid PEM certificate",
        details: "The file contains blocks that begin with `-----BEGIN CERTIFICATE-----`. Convert a DER file: `openssl x509 \
                      -inform der -in ca.der -out ca.pem`.",
        wrong: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
connection = { ca_file = "skills/workday.csv" }"#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks"
connection = { ca_file = "ca.pem" }"#,
    },
    Explanation {
        name: "invalid-private-key",
        meaning: "the private key of the client cannot be read",
        details: "The key is RSA or ECDSA on P-256, in PEM form, without a passphrase. TechWolf has its public key.",
        wrong: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key_file = "ca.pem"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
        right: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key_file = "client.pem"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
    },
    Explanation {
        name: "unsupported-algorithm",
        meaning: "the algorithm does not fit the private key",
        details: "`RS256` needs an RSA key, `ES256` a key on P-256. Remove `algorithm`: it is derived from the key.",
        wrong: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key_file = "client.pem"
algorithm = "RS256"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
        right: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key_file = "client.pem"
algorithm = "ES256"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
    },
    Explanation {
        name: "key-in-path",
        meaning: "`private_key_file` contains the key instead of the path of a file",
        details: "Write the key in `private_key`, preferably as a reference: `${file:/run/secrets/techwolf.pem}`.",
        wrong: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key_file = "-----BEGIN PRIVATE KEY-----"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
        right: r#"[source]
type = "techwolf"
url = "https://acme.eu3.techwolf.ai"

[source.auth]
token_url = "https://techwolf.eu.auth0.com/oauth/token"
client_id = "acme-export"
private_key = "${file:client.pem}"
audience = "eu3.techwolf.ai"
tenant = "acme""#,
    },
    Explanation {
        name: "invalid-sandbox",
        meaning: "a `sandbox:` address has an unknown or invalid parameter",
        details: "`taskferry sandbox --help` lists the parameters. They are written as in a URL: \
                      `sandbox:?jobs=500&seed=7`.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:?job=500"
limit = 50"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:?jobs=500"
limit = 50"#,
    },
    Explanation {
        name: "missing-dataset",
        meaning: "the dataset of a `sandbox:` address does not exist",
        details: "A relative path starts at the folder of the pipeline file. Without `data`, the sandbox generates jobs.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:?data=jobs.ndjson"
limit = 50"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:?jobs=500"
limit = 50"#,
    },
    Explanation {
        name: "unsupported-sandbox",
        meaning: "`--sandbox` or a `sandbox:` address can't be used here",
        details: "The plugin does not declare its values in the sandbox (`x-sandbox` in its schema), or this binary was \
                      built without the sandbox. Run without `--sandbox`, or replace the stage with `--set`.",
        wrong: "$ my-taskferry check jobs.toml --sandbox",
        right: "$ my-taskferry check jobs.toml",
    },
];
