//! Texts about certificates that the TLS library refused.

use taskferry_sdk::jiff::Timestamp;

/// Why a certificate was refused, and what to do about it.
pub(crate) struct RefusedCertificate {
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

/// Reads the error of the TLS library; `None` if it is not about a certificate.
pub(crate) fn refused_certificate(cause: &str) -> Option<RefusedCertificate> {
    let (_, reason) = cause.split_once("invalid peer certificate: ")?;
    let day = |before: &str| {
        let (_, text) = reason.split_once(before)?;
        let seconds = text.split(' ').next()?.parse().ok()?;
        Some(Timestamp::from_second(seconds).ok()?.strftime("%Y-%m-%d").to_string())
    };
    let (message, hint) = if reason.starts_with("certificate expired") {
        let day = day("not valid after ").map(|day| format!(" on {day}")).unwrap_or_default();
        let hint =
            "have the certificate renewed; if it is still valid, correct this machine's clock";
        (format!("the server's certificate expired{day}"), hint)
    } else if reason.starts_with("certificate not valid yet") {
        let day = day("not valid before ").map(|day| format!(" before {day}")).unwrap_or_default();
        let message = format!("the server's certificate is not valid{day}");
        (message, "correct this machine's clock, or have the certificate renewed")
    } else if reason.starts_with("certificate not valid for name") {
        let reason = reason.replace("DnsName(\"", "`").replace("\")", "`");
        let reason = reason.replacen("certificate not", "certificate is not", 1);
        let hint = "check the host name in the server's address; a proxy or a firewall may answer instead of the server";
        (format!("the server's {}", reason.replace("; certificate is only", ", only")), hint)
    } else {
        let reason = match reason {
            "UnknownIssuer" => "its issuer is unknown",
            reason => reason,
        };
        let hint = "check the server's certificate; set `connection.ca_file` for a private certificate authority";
        (format!("the server's certificate is refused: {reason}"), hint)
    };
    Some(RefusedCertificate { message, hint })
}
