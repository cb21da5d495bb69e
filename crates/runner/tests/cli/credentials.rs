//! Secrets as editors, shells and secret stores write them.

use serde_json::Value;
use taskferry_testkit::{CLIENT_SECRET, Context, Tenant, page};

/// The client secret that the token issuer received.
fn received_secret(server: &Tenant) -> String {
    let requests = server.requests();
    let sent: Value = serde_json::from_str(&requests[0].body).unwrap();
    sent["client_secret"].as_str().unwrap().to_owned()
}

#[test]
fn whitespace_and_byte_order_marks_around_a_secret_are_removed() {
    for ending in ["\n", "\r\n", "\n\n"] {
        let server = Tenant::with_pages([page(&["a"], None)]);
        let mut context = Context::new();
        context.set("SECRET_FROM_A_VARIABLE", format!("{CLIENT_SECRET}{ending}"));
        context.write("secret.txt", &format!("\u{feff}{CLIENT_SECRET}{ending}"));
        for from in ["${SECRET_FROM_A_VARIABLE}", "${file:secret.txt}"] {
            context.write("jobs.toml", &server.pipeline().replace("${CLIENT_SECRET}", from));
            context.taskferry(&["run", "jobs.toml"]).with_code(0);
            assert_eq!(received_secret(&server), CLIENT_SECRET, "{from} {ending:?}");
        }
        context.set("TASKFERRY_SOURCE__AUTH__CLIENT_SECRET", format!("{CLIENT_SECRET}{ending}"));
        context.write("jobs.toml", &server.pipeline().replace("${CLIENT_SECRET}", "x-y-z"));
        context.taskferry(&["run", "jobs.toml"]).with_code(0);
        assert_eq!(received_secret(&server), CLIENT_SECRET, "{ending:?}");
    }
}

#[test]
fn a_secret_with_a_line_break_is_reported_without_showing_it() {
    let server = Tenant::with_pages([page(&["a"], None)]);
    let mut context = Context::new();
    context.set("CLIENT_SECRET", "canary-one\ncanary-two\n");
    context.write("jobs.toml", &server.pipeline());
    for command in ["check", "run"] {
        let ended = context.taskferry(&[command, "jobs.toml"]).with_code(2);
        let output = ended.stderr + &ended.stdout;
        assert!(output.contains("the secret contains a line break"), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
    assert!(server.requests().is_empty());
}
