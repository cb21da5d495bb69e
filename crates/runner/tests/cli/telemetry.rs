//! Telemetry of a run: OTLP and Prometheus text.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use taskferry_sdk::hex;
use taskferry_testkit::{Context, FaultServer, Outcome, Response, Tenant, page};

const PIPELINE: &str = r#"
name = "a \"quoted\" \\ name"
[source]
type = "techwolf"
url = "sandbox:?jobs=25"
limit = 10
include = ["ai_impact"]
[[transform]]
type = "filter_ai_impact"
levels = ["H1"]
[[sink]]
type = "file"
path = "out/jobs.ndjson"
[[sink]]
type = "stdout"
[[sink.transform]]
type = "jq"
filter = "select(.external_id == null)"
"#;

/// A collector that accepts everything.
fn collector() -> FaultServer {
    FaultServer::start_blocking(|_| Response::new(200, ""))
}

/// Runs the pipeline above with this collector.
fn run_with_collector(context: &mut Context, collector: &FaultServer, more: &[&str]) -> Outcome {
    context.write("jobs.toml", PIPELINE);
    context.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    context.taskferry(&[&["run", "jobs.toml"], more].concat())
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()).unwrap() {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::BoolValue(value) => value.to_string(),
        other => panic!("{other:?}"),
    }
}

fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    text(found.unwrap_or_else(|| panic!("no {name} in {attributes:?}")).value.as_ref())
}

/// All received spans with their resource.
fn spans(collector: &FaultServer) -> (Resource, Vec<Span>) {
    let requests = collector.requests();
    let traces = requests.iter().filter(|request| request.target == "/v1/traces");
    let all = traces.flat_map(|request| {
        ExportTraceServiceRequest::decode(&*request.bytes).unwrap().resource_spans
    });
    let mut all: Vec<_> = all.collect();
    let spans = all.iter_mut().flat_map(|of| &mut of.scope_spans);
    let spans = spans.flat_map(|scope| std::mem::take(&mut scope.spans)).collect();
    (all[0].resource.take().unwrap(), spans)
}

fn spans_named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[test]
fn a_run_is_one_trace_with_a_span_for_every_step_of_every_page() {
    let (mut context, collector) = (Context::new(), collector());
    context.set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test");
    context.set("OTEL_EXPORTER_OTLP_HEADERS", "x-canary=some%20thing");
    run_with_collector(&mut context, &collector, &["--summary", "summary.json"]).with_code(0);

    let (resource, spans) = spans(&collector);
    assert_eq!(attribute(&resource.attributes, "service.name"), "taskferry");
    assert_eq!(attribute(&resource.attributes, "deployment.environment.name"), "test");
    let runs = spans_named(&spans, "run");
    let [run] = runs[..] else { panic!("one run, not {}", runs.len()) };
    let of_run = |name: &str| attribute(&run.attributes, name);
    assert_eq!(of_run("taskferry.pipeline"), r#"a "quoted" \ name"#);
    assert_eq!(of_run("taskferry.run_id"), context.json("summary.json")["run_id"]);
    assert_eq!(
        (of_run("taskferry.status"), of_run("taskferry.exit_code")),
        ("complete".into(), "0".into())
    );
    assert_eq!((of_run("taskferry.pages"), of_run("taskferry.records")), ("3".into(), "25".into()));
    let events: Vec<&str> = run.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["sealed", "sealed", "published", "published"]);
    assert!(run.parent_span_id.is_empty());

    for (name, count) in [("fetch", 3), ("transform", 3), ("deliver", 6)] {
        let steps = spans_named(&spans, name);
        assert_eq!(steps.len(), count, "{name}");
        for step in steps {
            assert_eq!((&step.trace_id, &step.parent_span_id), (&run.trace_id, &run.span_id));
            assert!(step.start_time_unix_nano <= step.end_time_unix_nano);
            assert!(run.start_time_unix_nano <= step.start_time_unix_nano);
            assert!(step.end_time_unix_nano <= run.end_time_unix_nano);
        }
    }
    let fetched = spans_named(&spans, "fetch");
    let sizes: Vec<_> =
        fetched.iter().map(|it| attribute(&it.attributes, "taskferry.records")).collect();
    assert_eq!(sizes, ["10", "10", "5"]);
    // The first page span includes the token request.
    let requests: Vec<_> =
        fetched.iter().map(|it| attribute(&it.attributes, "taskferry.requests")).collect();
    assert_eq!(requests, ["2", "1", "1"]);
    assert_eq!(collector.requests()[0].header("x-canary"), Some("some thing"));
}

#[test]
fn a_run_joins_the_trace_of_its_caller() {
    let (mut context, collector) = (Context::new(), collector());
    context.set("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    context.set("OTEL_SERVICE_NAME", "payroll");
    run_with_collector(&mut context, &collector, &[]).with_code(0);
    let (resource, spans) = spans(&collector);
    let run = spans_named(&spans, "run")[0];
    assert_eq!(hex(&run.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&run.parent_span_id), "b7ad6b7169203331");
    assert_eq!(attribute(&resource.attributes, "service.name"), "payroll");
}

/// Each metric as a line of Prometheus text, with labels in alphabetical order.
fn sent_metrics(collector: &FaultServer) -> BTreeSet<String> {
    let requests = collector.requests();
    let metrics: Vec<_> =
        requests.iter().filter(|request| request.target == "/v1/metrics").collect();
    assert_eq!(metrics.len(), 1, "the metrics are sent once");
    let sent = ExportMetricsServiceRequest::decode(&*metrics[0].bytes).unwrap();
    let scopes = sent.resource_metrics.into_iter().flat_map(|of| of.scope_metrics);
    let mut lines = BTreeSet::new();
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let unit = match metric.unit.as_str() {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let Some(metric::Data::Gauge(gauge)) = metric.data else { panic!("{}", metric.name) };
        for point in gauge.data_points {
            let mut labels: Vec<(String, String)> = point
                .attributes
                .iter()
                .map(|label| (label.key.clone(), text(label.value.as_ref())))
                .collect();
            labels.sort();
            let Some(number_data_point::Value::AsDouble(value)) = point.value else { panic!() };
            let name = metric.name.replace('.', "_");
            lines.insert(format!("{name}{unit} {labels:?} {value}"));
        }
    }
    lines
}

/// Each metric of a file, in the form of `sent_metrics`. Parses labels like Prometheus.
fn metrics_of_text(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, rest) = line.split_once('{').unwrap();
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            // A quote and a comma end a label. JSON escapes the characters of a value in the same way.
            let pairs = labels.split("\",").map(|pair| pair.trim_end_matches('"'));
            let mut labels: Vec<(String, String)> = pairs
                .map(|pair| {
                    let (name, value) = pair.split_once("=\"").unwrap();
                    (name.to_owned(), serde_json::from_str(&format!("\"{value}\"")).unwrap())
                })
                .collect();
            labels.sort();
            format!("{name} {labels:?} {value}")
        })
        .collect()
}

#[test]
fn collector_and_file_receive_the_same_metrics() {
    let (mut context, collector) = (Context::new(), collector());
    run_with_collector(&mut context, &collector, &["--metrics-file", "metrics/jobs.prom"])
        .with_code(0);
    let file = context.read("metrics/jobs.prom");
    assert_eq!(sent_metrics(&collector), metrics_of_text(&file));
    for expected in [
        r#"taskferry_run_status{pipeline="a \"quoted\" \\ name",status="complete"} 1"#,
        r#"taskferry_source_records{pipeline="a \"quoted\" \\ name",stage="techwolf",type="techwolf"} 25"#,
        r#"taskferry_transform_filtered{pipeline="a \"quoted\" \\ name",stage="jq",type="jq",sink="stdout"} "#,
        "# TYPE taskferry_run_duration_seconds gauge",
    ] {
        assert!(file.contains(expected), "{expected} in {file}");
    }
    assert_eq!(context.files(), ["metrics/jobs.prom", "out/jobs.ndjson"]);
}

#[test]
fn the_metrics_file_is_world_readable() {
    let context = Context::with_pipeline(PIPELINE);
    context
        .taskferry_after("umask 077", &["run", "jobs.toml", "--metrics-file", "jobs.prom"])
        .with_code(0);
    let mode = |name: &str| context.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("jobs.prom"), mode("out/jobs.ndjson")), (0o644, 0o600));
}

#[test]
fn nothing_is_sent_if_telemetry_is_disabled() {
    let (mut context, collector) = (Context::new(), collector());
    context.set("OTEL_TRACES_EXPORTER", "none");
    context.set("OTEL_METRICS_EXPORTER", "none");
    run_with_collector(&mut context, &collector, &[]).with_code(0);
    context.set("OTEL_SDK_DISABLED", "true");
    run_with_collector(&mut context, &collector, &[]).with_code(0);
    assert!(collector.requests().is_empty());
}

#[test]
fn a_failed_run_keeps_the_time_of_the_last_success() {
    let (mut context, collector) = (Context::new(), collector());
    let refused = Response::new(403, "[]");
    let tenant = Tenant::with_pages([page(&["a"], None), page(&["a"], Some("a")), refused]);
    context.write("jobs.toml", &tenant.pipeline());
    let run = ["run", "jobs.toml", "--metrics-file", "jobs.prom"];
    let figure = |context: &Context, name: &str| {
        let text = context.read("jobs.prom");
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    context.taskferry(&run).with_code(0);
    let success = figure(&context, "taskferry_run_last_success_timestamp_seconds");
    assert_eq!(success, figure(&context, "taskferry_run_end_timestamp_seconds"));

    std::fs::remove_file(context.path("jobs.prom")).unwrap();
    context.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    context.taskferry(&run).with_code(3);
    assert_eq!(figure(&context, "taskferry_run_last_success_timestamp_seconds"), success);
    assert_ne!(figure(&context, "taskferry_run_end_timestamp_seconds"), success);
    assert_eq!(figure(&context, "taskferry_run_exit_code").as_deref(), Some("3"));
    assert_eq!(figure(&context, "taskferry_run_resumable").as_deref(), Some("1"));
    let failed = "taskferry_run_status{pipeline=\"jobs\",status=\"failed\"}";
    assert_eq!(figure(&context, failed).as_deref(), Some("1"));

    let (_, spans) = spans(&collector);
    let run = spans_named(&spans, "run")[0];
    let status = run.status.as_ref().unwrap();
    assert!(status.message.contains("the server answered 403"), "{}", status.message);
    assert_eq!(attribute(&run.attributes, "taskferry.failed_stage"), "source `techwolf`");
    assert_eq!(attribute(&run.attributes, "error.type"), "auth");
}

#[test]
fn an_unreachable_collector_is_a_warning() {
    let mut context = Context::with_pipeline(PIPELINE);
    // Nothing listens on port 0.
    context.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:0");
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    for what in ["13 of 13 spans of the run's trace", "the run's metrics"] {
        let expected = format!("{what} did not reach the collector at http://127.0.0.1:");
        ended.assert_stderr(&expected);
    }
    assert_eq!(context.files(), ["out/jobs.ndjson"]);
}

#[test]
fn a_silent_collector_delays_the_exit_by_five_seconds_at_most() {
    let (mut context, silent) =
        (Context::new(), FaultServer::start_blocking(|_| Response::new(200, "").never_finished()));
    let start = std::time::Instant::now();
    let ended = run_with_collector(&mut context, &silent, &[]).with_code(0);
    let expected = "the run's metrics did not reach the collector at http://127.0.0.1:";
    ended.assert_stderr(expected);
    ended.assert_stderr("the export took longer than 5 s");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn a_busy_collector_is_retried() {
    let asked = AtomicU64::new(0);
    let busy = FaultServer::start_blocking(move |_| {
        // The first request of each signal is refused.
        let busy = asked.fetch_add(1, Ordering::Relaxed) < 2;
        Response::new(if busy { 503 } else { 200 }, "")
    });
    let mut context = Context::new();
    let ended = run_with_collector(&mut context, &busy, &[]).with_code(0);
    assert!(!ended.stderr.contains("collector"), "{}", ended.stderr);
    assert_eq!(busy.requests().len(), 4);
}

#[test]
fn headers_for_the_collector_are_never_shown() {
    let refusing = FaultServer::start_blocking(|request| {
        Response::new(401, request.header("authorization").unwrap_or("none").to_owned())
    });
    let mut context = Context::new();
    context.set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-header");
    context.set("TASKFERRY_LOG", "trace");
    let ended =
        run_with_collector(&mut context, &refusing, &["--summary", "summary.json"]).with_code(0);
    ended.assert_stderr("the server answered 401");
    let requests = refusing.requests();
    assert_eq!(requests[0].header("authorization"), Some("Bearer canary-header"));
    assert!(!ended.stderr.contains("canary") && !context.read("summary.json").contains("canary"));
}

#[test]
fn invalid_telemetry_variables_are_warnings() {
    let (mut context, collector) = (Context::new(), collector());
    context.set("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    context.set("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf");
    context.set("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "nowhere.pem");
    let ended = run_with_collector(&mut context, &collector, &[]).with_code(0);
    for expected in [
        "no traces are sent over OTLP: OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`; write `http/protobuf`",
        "no metrics are sent over OTLP: can't read the certificates in `nowhere.pem`",
    ] {
        ended.assert_stderr(expected);
    }
    assert!(collector.requests().is_empty());
}

#[test]
fn summary_and_metrics_require_different_files() {
    let context = Context::with_pipeline(PIPELINE);
    let arguments = ["run", "jobs.toml", "--summary", "it", "--metrics-file", "./it"];
    let ended = context.taskferry(&arguments).with_code(2);
    assert_eq!(ended.stderr, "error: `--summary` and `--metrics-file` must name different files\n");
}
