//! What the standard `OTEL_*` variables ask for.

use std::path::PathBuf;

use taskferry_http::is_this_machine;
use taskferry_sdk::Duration;
use url::Url;

/// What can be told over OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
}

/// Where a signal goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    /// Authorities to trust beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The longest that one request may take.
    pub(crate) timeout: Duration,
}

/// The variables. What is empty counts as not set, as OpenTelemetry says.
pub(crate) struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

/// Of one request, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise, as OpenTelemetry says.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Signal {
    /// What it is called in the variables' names.
    pub(crate) fn word(self) -> &'static str {
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

    /// Where a signal goes; `None` where nothing is to be sent.
    ///
    /// # Errors
    /// Why nothing can be sent although that is asked for, without what may be a secret.
    pub(crate) fn destination(&self, signal: Signal) -> Result<Option<Destination>, String> {
        let is_disabled = |value: String| value.eq_ignore_ascii_case("true");
        if self.get("OTEL_SDK_DISABLED").is_some_and(is_disabled) {
            return Ok(None);
        }
        let Some((name, url)) = self.endpoint(signal) else { return Ok(None) };
        if !self.is_exported(signal)? {
            return Ok(None);
        }
        self.check_words(signal)?;
        let url = url.map_err(|error| format!("{name} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("{name} must begin with http:// or https://"));
        }
        self.check_secrecy(signal, &name, &url)?;
        let timeout = self.of_signal(signal, "TIMEOUT").map(|(_, value)| value);
        let timeout = timeout.and_then(|value| value.parse().ok()).filter(|millis| *millis > 0);
        let timeout = timeout.map_or(TIMEOUT, Duration::from_millis);
        let ca_file = self.of_signal(signal, "CERTIFICATE").map(|(_, path)| PathBuf::from(path));
        Ok(Some(Destination { url, ca_file, timeout }))
    }

    /// The endpoint of a signal is taken as it is; to the one of all signals the signal's path is added.
    fn endpoint(&self, signal: Signal) -> Option<(String, Result<Url, url::ParseError>)> {
        let (name, value) = self.of_signal(signal, "ENDPOINT")?;
        if name.contains(signal.word()) {
            return Some((name, Url::parse(&value)));
        }
        let url = Url::parse(&format!("{}/{}", value.trim_end_matches('/'), signal.path()));
        Some((name, url))
    }

    fn is_exported(&self, signal: Signal) -> Result<bool, String> {
        let name = format!("OTEL_{}_EXPORTER", signal.word());
        match self.get(&name).as_deref() {
            None | Some("otlp") => Ok(true),
            Some("none") => Ok(false),
            Some(other) => Err(format!("{name} says `{other}`; `otlp` and `none` are known")),
        }
    }

    fn check_words(&self, signal: Signal) -> Result<(), String> {
        for (which, known) in
            [("PROTOCOL", ["http/protobuf"].as_slice()), ("COMPRESSION", &["gzip", "none"])]
        {
            if let Some((name, value)) = self.of_signal(signal, which)
                && !known.contains(&value.as_str())
            {
                let known = known.join("` or `");
                return Err(format!("{name} says `{value}`; write `{known}`"));
            }
        }
        Ok(())
    }

    /// Headers are credentials most of the time. Nobody on the way may read them.
    fn check_secrecy(&self, signal: Signal, name: &str, url: &Url) -> Result<(), String> {
        let is_private = url.scheme() == "https" || url.host_str().is_some_and(is_this_machine);
        let headers = self.of_signal(signal, "HEADERS");
        if let Some((headers, value)) = &headers
            && value.split(',').any(|entry| !entry.contains('=') && !entry.trim().is_empty())
        {
            return Err(format!(
                "{headers} must be NAME=VALUE, several of them with commas between"
            ));
        }
        let secret = headers.map(|(name, _)| name);
        let secret = secret.or_else(|| url.password().map(|_| "the password".to_owned()));
        match secret {
            Some(secret) if !is_private => Err(format!(
                "{secret} would go unencrypted to another machine; let {name} begin with https://"
            )),
            _ => Ok(()),
        }
    }

    /// The variable of a signal, else the one of all signals.
    fn of_signal(&self, signal: Signal, which: &str) -> Option<(String, String)> {
        let names = [
            format!("OTEL_EXPORTER_OTLP_{}_{which}", signal.word()),
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
            ("OTEL_TRACES_EXPORTER", "zipkin", "`otlp` and `none` are known"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "write `http/protobuf`"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd", "write `gzip` or `none`"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "http:// or https://"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "//x", "is not a URL"),
        ] {
            let said = destination(Signal::Traces, &[LOCAL, (name, value)]).unwrap_err();
            assert!(said.contains(name) && said.contains(expected), "{said}");
        }
    }

    #[test]
    fn headers_are_never_sent_unencrypted_to_another_host_or_shown() {
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary");
        let far = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example");
        let password = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:canary@collector.example");
        for variables in [vec![headers, far], vec![password]] {
            let said = destination(Signal::Metrics, &variables).unwrap_err();
            assert!(said.contains("unencrypted") && !said.contains("canary"), "{said}");
        }
        assert!(destination(Signal::Metrics, &[headers, LOCAL]).unwrap().is_some());
        let broken = ("OTEL_EXPORTER_OTLP_HEADERS", "canary");
        let said = destination(Signal::Metrics, &[broken, LOCAL]).unwrap_err();
        assert!(said.contains("NAME=VALUE") && !said.contains("canary"), "{said}");
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
