//! Texts about certificates that the TLS library refused.

use taskferry_sdk::jiff::Timestamp;

/// Why a certificate was refused, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
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
        let hint = "check the host name in the address; a proxy or a firewall may answer instead of the server";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_and_names_of_a_refused_certificate_are_readable() {
        let message = |text: &str| {
            refused_certificate(&format!("invalid peer certificate: {text}")).unwrap().message
        };
        let expired = "certificate expired: verification time 1800000000 (UNIX), but certificate is not valid after 1577836800 (222163200 seconds ago)";
        assert_eq!(message(expired), "the server's certificate expired on 2020-01-01");
        let early = "certificate not valid yet: verification time 1 (UNIX), but certificate is not valid before 1577836800 (1577836799 seconds in future)";
        assert_eq!(message(early), "the server's certificate is not valid before 2020-01-01");
        let name = "certificate not valid for name \"localhost\"; certificate is only valid for DnsName(\"a.example\") or DnsName(\"b.example\")";
        assert_eq!(
            message(name),
            "the server's certificate is not valid for name \"localhost\", only valid for `a.example` or `b.example`"
        );
        assert_eq!(
            message("UnknownIssuer"),
            "the server's certificate is refused: its issuer is unknown"
        );
        assert_eq!(refused_certificate("connection refused"), None);
    }
}
