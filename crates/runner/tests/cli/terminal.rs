//! Text from records, servers, files and the environment is escaped in terminals, logs and manifests.

use serde_json::{Value, json};
use taskferry_testkit::{Context, FaultServer, Outcome, Receiver, Response, Tenant, page_of};

/// Clears the screen, sets the window title, forges a line, sets colors with C1 codes, changes the text direction, hides a word.
const EVIL: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\nerror: forged\u{9b}31m\u{202e}\u{2066}\u{200b}\u{2028}\u{7f}y";

/// The same, restricted to characters that file names and variables may contain.
const EVIL_NAME: &str =
    "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\nerror: forged\u{9b}31m\u{202e}\u{2028}\u{7f}y";

/// Whether a character is a control character, or an invisible character like those in [`EVIL`].
fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks that a text contains no control characters except line breaks, and no forged line.
#[track_caller]
fn assert_escaped(text: &str, what: &str) {
    for line in text.lines() {
        assert!(!line.chars().any(is_forbidden), "{what}: {line:?}");
        assert!(!line.starts_with("error: forged"), "{what}: {text}");
    }
}

/// The same for terminal output, where colors are allowed and lines end with CRLF.
#[track_caller]
fn assert_escaped_in_terminal(text: &str, what: &str) {
    // The progress bar returns to the start of its line and clears it.
    let text = text.replace("\r\n", "\n").replace("\r\u{1b}[2K", "\n");
    let mut plain = String::new();
    for (position, part) in text.split('\u{1b}').enumerate() {
        let behind = part.trim_start_matches(|it: char| it.is_ascii_digit() || "[;".contains(it));
        let colour = behind.strip_prefix('m').filter(|_| part.starts_with('['));
        match (position, colour) {
            (0, _) => plain.push_str(part),
            (_, Some(rest)) => plain.push_str(rest),
            (_, None) => plain.extend(["\u{1b}", part]),
        }
    }
    assert_escaped(&plain, what);
}

/// A TOML string, which escapes one more character than JSON.
fn escaped(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f")
}

/// Runs once with a pipe as standard error, once with a terminal, and once with JSON logs.
fn run_in_every_format(context: &Context, arguments: &[&str], code: i32) -> Outcome {
    let what = arguments.join(" ");
    let ended = context.taskferry(arguments).with_code(code);
    assert_escaped(&ended.stderr, &what);
    let shown = context.taskferry_in_terminal(80, arguments).with_code(code);
    assert_escaped_in_terminal(&shown.stderr, &what);
    if arguments[0] == "run" {
        let log = context.taskferry(&[arguments, &["--log", "json"]].concat()).with_code(code);
        assert_escaped(&log.stderr, &what);
        log.log();
    }
    ended
}

/// A tenant with control characters in every field of its jobs.
fn hostile_tenant(jobs: usize) -> Tenant {
    let job = |number: usize| {
        json!({
            "external_id": format!("{number}{EVIL}"), EVIL: EVIL,
            "tasks": [{"task_id": EVIL, "task": EVIL, EVIL: EVIL, "ai_impact": {"level": EVIL},
                "linked_skills": [{"skill": EVIL, "rank": EVIL}]}],
        })
    };
    Tenant::start(move |_| {
        let records: Vec<Value> = (0..jobs).map(job).collect();
        page_of(&records, None)
    })
}

#[test]
fn control_characters_in_record_fields_are_escaped() {
    let context = Context::new();
    let server = hostile_tenant(3);
    let sink = "[[sink]]\ntype = \"stdout\"\nformat = \"csv\"\ncolumns = [\"task\"]\n";
    for (transform, code) in [
        ("type = \"jq\"\nfilter = 'error(.external_id)'\n", 4),
        ("type = \"jq\"\nfilter = 'error(.)'\n", 4),
        ("type = \"jq\"\nfilter = 'error(.external_id)'\non_error = \"skip\"\n", 0),
        ("type = \"jq\"\nfilter = '.external_id + 1'\non_error = \"skip\"\n", 0),
        ("type = \"jq\"\nfilter = '.tasks[0] | {(.task): 1, task: 1}'\n", 0),
        ("type = \"flatten_hierarchy\"\n", 0),
        ("type = \"filter_ai_impact\"\nlevels = [\"H1\"]\n", 0),
        (
            "type = \"jq\"\nfilter = '.tasks = .external_id'\n[[transform]]\ntype = \"flatten_hierarchy\"\non_error = \"skip\"\n",
            0,
        ),
    ] {
        let text = format!("{}\n[[transform]]\n{transform}\n{sink}", server.source());
        context.write("jobs.toml", &text);
        let arguments = ["run", "jobs.toml", "--summary", "s.json", "--metrics-file", "m.prom"];
        run_in_every_format(&context, &arguments, code);
        assert_escaped(&context.read("s.json"), transform);
        assert_escaped(&context.read("m.prom"), transform);
    }
    let listed = context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    assert_escaped(&listed.stdout, "runs");
    let listed = context.taskferry(&["runs", "jobs.toml", "--json"]).with_code(0);
    assert_escaped(&listed.stdout, "runs --json");
    let kept = context.stored_manifests("jobs");
    assert!(!kept.is_empty());
    for text in &kept {
        assert_escaped(text, "what is kept of a run");
    }
}

#[test]
fn data_on_standard_output_is_not_escaped() {
    let context = Context::new();
    let server = hostile_tenant(1);
    let text = format!("{}\n[[sink]]\ntype = \"stdout\"\n", server.source());
    context.write("jobs.toml", &text);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let record: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(record["tasks"][0]["task"], EVIL);
}

#[test]
fn control_characters_in_responses_are_escaped() {
    let context = Context::new();
    let page = |job: &str, next: Option<&str>| page_of(&[json!({"external_id": job})], next);
    let error = json!([{"title": EVIL, "description": EVIL}]).to_string();
    for pages in [
        vec![Response::new(400, error.clone())],
        vec![Response::new(404, EVIL)],
        vec![Response::new(200, EVIL)],
        vec![Response::new(302, "").header("location", "http://x/\u{202e}\u{9b}")],
        vec![Response::new(429, "").header("retry-after", "9\u{9b}99999")],
        vec![page("a", Some(EVIL)), Response::new(403, error)],
        vec![page("a", Some(EVIL)), page("b", Some(EVIL))],
        vec![page_of(&[json!({"external_id": EVIL}), json!({"external_id": EVIL})], None)],
    ] {
        let server = Tenant::with_pages(pages);
        context.write("jobs.toml", &server.pipeline());
        let arguments = ["run", "jobs.toml", "--summary", "s.json", "--fresh"];
        run_in_every_format(&context, &arguments, 3);
        assert_escaped(&context.read("s.json"), "the manifest");
    }
    let issuer = Tenant::at(FaultServer::start_blocking(|_| {
        Response::new(401, json!({"error": EVIL, "error_description": EVIL}).to_string())
    }));
    context.write("jobs.toml", &issuer.pipeline());
    run_in_every_format(&context, &["run", "jobs.toml", "--fresh"], 3);
}

#[test]
fn control_characters_from_receivers_are_escaped() {
    let context = Context::new();
    let server = hostile_tenant(2);
    for (status, on_error, code) in [(422, "fail", 5), (500, "fail", 5), (422, "skip", 0)] {
        let receiver = Receiver::start(move |_| Response::new(status, EVIL));
        let url = receiver.url();
        let sink = format!(
            "[[sink]]\ntype = \"webhook\"\nurl = \"{url}\"\non_error = \"{on_error}\"\n\
             retry = {{ max_attempts = 2, initial_delay = \"1ms\", max_delay = \"1ms\" }}\n"
        );
        context.write("jobs.toml", &format!("{}\n{sink}", server.source()));
        run_in_every_format(&context, &["run", "jobs.toml", "--fresh"], code);
    }
}

#[test]
fn control_characters_in_names_and_files_are_escaped() {
    let mut context = Context::new();
    let server = hostile_tenant(2);
    let (name, sink) = (escaped(EVIL), "[[sink]]\ntype = \"stdout\"\n");
    let named = format!(
        "name = {name}\n{}\n[[transform]]\ntype = \"jq\"\nname = {name}\nfilter = '{{x: 1}}'\n{sink}name = {name}\n",
        server.source()
    );
    context.write("jobs.toml", &named);
    let arguments = ["run", "jobs.toml", "--summary", "s.json", "--metrics-file", "m.prom"];
    run_in_every_format(&context, &arguments, 0);
    assert_escaped(&context.read("s.json"), "the manifest");
    assert_escaped(&context.read("m.prom"), "the metrics");
    run_in_every_format(&context, &["check", "jobs.toml"], 0);
    for wrong in [
        format!("{EVIL_NAME} = 1\n"),
        format!("name = \"{EVIL_NAME}\"\n"),
        format!(
            "{name} = 1\n[source]\ntype = {name}\n[[sink]]\ntype = \"file\"\npath = {name}\n{name} = 1\n"
        ),
        format!("{}\n[[transform]]\ntype = \"jq\"\nfilter = {name}\n{sink}", server.source()),
    ] {
        context.write("wrong.toml", &wrong);
        run_in_every_format(&context, &["check", "wrong.toml"], 2);
    }
    let nowhere = format!("{EVIL_NAME}.toml");
    for arguments in [
        &["check", &nowhere][..],
        &["run", &nowhere],
        &["replay", "jobs.toml", &nowhere],
        &["merge", &nowhere],
        &["plugins", EVIL],
        &["runs", "jobs.toml", EVIL],
        &["run", "jobs.toml", "--set", EVIL],
        &["run", "jobs.toml", "--overlay", EVIL],
    ] {
        run_in_every_format(&context, arguments, 2);
    }
    let set = format!("source.limit={EVIL_NAME}");
    run_in_every_format(&context, &["check", "jobs.toml", "--set", &set], 2);
    context.set("TASKFERRY_SOURCE__LIMIT", EVIL_NAME);
    context.set("TASKFERRY_LOG", EVIL_NAME);
    run_in_every_format(&context, &["run", "jobs.toml"], 2);
}

#[test]
fn control_characters_in_mappings_dead_letters_and_manifests_are_escaped() {
    let context = Context::new();
    let server = hostile_tenant(2);
    let mapping =
        "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"m.csv\"\n";
    let sink = "[[sink]]\ntype = \"stdout\"\n";
    let source = server.source().replace("[\"ai_impact\"]", "[\"ai_impact\", \"linked_skills\"]");
    context.write("jobs.toml", &format!("{source}\n{mapping}{sink}"));
    for text in [
        format!("{EVIL},{EVIL}\n"),
        format!("skill,vendor_skill\n\"{EVIL}\",a\n\"{EVIL}\",b\n"),
        format!("skill,vendor_skill\n\"{EVIL}\",\n"),
    ] {
        context.write("m.csv", &text);
        let ended = context.taskferry(&["check", "jobs.toml"]);
        assert_escaped(&ended.stderr, &text);
    }
    context.write("letters.toml", &format!("{source}\n{sink}"));
    let dead_letter = |change: fn(&mut Value)| {
        let mut dead_letter = json!({
            "pipeline": "letters", "run_id": EVIL, "stage": {"role": "sink", "name": "stdout"},
            "error": {"message": EVIL, "hint": EVIL}, "record": {"a": EVIL},
            "origin": {"page": 1, "cursor": EVIL, "index": 0, "job": EVIL},
        });
        change(&mut dead_letter);
        format!("{dead_letter}\n")
    };
    for (text, code) in [
        (EVIL.to_owned(), 2),
        (dead_letter(|dead_letter| dead_letter["pipeline"] = json!(EVIL)), 2),
        (dead_letter(|dead_letter| dead_letter["stage"]["name"] = json!(EVIL)), 2),
        (dead_letter(|dead_letter| dead_letter["stage"]["role"] = json!(EVIL)), 2),
        (dead_letter(|_| {}), 0),
    ] {
        context.write("dead.ndjson", &text);
        run_in_every_format(&context, &["replay", "letters.toml", "dead.ndjson"], code);
    }
    let manifest = json!({
        "pipeline": EVIL, "digest": EVIL, "run_id": EVIL, "status": EVIL, "exit_code": 3, "warnings": [EVIL],
        "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z",
        "shard": {"index": 1, "count": 2, "from": EVIL, "to": EVIL, "values": [EVIL]},
        "source": {"records": 1, "name": EVIL}, "sinks": [], "dead_letters": 0,
    });
    context.write("a.json", &manifest.to_string());
    let ended = run_in_every_format(&context, &["merge", "a.json", "--summary", "whole.json"], 8);
    assert_escaped(&ended.stdout, "merge");
    assert_escaped(&context.read("whole.json"), "the manifest of all shards");
    context.write("b.json", EVIL);
    run_in_every_format(&context, &["merge", "b.json"], 2);
    // A foreign file among the stored manifests.
    context.taskferry(&["run", "letters.toml"]).with_code(0);
    context.write(
        ".taskferry/letters/runs/x.json",
        &json!({"status": EVIL, "run_id": EVIL,
        "started_at": EVIL, "error": {"message": EVIL}})
        .to_string(),
    );
    for more in [&[][..], &["--json"]] {
        let ended = context.taskferry(&[&["runs", "letters.toml"], more].concat()).with_code(0);
        assert!(ended.stdout.contains("owned"), "{}", ended.stdout);
        assert_escaped(&ended.stdout, "runs");
    }
}

#[test]
fn words_of_the_closing_table_are_never_broken() {
    let context = Context::new();
    let path = "out/a-name-that-is-quite-long-and-can-not-be-broken.ndjson";
    let sinks =
        format!("[[sink]]\ntype = \"stdout\"\n[[sink]]\ntype = \"file\"\npath = \"{path}\"\n");
    context.write(
        "jobs.toml",
        &format!("[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=3\"\n{sinks}"),
    );
    let table = |columns: u16| {
        let shown =
            context.taskferry_in_terminal(columns, &["run", "jobs.toml"]).with_code(0).stderr;
        let table = shown.replace("\r\n", "\n");
        let table = table.replace("\u{1b}[0m", "").replace("\u{1b}[1;33m", "");
        table.split_once("jobs: complete").unwrap().0.to_owned()
    };
    let widest = table(200);
    assert!(widest.contains(&format!("{path} (3 records)")), "{widest}");
    for columns in [100, 80, 60, 40] {
        let shown = table(columns);
        for word in ["source", "techwolf", "page,", "requests", path, "records)"] {
            assert!(shown.contains(word), "{word} at {columns}: {shown}");
        }
        for line in shown.lines().filter(|line| !line.starts_with("sandbox: ")) {
            let fits = line.chars().count() <= usize::from(columns);
            assert!(fits || line.trim() == path, "{columns}: {line}");
        }
    }
}

#[test]
fn no_progress_is_drawn_if_another_process_may_write_to_the_terminal() {
    let context = Context::new();
    let head = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=300\"\nlimit = 1\n[[sink]]\n";
    let drawn = |sink: &str| {
        context.write("jobs.toml", &format!("{head}{sink}"));
        let ended = context.taskferry_in_terminal(80, &["run", "jobs.toml"]).with_code(0);
        ended.stderr.contains(" delivered")
    };
    assert!(drawn("type = \"file\"\npath = \"jobs.ndjson\"\n"), "with a file, progress is drawn");
    assert!(!drawn("type = \"stdout\"\n"), "standard output is a pipe");
}

#[test]
fn the_progress_shows_the_retries_of_a_sink() {
    let context = Context::new();
    let mut requests = 0;
    let receiver = Receiver::start(move |_| {
        requests += 1;
        Response::new(if requests <= 4 { 503 } else { 200 }, "")
    });
    let retry = "retry = { initial_delay = \"300ms\", max_delay = \"300ms\" }";
    let sink = format!(
        "[[sink]]\ntype = \"webhook\"\nname = \"crm\"\nurl = \"{}\"\n{retry}\n",
        receiver.url()
    );
    let source = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=3\"\n";
    context.write("jobs.toml", &format!("{source}{sink}"));
    let shown = context.taskferry_in_terminal(300, &["run", "jobs.toml"]).with_code(0).stderr;
    for retries in ["crm: 1 retry", "crm: 3 retries"] {
        assert!(shown.contains(retries), "{retries}: {shown}");
    }
}
