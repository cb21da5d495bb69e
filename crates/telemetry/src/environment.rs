//! The standard `OTEL_*` variables.

use std::path::PathBuf;

use taskferry_http::is_this_machine;
use taskferry_sdk::Duration;
use url::Url;

/// A signal of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
}

/// The collector of a signal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    /// Certificate authorities, in addition to the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The time limit of a request.
    pub(crate) timeout: Duration,
}

/// The variables. As OpenTelemetry specifies, an empty variable is unset.
pub(crate) struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

/// The default of `OTEL_EXPORTER_OTLP_TIMEOUT` in OpenTelemetry.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Signal {
    /// The name in variables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
        }
    }
}

impl<'a> Environment<'a> {
    pub(crate) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self(variable)
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The collector of a signal; `None` if the signal is not exported.
    ///
    /// # Errors
    /// An error in a variable. The message contains no value that may be secret.
    pub(crate) fn destination(&self, signal: Signal) -> Result<Option<Destination>, String> {
        let is_disabled = |value: String| value.eq_ignore_ascii_case("true");
        if self.get("OTEL_SDK_DISABLED").is_some_and(is_disabled) {
            return Ok(None);
        }
        let Some((name, url)) = self.endpoint(signal) else { return Ok(None) };
        if !self.is_exported(signal)? {
            return Ok(None);
        }
        self.check_protocol(signal)?;
        let url = url.map_err(|error| format!("{name} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("{name} must begin with http:// or https://"));
        }
        self.check_encryption(signal, &name, &url)?;
        let timeout = self.signal_variable(signal, "TIMEOUT").map(|(_, value)| value);
        let timeout = timeout.and_then(|value| value.parse().ok()).filter(|millis| *millis > 0);
        let timeout = timeout.map_or(TIMEOUT, Duration::from_millis);
        let ca_file =
            self.signal_variable(signal, "CERTIFICATE").map(|(_, path)| PathBuf::from(path));
        Ok(Some(Destination { url, ca_file, timeout }))
    }

    /// The endpoint of a signal is used unchanged; the signal's path is appended to the common endpoint.
    fn endpoint(&self, signal: Signal) -> Option<(String, Result<Url, url::ParseError>)> {
        let (name, value) = self.signal_variable(signal, "ENDPOINT")?;
        if name.contains(signal.name()) {
            return Some((name, Url::parse(&value)));
        }
        let url = Url::parse(&format!("{}/{}", value.trim_end_matches('/'), signal.path()));
        Some((name, url))
    }

    fn is_exported(&self, signal: Signal) -> Result<bool, String> {
        let name = format!("OTEL_{}_EXPORTER", signal.name());
        match self.get(&name).as_deref() {
            None | Some("otlp") => Ok(true),
            Some("none") => Ok(false),
            Some(other) => Err(format!("{name} is `{other}`; write `otlp` or `none`")),
        }
    }

    fn check_protocol(&self, signal: Signal) -> Result<(), String> {
        for (which, known) in
            [("PROTOCOL", ["http/protobuf"].as_slice()), ("COMPRESSION", &["gzip", "none"])]
        {
            if let Some((name, value)) = self.signal_variable(signal, which)
                && !known.contains(&value.as_str())
            {
                let known = known.join("` or `");
                return Err(format!("{name} is `{value}`; write `{known}`"));
            }
        }
        Ok(())
    }

    /// Refuses to send headers, which usually contain credentials, and passwords over an unencrypted connection.
    fn check_encryption(&self, signal: Signal, name: &str, url: &Url) -> Result<(), String> {
        let is_private = url.scheme() == "https" || url.host_str().is_some_and(is_this_machine);
        let headers = self.signal_variable(signal, "HEADERS");
        if let Some((headers, value)) = &headers
            && value.split(',').any(|entry| !entry.contains('=') && !entry.trim().is_empty())
        {
            return Err(format!("{headers} must be a comma-separated list of NAME=VALUE"));
        }
        let secret = headers.map(|(name, _)| name);
        let secret = secret.or_else(|| url.password().map(|_| "the password".to_owned()));
        match secret {
            Some(secret) if !is_private => Err(format!(
                "{secret} would be sent unencrypted to another machine; use https:// in {name}"
            )),
            _ => Ok(()),
        }
    }

    /// The variable of the signal, or the common one, with its name.
    fn signal_variable(&self, signal: Signal, which: &str) -> Option<(String, String)> {
        let names = [
            format!("OTEL_EXPORTER_OTLP_{}_{which}", signal.name()),
            format!("OTEL_EXPORTER_OTLP_{which}"),
        ];
        names.into_iter().find_map(|name| self.get(&name).map(|value| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(
        signal: Signal,
        variables: &[(&str, &str)],
    ) -> Result<Option<Destination>, String> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Environment::new(&find).destination(signal)
    }

    fn url(signal: Signal, variables: &[(&str, &str)]) -> Option<String> {
        destination(signal, variables).unwrap().map(|destination| destination.url.to_string())
    }

    const LOCAL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");

    #[test]
    fn nothing_is_sent_without_an_endpoint() {
        for variables in [
            vec![],
            vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
            vec![("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_EXPORTER", "otlp")],
            vec![LOCAL, ("OTEL_SDK_DISABLED", "True")],
            vec![LOCAL, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(destination(Signal::Traces, &variables), Ok(None), "{variables:?}");
        }
    }

    #[test]
    fn the_path_of_a_signal_is_appended_to_the_common_endpoint() {
        for base in ["https://collector.example/otlp", "https://collector.example/otlp/"] {
            let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", base)];
            let expected = "https://collector.example/otlp/v1/metrics";
            assert_eq!(url(Signal::Metrics, &variables).as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_endpoint_of_one_signal_is_used_unchanged_and_takes_precedence() {
        let variables = [LOCAL, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/here")];
        assert_eq!(url(Signal::Traces, &variables).as_deref(), Some("http://127.0.0.1:1/here"));
        let other = url(Signal::Metrics, &variables);
        assert_eq!(other.as_deref(), Some("http://localhost:4318/v1/metrics"));
    }

    #[test]
    fn invalid_variables_are_reported_and_nothing_is_sent() {
        for (name, value, expected) in [
            ("OTEL_TRACES_EXPORTER", "zipkin", "write `otlp` or `none`"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "write `http/protobuf`"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd", "write `gzip` or `none`"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "http:// or https://"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "//x", "is not a URL"),
        ] {
            let error = destination(Signal::Traces, &[LOCAL, (name, value)]).unwrap_err();
            assert!(error.contains(name) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn headers_are_never_sent_unencrypted_to_another_host_or_shown() {
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary");
        let far = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example");
        let password = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:canary@collector.example");
        for variables in [vec![headers, far], vec![password]] {
            let error = destination(Signal::Metrics, &variables).unwrap_err();
            assert!(error.contains("unencrypted") && !error.contains("canary"), "{error}");
        }
        assert!(destination(Signal::Metrics, &[headers, LOCAL]).unwrap().is_some());
        let broken = ("OTEL_EXPORTER_OTLP_HEADERS", "canary");
        let error = destination(Signal::Metrics, &[broken, LOCAL]).unwrap_err();
        assert!(error.contains("NAME=VALUE") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn the_request_timeout_is_read_from_its_variable() {
        let of = |variables: &[(&str, &str)]| {
            destination(Signal::Traces, variables).unwrap().map(|found| found.timeout)
        };
        assert_eq!(of(&[LOCAL]), Some(TIMEOUT));
        assert_eq!(
            of(&[LOCAL, ("OTEL_EXPORTER_OTLP_TIMEOUT", "250")]),
            Some(Duration::from_millis(250))
        );
    }
}
