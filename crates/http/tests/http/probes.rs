//! The checks of servers for `taskferry doctor`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType};
use taskferry_http::{Connection, Server, ServerProbe, clock_check, server_checks};
use taskferry_sdk::{Finding, Verdict};
use taskferry_testkit::{FaultServer, Response, TlsServer, authority};

use crate::{server, tls::trusting};

const DAY: Duration = Duration::from_hours(24);

fn probe(server: Server) -> Arc<[ServerProbe]> {
    Arc::from([ServerProbe::from(server)])
}

async fn tls_finding(days: f64) -> Finding {
    let authority = authority();
    let mut certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    certificate.distinguished_name = DistinguishedName::new();
    certificate.distinguished_name.push(DnType::CommonName, "acme.example");
    certificate.not_after = (SystemTime::now() + DAY.mul_f64(days)).into();
    let answering = TlsServer::start(&authority, certificate).await;
    let servers = probe(server(&answering.url(), &trusting(&authority)));
    let mut checks = server_checks(&servers, "1 HEAD request");
    checks.pop().unwrap().run().await.remove(0)
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning() {
    let soon = tls_finding(7.5).await;
    assert_eq!(soon.verdict, Verdict::Warning);
    let text = "; the certificate of acme.example, issued by Acme Root is valid until ";
    assert!(soon.text.contains(text) && soon.text.ends_with(", 7 days from now"), "{}", soon.text);
    assert_eq!(tls_finding(14.5).await.verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_clock_that_differs_by_more_than_half_a_minute_is_a_warning() {
    for (ahead, verdict, text) in [
        (20, Verdict::Ok, "this machine's clock is within 30 s of "),
        (90, Verdict::Warning, " s behind "),
    ] {
        let answering = FaultServer::start(move |_| {
            let date = SystemTime::now() + Duration::from_secs(ahead);
            Response::new(200, "").header("date", httpdate::fmt_http_date(date))
        })
        .await;
        let servers = probe(server(answering.url(), &Connection::default()));
        let finding = clock_check(&servers, "1 HEAD request").run().await.remove(0);
        assert_eq!(finding.verdict, verdict, "{}", finding.text);
        assert!(finding.text.contains(text), "{}", finding.text);
        assert!(finding.text.ends_with(answering.url()), "{}", finding.text);
    }
}
