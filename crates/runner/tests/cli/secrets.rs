//! Secrets appear nowhere: the servers repeat what they receive, and the tests search every byte that a run writes.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use taskferry_testkit::{Context, FaultServer, Outcome, Request, Response, page};

/// Base64 of `CanaryCanary…` and `PrivatePrivate…`, as in signature secrets.
const SHARED: &str = "Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5";
const SIGNING: &str = "UHJpdmF0ZVByaXZhdGVQcml2YXRlUHJpdmF0ZVByaXY=";
/// `canary-user:canary-password` and `canary-proxy-user:canary-proxy-password` in base64.
const BASIC: [&str; 2] = [
    "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk",
    "Y2FuYXJ5LXByb3h5LXVzZXI6Y2FuYXJ5LXByb3h5LXBhc3N3b3Jk",
];

/// Secrets sent to servers that must not appear anywhere, in addition to texts that start with `canary-`.
type Sent = Arc<Mutex<Vec<String>>>;

/// The parts of a request, rotated each time, because messages show only the beginning.
fn echo(request: &Request, turn: usize) -> String {
    let mut parts = vec![request.target.clone(), request.body.clone()];
    parts.extend(request.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    let size = parts.len();
    parts.rotate_left(turn % size);
    parts.join(" ")
}

fn note(sent: &Sent, request: &Request) {
    let mut sent = sent.lock().unwrap();
    for name in ["authorization", "proxy-authorization"] {
        sent.extend(
            request.header(name).and_then(|value| value.split(' ').nth(1)).map(str::to_owned),
        );
    }
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap_or_default();
    sent.extend(body["client_assertion"].as_str().map(str::to_owned));
}

/// A tenant with many faults at first. Then it answers with the status `end`, or with the last page if `end` is `None`.
fn tenant(sent: &Sent, end: Option<u16>) -> FaultServer {
    let sent = Arc::clone(sent);
    let (mut tokens, mut pages) = (0, 0);
    FaultServer::start_blocking(move |request| {
        note(&sent, request);
        if request.target == "/oauth/token" {
            tokens += 1;
            return match tokens {
                1..=12 => Response::new(503, echo(request, tokens)),
                number => {
                    let token = json!({"access_token": format!("canary-token-{number}"), "expires_in": 10_800});
                    Response::new(200, token.to_string())
                }
            };
        }
        pages += 1;
        match (pages, end) {
            (1, _) => page(&["a", "b"], Some("b")),
            (2, _) => Response::new(401, echo(request, pages)),
            (3, _) => Response::new(504, echo(request, pages)),
            (4..=14, _) => Response::new(503, echo(request, pages)),
            (15, _) => Response::new(200, echo(request, 2)),
            (_, None) => page(&["c", "d"], None),
            (_, Some(status)) => {
                let errors = json!([{"title": "no", "description": echo(request, pages)}]);
                Response::new(status, errors.to_string())
            }
        }
    })
}

/// A server that is a receiver and also its proxy. The server is busy at first, and then refuses every second batch.
fn receiver(sent: &Sent) -> FaultServer {
    let sent = Arc::clone(sent);
    let mut turn = 0;
    FaultServer::start_blocking(move |request| {
        note(&sent, request);
        turn += 1;
        match turn {
            1..=14 => Response::new(503, echo(request, turn)),
            _ if turn % 2 == 0 => Response::new(200, echo(request, turn)),
            _ => Response::new(422, echo(request, turn / 2)),
        }
    })
}

/// A pipeline with a secret in every possible option.
fn pipeline(tenant: &FaultServer, receiver: &FaultServer, proof: &str) -> String {
    let (tenant, port) = (tenant.url(), receiver.url().rsplit(':').next().unwrap());
    let retry = "retry = { max_attempts = 40, initial_delay = \"1ms\", max_delay = \"1ms\" }";
    let circuit = "circuit = { failures = 3, cool_down = \"1ms\" }";
    let webhook = |url: &str, more: &str| {
        format!(
            r#"
[[sink]]
type = "webhook"
name = "webhook-{}"
url = "{url}"
allow_http = true
batch_records = 1
on_error = "dead_letter"
{retry}
{circuit}
{more}
[sink.headers]
Authorization = "Bearer canary-header"
X-Api-Key = "${{file:secrets/header}}"
[sink.signature]
secrets = ["whsec_{SHARED}", "whsk_{SIGNING}"]
"#,
            more.len()
        )
    };
    let direct = format!("http://127.0.0.1:{port}/hooks/canary-path?sig=canary-query");
    let proxied = "http://receiver.example/hooks/canary-path?sig=canary-query";
    let proxy = format!(
        "connection = {{ proxy = \"http://canary-proxy-user:canary-proxy-password@127.0.0.1:{port}\" }}"
    );
    let webhooks = webhook(&direct, "") + &webhook(proxied, &proxy);
    format!(
        r#"
name = "jobs"
[source]
type = "techwolf"
url = "{tenant}"
{retry}
[source.auth]
token_url = "{tenant}/oauth/token"
client_id = "client-1"
{proof}
audience = "eu3.techwolf.ai"
tenant = "acme"
cache = true

[[transform]]
type = "jq"
args = {{ key = "${{file:secrets/argument}}", other = "${{CANARY_API_KEY}}" }}
filter = 'if $key == $other then error("same") elif .external_id == "d" then error("no d") else . end'
on_error = "dead_letter"

[[sink]]
type = "file"
path = "out/jobs.ndjson"
{webhooks}
[dead_letter]
path = "out/{{run_id}}.dead.ndjson"
"#
    )
}

fn context() -> (Context, String) {
    let mut context = Context::new();
    context.set("TASKFERRY_LOG", "trace");
    context.set("CANARY_API_KEY", "canary-variable");
    context.set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer canary-telemetry");
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for (name, secret) in [
        ("client", "canary-client-secret"),
        ("header", "canary-file"),
        ("argument", "canary-argument"),
        ("key.pem", &key),
    ] {
        context.write(&format!("secrets/{name}"), secret);
    }
    (context, key)
}

/// All output, and every file except those that the test wrote, with its name.
fn written(context: &Context, outcomes: &[Outcome]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for (number, ended) in outcomes.iter().enumerate() {
        all.push((format!("stdout {number}"), ended.stdout.clone().into_bytes()));
        all.push((format!("stderr {number}"), ended.stderr.clone().into_bytes()));
    }
    read_all(&context.path(""), &mut all);
    all.retain(|(name, _)| {
        !name.contains("/secrets/") && Path::new(name).extension().is_none_or(|end| end != "toml")
    });
    all
}

fn read_all(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read_all(&path, all);
        } else {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// Searches everything for secrets; `canary-token` may appear only in the token file.
fn search(all: &[(String, Vec<u8>)], sent: &Sent, key: &str) {
    let mut canaries: Vec<String> =
        ["canary-", SHARED, SIGNING, "CanaryCanary", "PrivatePrivate", BASIC[0], BASIC[1]]
            .map(str::to_owned)
            .into();
    canaries.extend(sent.lock().unwrap().iter().cloned());
    canaries.extend(key.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    for (name, bytes) in all {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if name.ends_with("/token.json") {
            assert!(text.contains("\"canary-token-"), "{text}");
            text = text.replace("\"canary-token-", "\"");
        }
        for canary in &canaries {
            let Some(at) = text.find(canary.as_str()) else { continue };
            let (before, after) = text.split_at(at);
            let before: String =
                before.chars().rev().take(300).collect::<Vec<_>>().iter().rev().collect();
            let after: String = after.chars().take(200).collect();
            panic!("`{canary}` in {name}: …{before}>>>{after}…");
        }
    }
}

const PROOFS: [&str; 2] =
    ["client_secret = \"${file:secrets/client}\"", "private_key = \"${file:secrets/key.pem}\""];

#[test]
fn no_secret_is_written_anywhere() {
    for proof in PROOFS {
        for format in ["text", "json"] {
            let sent = Sent::default();
            let (context, key) = context();
            let (tenant, receiver) = (tenant(&sent, None), receiver(&sent));
            context.write("jobs.toml", &pipeline(&tenant, &receiver, proof));
            let log = ["--log", format];
            let run = |arguments: &[&str]| context.taskferry(&[arguments, &log].concat());
            let outcomes = [
                run(&["check", "jobs.toml"]).with_code(0),
                run(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(6),
                run(&["replay", "jobs.toml", &context.dead_letters()]).with_code(6),
                context.taskferry(&["runs", "jobs.toml"]).with_code(0),
                context.taskferry(&["runs", "jobs.toml", "--json"]).with_code(0),
                context.taskferry(&["doctor", "jobs.toml", "--json", "--bundle", "bundle.txt"]),
                context.taskferry(&["doctor", "jobs.toml", "--verbose"]),
            ];
            assert!(context.read("bundle.txt").contains("audience = \"eu3.techwolf.ai\""));
            let dead_letters = context.lines(&context.dead_letters());
            assert!(dead_letters.len() >= 3, "{}", dead_letters.len());
            assert!(
                context.read(&context.dead_letters()).contains("[secret]"),
                "the echo is there"
            );
            assert!(
                outcomes[1].stderr.contains("TRACE")
                    && outcomes[1].stderr.contains("the receiver is unavailable")
            );
            assert!(context.path(".taskferry/jobs/token.json").exists());
            search(&written(&context, &outcomes), &sent, &key);
        }
    }
}

#[test]
fn no_secret_is_written_by_runs_that_fail() {
    for (number, proof) in PROOFS.into_iter().enumerate() {
        for (status, format) in [(400, "text"), (401, "json"), (404, "text")] {
            let sent = Sent::default();
            let (context, key) = context();
            let (tenant, receiver) = (tenant(&sent, Some(status)), receiver(&sent));
            context.write("jobs.toml", &pipeline(&tenant, &receiver, proof));
            let arguments = ["run", "jobs.toml", "--summary", "summary.json", "--log", format];
            let outcomes = [
                context.taskferry(&arguments).with_code(3),
                context.taskferry(&["runs", "jobs.toml"]).with_code(0),
                context.taskferry(&["doctor", "jobs.toml", "-v", "--bundle", "bundle.txt"]),
            ];
            assert!(context.path(".taskferry/jobs/checkpoint.json").exists());
            assert!(outcomes[0].stderr.contains("[secret]"), "{number}: {}", outcomes[0].stderr);
            search(&written(&context, &outcomes), &sent, &key);
        }
    }
}

#[test]
fn no_secret_is_written_when_a_proxy_or_an_issuer_refuses() {
    PROOFS.into_iter().for_each(refused_with);
}

fn refused_with(proof: &str) {
    let sent = Sent::default();
    let (context, key) = context();
    let noted = Arc::clone(&sent);
    let mut turn = 0;
    let refusing = FaultServer::start_blocking(move |request| {
        note(&noted, request);
        turn += 1;
        let status = if request.method == "CONNECT" { 407 } else { 403 };
        Response::new(status, echo(request, turn)).header("proxy-authenticate", "Basic realm=\"x\"")
    });
    let receiver = receiver(&sent);
    let text = pipeline(&refusing, &receiver, proof);
    context.write("issuer.toml", &text);
    let port = refusing.url().rsplit(':').next().unwrap();
    let proxy = format!(
        "https://tenant.example\"\nconnection.proxy = \"http://canary-proxy-user:canary-proxy-password@127.0.0.1:{port}"
    );
    let issuer = format!("{}/oauth/token", refusing.url());
    let text = text.replacen(&issuer, "https://issuer.example/oauth/token", 1);
    context.write("proxy.toml", &text.replacen(refusing.url(), &proxy, 1));
    let outcomes = ["issuer.toml", "proxy.toml"].map(|file| {
        let name = format!("name={file}");
        let more = ["--set", "source.retry.max_attempts=2", "--set", &name];
        context.taskferry(&[&["run", file], &more[..]].concat()).with_code(3)
    });
    assert!(outcomes[1].stderr.contains("proxy"), "{}", outcomes[1].stderr);
    let doctor = ["issuer.toml", "proxy.toml"].map(|file| {
        let name = format!("name={file}");
        let doctor = ["doctor", file, "-v", "--bundle", "bundle.txt", "--set", &name];
        context.taskferry(&doctor).with_code(3)
    });
    let outcomes: Vec<Outcome> = outcomes.into_iter().chain(doctor).collect();
    search(&written(&context, &outcomes), &sent, &key);
}

#[test]
fn no_secret_of_an_invalid_file_is_written() {
    let sent = Sent::default();
    let (mut context, key) = context();
    let (tenant, receiver) = (tenant(&sent, None), receiver(&sent));
    let good = pipeline(&tenant, &receiver, PROOFS[0]);
    let mut outcomes = Vec::new();
    for (right, wrong) in [
        ("audience =", "audiense ="),
        (
            "client_secret = \"${file:secrets/client}\"",
            "client_secret = [\"${file:secrets/client}\"]",
        ),
        ("client_secret = \"${file:secrets/client}\"", "clientsecret = \"canary-misspelled\""),
        ("client_secret = \"${file:secrets/client}\"", "client_secret = \"canary-unclosed"),
        (
            "client_secret = \"${file:secrets/client}\"",
            "token_url = \"https://idp.example/t\", client_secret = \"canary-behind\"",
        ),
        ("client_secret = \"${file:secrets/client}\"", "private_key = \"canary-no-key\""),
        (
            "client_secret = \"${file:secrets/client}\"",
            "token = \"canary-a\"\nclient_secret = \"canary-b\"",
        ),
        ("whsec_", "whsek_"),
        ("X-Api-Key = ", "\"not a header\" = "),
        ("X-Api-Key = ", "X-Api-Key = \"canary\\nline\" #"),
        ("http://receiver.example/hooks", "htp://receiver.example/hooks"),
        ("http://receiver.example/hooks", "//receiver.example/hooks"),
        (
            "http://receiver.example/hooks",
            "http://canary-user:canary-password@receiver.example/hooks",
        ),
        ("http://canary-proxy-user", "ftp://canary-proxy-user"),
        ("batch_records = 1", "batch_records = \"${file:secrets/header}\""),
        ("args = { key", "args = { kee"),
        ("path = \"out/jobs.ndjson\"", "path = \"out/{${file:secrets/header}}\""),
        ("tenant = \"acme\"", "tenant = \"${file:secrets/nothing}\""),
        ("url = \"http://127", "url = \"http://canary-user:canary-password@127"),
        // Lines that are not valid TOML.
        ("url = \"http://receiver.example/hooks", "url = http://receiver.example/canary-hooks"),
        ("url = \"http://receiver.example/hooks", "url = “http://receiver.example/canary-hooks”"),
        ("client_secret = \"${file:secrets/client}\"", "client_secret \"canary-no-sign\""),
        ("client_secret = \"${file:secrets/client}\"", "clientsecret: canary-colon"),
        (
            "client_secret = \"${file:secrets/client}\"",
            "private_key = \"-----BEGIN\ncanary-AAAA\ncanary-BB==\n-----END\"",
        ),
        ("audience =", "audience = [\n\"canary-1\ncanary-2 words\n[canary-3\n] #"),
        // Unterminated values.
        (
            "client_secret = \"${file:secrets/client}\"",
            "client_secret = \"canary-1${file:canary-2\"",
        ),
        ("audience = \"", "audience = \"https://canary-1/${x/canary-2"),
        ("audience = \"", "audience = \"${x canary-1}"),
        // A key in place of a file name.
        (
            "client_secret = \"${file:secrets/client}\"",
            "private_key_file = \"\"\"\n-----BEGIN PRIVATE KEY-----\ncanary-AAAA\n-----END\"\"\"",
        ),
        // The same value with another key.
        (
            "client_secret = \"${file:secrets/client}\"",
            "client_secret = \"canary-same\"\ntennant = \"canary-same\"\nscopes = \"canary-same\"\nalgorithm = \"canary-same\"",
        ),
    ] {
        assert!(good.contains(right), "{right}");
        context.write("wrong.toml", &good.replacen(right, wrong, 1));
        for format in ["text", "json"] {
            for command in [&["check", "--env", "--print"][..], &["check"], &["run"]] {
                let arguments = [command, &["wrong.toml", "--log", format]].concat();
                let ended = context.taskferry(&arguments);
                let is_wrong = ended.code == Some(2) || command == ["check"];
                assert!(is_wrong, "{wrong}: {}", ended.stderr);
                outcomes.push(ended);
            }
        }
    }
    context.write("jobs.toml", &good);
    context.set("TASKFERRY_SOURCE__AUTH__CLIENT_SECRET", "[\"canary-from-environment\"]");
    for set in [
        "source.auth.client_secret=[\"canary-set\"]",
        "sink.1.headers.X={ a = \"canary-set\" }",
        "sink.1.url=[\"canary-set\"]",
        "source.auth.client_secret canary-no-sign",
        "source.auth.client_secretcanary-no-sign",
        "=canary-no-key",
    ] {
        // The unknown key `tennant` makes `check` fail, whatever the other values are.
        let arguments = ["check", "jobs.toml", "--set", set, "--set", "source.auth.tennant=x"];
        outcomes.push(context.taskferry(&arguments).with_code(2));
    }
    search(&written(&context, &outcomes), &sent, &key);
}

#[test]
fn the_word_before_an_empty_token_is_not_a_secret() {
    let context = Context::new();
    let text = "description = \"Bearer of news\"\n[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"\n[[sink]]\ntype = \"webhook\"\n\
                url = \"https://hr.example.com\"\nheaders = { Authorization = \"Bearer ${HOOK_TOKEN:-}\" }\n";
    context.write("jobs.toml", text);
    let printed = context.taskferry(&["check", "jobs.toml", "--print"]).stdout;
    assert!(printed.contains("\"Bearer of news\""), "{printed}");
}
