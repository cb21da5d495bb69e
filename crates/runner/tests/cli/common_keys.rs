//! The common keys of stages behave in each plugin as documented.

use serde::Deserialize;
use serde_json::{Value, json};
use taskferry_testkit::{Context, Receiver, Response, Tenant, page};

/// A stage that refuses one of three records.
struct Case {
    role: &'static str,
    type_name: &'static str,
    options: &'static str,
    /// The refused record. The records before and after it are accepted.
    refused: &'static str,
}

const fn transform(type_name: &'static str, options: &'static str, refused: &'static str) -> Case {
    Case { role: "transform", type_name, options, refused }
}

const fn sink(type_name: &'static str, options: &'static str) -> Case {
    // A CSV table cannot contain a lone surrogate, and the test receiver does not accept `\u{ff}`.
    Case {
        role: "sink",
        type_name,
        options,
        refused: r#"{"external_id":"bad","title":"\ud800ÿ","tasks":[]}"#,
    }
}

const CASES: [Case; 14] = [
    transform(
        "jq",
        "filter = 'if .bad then error(\"bad\") else . end'",
        r#"{"external_id":"bad","bad":true}"#,
    ),
    transform("command", "command = [\"sh\", \"filter.sh\"]", r#"{"external_id":"bad"}"#),
    transform("filter_ai_impact", "levels = [\"H1\"]", r#"{"external_id":"bad","shapeless":true}"#),
    transform("flatten_hierarchy", "into = \"rows\"", r#"{"external_id":"bad","shapeless":true}"#),
    transform(
        "rename_skills",
        "vendor = \"workday\"\nmapping = \"skills.csv\"\nunmapped = \"fail\"",
        r#"{"external_id":"bad","tasks":[{"task_id":"t","linked_skills":[{"skill":"none","skill_id":"n"}]}]}"#,
    ),
    transform("select", "fields = [\"title\"]\nmissing = \"fail\"", r#"{"external_id":"bad"}"#),
    transform(
        "join",
        "file = \"titles.csv\"\nkey = \"title\"\ncolumns = [\"name\"]\nunmatched = \"fail\"",
        r#"{"external_id":"bad","title":"none"}"#,
    ),
    transform("aggregate", "sum = { total = \"number\" }", r#"{"external_id":"bad","number":"1"}"#),
    transform(
        "deduplicate",
        "by = [\"rare\"]\nmax_keys = 1",
        r#"{"external_id":"good","rare":1},{"external_id":"bad","rare":2}"#,
    ),
    transform("changes", "", r#"{"external_id":"bad","change":"added"}"#),
    sink("file", "path = \"out/jobs.csv\"\nformat = \"csv\"\ncolumns = [\"title\", \"own\"]"),
    sink("stdout", "format = \"csv\"\ncolumns = [\"title\", \"own\"]"),
    sink("stdout", "format = \"csv\""),
    sink("webhook", "url = \"${RECEIVER}\"\nbatch_records = 1"),
];

impl Case {
    fn pipeline(&self, source: &str, on_error: &str, own: &str) -> String {
        let Self { role, type_name, options, .. } = self;
        let common = format!("type = \"{type_name}\"\nname = \"the stage\"\n{on_error}{options}\n");
        // Turns a job into a record of unknown shape.
        let shapeless =
            "[[transform]]\ntype = \"jq\"\nfilter = 'if .shapeless then {shapeless} else . end'\n";
        let stages = match *role {
            "sink" => format!("[[sink]]\n{common}{own}"),
            _ => format!("{shapeless}[[transform]]\n{common}[[sink]]\ntype = \"stdout\"\n"),
        };
        let source = source.replace("[source.auth]", "name = \"the source\"\n[source.auth]");
        format!("{source}{stages}[dead_letter]\npath = \"out/{{run_id}}.dead.ndjson\"\n")
    }
}

/// A dead letter without its record, which may contain invalid text.
#[derive(Deserialize)]
struct DeadLetter {
    stage: Value,
    origin: Value,
}

fn manifest_of<'a>(summary: &'a Value, role: &str) -> &'a Value {
    let stages = summary[format!("{role}s")].as_array().unwrap();
    stages.iter().find(|stage| stage["name"] == "the stage").expect("the stage has its name")
}

fn runs(case: &Case, on_error: &str) {
    let what = format!("{} `{}` with {on_error:?}", case.role, case.type_name);
    let ok = |id: &str| format!(r#"{{"external_id":"{id}","title":"{id}","tasks":[]}}"#);
    let records = [ok("first"), case.refused.to_owned(), ok("last")].join(",");
    let body = format!(r#"{{"has_next":false,"records":[{records}]}}"#);
    let tenant = Tenant::with_pages([Response::new(200, body)]);
    let receiver = Receiver::start(|request| {
        Response::new(if request.body.contains('ÿ') { 422 } else { 200 }, "")
    });
    let mut context = Context::new();
    context.set("RECEIVER", receiver.url());
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,SQL,SQL\n");
    context.write("filter.sh", crate::command::FILTER);
    context.write("titles.csv", "title,name\nfirst,one\nlast,two\n");
    let key =
        if on_error.is_empty() { String::new() } else { format!("on_error = \"{on_error}\"\n") };
    context.write("jobs.toml", &case.pipeline(&tenant.source(), &key, ""));
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]);
    let summary = context.json("summary.json");
    assert_eq!(summary["source"]["name"], "the source", "{what}");
    let failed = if case.role == "sink" { 5 } else { 4 };
    let (code, left_out, dead) = match on_error {
        "skip" => (0, 1, 0),
        "dead_letter" => (6, 1, 1),
        _ => (failed, 0, 0),
    };
    assert_eq!(ended.code, Some(code), "{what}: {}", ended.stderr);
    let stage = manifest_of(&summary, case.role);
    assert_eq!(
        (&stage["failed"], &stage["dead_letters"]),
        (&json!(left_out), &json!(dead)),
        "{what}"
    );
    let named = format!("{} `the stage`", case.role);
    assert!(ended.stderr.contains(&named), "{what}: {}", ended.stderr);
    if code == failed {
        return assert!(ended.stderr.contains("id `bad`"), "{what}: {}", ended.stderr);
    }
    assert!(summary["warnings"].to_string().contains(&named), "{what}: {summary}");
    let dead_letters =
        if dead == 0 { String::new() } else { context.read(&context.dead_letters()) };
    assert_eq!(dead_letters.lines().count(), dead, "{what}");
    for dead_letter in dead_letters.lines() {
        let DeadLetter { stage, origin } = serde_json::from_str(dead_letter).unwrap();
        assert_eq!(stage, json!({"role": case.role, "name": "the stage"}), "{what}");
        assert_eq!(origin["job"], "bad", "{what}");
    }
    if case.role == "sink" {
        let delivered = ended.stdout + &delivered(&context, &receiver);
        assert!(
            ["first", "last"].iter().all(|text| delivered.contains(text)),
            "{what}: {delivered}"
        );
        assert_eq!(stage["records"], 2, "{what}");
    }
}

/// The transforms of a sink affect only this sink.
fn has_transforms_of_its_own(case: &Case) {
    let tenant = Tenant::with_pages([page(&["first"], None)]);
    let receiver = Receiver::start(|_| Response::new(200, ""));
    let mut context = Context::new();
    context.set("RECEIVER", receiver.url());
    let own = "[[sink.transform]]\ntype = \"jq\"\nfilter = '.own = \"changed\"'\n";
    context.write("jobs.toml", &case.pipeline(&tenant.source(), "", own));
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let delivered = ended.stdout + &delivered(&context, &receiver);
    assert!(delivered.contains("changed"), "sink `{}`: {delivered}", case.type_name);
}

/// The content of the file, and the requests to the receiver.
fn delivered(context: &Context, receiver: &Receiver) -> String {
    let bodies = receiver.requests().into_iter().map(|request| request.body);
    let file = std::fs::read_to_string(context.path("out/jobs.csv")).unwrap_or_default();
    file + &bodies.collect::<String>()
}

#[test]
fn common_keys_of_stages_behave_as_documented() {
    for case in CASES {
        for on_error in ["", "fail", "skip", "dead_letter"] {
            runs(&case, on_error);
        }
        if case.role == "sink" {
            has_transforms_of_its_own(&case);
        }
    }
}

#[test]
fn every_plugin_is_covered() {
    let reference = Context::new().taskferry(&["plugins", "--markdown"]).with_code(0).stdout;
    for (heading, role) in [("## Transform `", "transform"), ("## Sink `", "sink")] {
        let types =
            reference.lines().filter_map(|line| line.strip_prefix(heading)?.strip_suffix('`'));
        for type_name in types {
            assert!(
                CASES.iter().any(|case| (case.role, case.type_name) == (role, type_name)),
                "`{type_name}` is not tested"
            );
        }
    }
}
