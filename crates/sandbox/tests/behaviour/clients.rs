//! The syntax of clients, and how secrets are masked.

use taskferry_sandbox::{Client, Sandbox, SandboxOptions};

#[test]
fn a_client_is_parsed_from_text() {
    let client: Client = "a:b:tenant=acme:family=legal, finance".parse().unwrap();
    assert_eq!(client.tenant.as_deref(), Some("acme"));
    assert_eq!(client.families, Some(["finance".to_owned(), "legal".to_owned()].into()));
    for (wrong, says) in [
        ("a", "has no secret"),
        ("a:", "has no secret"),
        (":b", "has no secret"),
        ("a:b:c", "`c` is neither"),
        ("a:b:family=", "empty job family"),
        ("a:b:tenant=x:tenant=y", "`tenant=y` repeats an option"),
        ("a:b:tenant=x y", "`x y` is not a valid tenant name"),
    ] {
        let problem = wrong.parse::<Client>().unwrap_err().to_string();
        assert!(problem.contains(says), "{wrong}: {problem}");
    }
}

#[tokio::test]
async fn the_credentials_are_those_of_the_first_tenant() {
    let tenants = vec!["acme".parse().unwrap(), "beta".parse().unwrap()];
    for (clients, secret) in [(vec![], "acme-secret"), (vec!["acme-client:other"], "other")] {
        let clients = clients.iter().map(|text| text.parse().unwrap()).collect();
        let tenants = Vec::clone(&tenants);
        let options = SandboxOptions { tenants, clients, ..SandboxOptions::default() };
        let sandbox = Sandbox::load(options).unwrap();
        let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let shown = running.credentials();
        assert_eq!((shown.client_id.as_str(), shown.tenant.as_str()), ("acme-client", "acme"));
        assert_eq!(shown.client_secret.expose(), secret);
        let debug = format!("{shown:?} {running:?}");
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn the_debug_output_does_not_show_secrets() {
    let client: Client = "a:4711".parse().unwrap();
    let sandbox = Sandbox::load(SandboxOptions {
        clients: vec![client.clone()],
        ..SandboxOptions::default()
    });
    let debug = format!("{client:?} {:?}", sandbox.unwrap());
    assert!(!debug.contains("4711") && !debug.contains("sandbox-secret"), "{debug}");
}
