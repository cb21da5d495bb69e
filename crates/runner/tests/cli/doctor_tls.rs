//! `taskferry doctor` names the certificate of a server, and what is wrong with it.

use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DnType, date_time_ymd};
use taskferry_testkit::{Authority, Context, Outcome, TlsServer, authority};
use tokio::runtime::Runtime;

struct Server {
    tls: TlsServer,
    _runtime: Runtime,
}

impl Server {
    /// A server with a certificate for `name` that ends on this day.
    fn start(authority: &Authority, name: &str, (year, month, day): (i16, i8, i8)) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Acme API");
        params.not_after =
            date_time_ymd(year.into(), month.try_into().unwrap(), day.try_into().unwrap());
        let runtime = Runtime::new().unwrap();
        Self { tls: runtime.block_on(TlsServer::start(authority, params)), _runtime: runtime }
    }

    /// The check `tls`, with these lines in the source.
    fn check(&self, authority: &Authority, connection: &str, code: i32) -> Outcome {
        let context = Context::new();
        context.write("ca.pem", &authority.pem());
        let url = self.tls.url();
        let text = format!(
            "[source]\ntype = \"techwolf\"\nurl = \"{url}\"\n{connection}\n[source.auth]\ntoken = \"${{CLIENT_SECRET}}\"\n\
             [[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n"
        );
        context.write("jobs.toml", &text);
        context.taskferry(&["doctor", "jobs.toml", "--check", "tls", "-v"]).with_code(code)
    }
}

const TRUSTING: &str = "connection = { ca_file = \"ca.pem\" }";

/// The lines about the check without the port and the times.
fn shown(ended: &Outcome, server: &Server) -> String {
    let text = ended.stdout.replace(&server.tls.port.to_string(), "[port]");
    let lines = text.lines().filter(|line| !line.starts_with("jobs.toml: "));
    let lines = lines.map(|line| match (line.split_once(" answers in "), line.rsplit_once(" (")) {
        (Some((before, after)), _) => {
            let (_, after) = after.split_once(" ms; ").unwrap();
            format!("{before} answers; {}", after.rsplit_once(" (").unwrap().0)
        }
        (None, Some((before, after))) if after.ends_with(" ms)") => before.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_certificate_is_named_with_its_issuer_and_its_end() {
    let authority = authority();
    let server = Server::start(&authority, "localhost", (2099, 3, 4));
    let ended = server.check(&authority, TRUSTING, 0);
    insta::assert_snapshot!(shown(&ended, &server), @"ok: source `techwolf`: tls: https://localhost:[port] answers; the certificate of Acme API, issued by Acme Root is valid until 2099-03-04");
}

#[test]
fn a_certificate_that_expires_soon_is_a_warning() {
    let authority = authority();
    let soon: jiff::civil::DateTime =
        (Timestamp::now() + 130.hours()).strftime("%Y-%m-%dT%H:%M:%S").to_string().parse().unwrap();
    let server = Server::start(&authority, "localhost", (soon.year(), soon.month(), soon.day()));
    let ended = server.check(&authority, TRUSTING, 0);
    assert!(ended.stdout.contains("warning: source `techwolf`: tls: "), "{}", ended.stdout);
    assert!(ended.stdout.contains(" days from now"), "{}", ended.stdout);
    assert!(ended.stdout.contains("help: have the certificate renewed"), "{}", ended.stdout);
}

#[test]
fn an_expired_certificate_is_named_with_the_day() {
    let authority = authority();
    let server = Server::start(&authority, "localhost", (2020, 1, 2));
    let ended = server.check(&authority, TRUSTING, 3);
    insta::assert_snapshot!(shown(&ended, &server), @"
    failed: source `techwolf`: tls: https://localhost:[port]: no connection: the server's certificate expired on 2020-01-02
      help: have the certificate renewed; if it is still valid, correct this machine's clock
    ");
}

#[test]
fn a_certificate_for_another_name_is_reported_with_both_names() {
    let authority = authority();
    let server = Server::start(&authority, "elsewhere.example", (2099, 3, 4));
    let ended = server.check(&authority, TRUSTING, 3);
    insta::assert_snapshot!(shown(&ended, &server), @r#"
    failed: source `techwolf`: tls: https://localhost:[port]: no connection: the server's certificate is not valid for name "localhost", only valid for `elsewhere.example`
      help: check the host name in the server's address; a proxy or a firewall may answer instead of the server
    "#);
}

#[test]
fn a_certificate_of_an_unknown_authority_names_the_option() {
    let authority = authority();
    let server = Server::start(&authority, "localhost", (2099, 3, 4));
    let ended = server.check(&authority, "", 3);
    insta::assert_snapshot!(shown(&ended, &server), @"
    failed: source `techwolf`: tls: https://localhost:[port]: no connection: the server's certificate is refused: its issuer is unknown
      help: check the server's certificate; set `connection.ca_file` for a private certificate authority
    ");
}
