//! The transform `command` in a pipeline. `crates/transforms/command/tests` contains the tests with misbehaving programs.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Response, Tenant, page, project_file};

/// A program that needs only a shell.
pub(crate) const FILTER: &str = include_str!("../../../transforms/command/tests/filter.sh");

const STAGES: &str = r#"
[[transform]]
type = "command"
command = ["sh", "filter.sh"]

[[sink]]
type = "file"
path = "out/jobs.ndjson"
"#;

fn context(tenant: &Tenant, program: &str) -> Context {
    let context = Context::with_pipeline(&format!("{}\n{STAGES}", tenant.source()));
    context.write("filter.sh", program);
    context
}

/// Whether a language is installed. If not, the test of this language is skipped.
fn has(program: &str, context: &mut Context) -> bool {
    for name in ["PATH", "HOME"] {
        context.set(name, std::env::var(name).unwrap_or_default());
    }
    let is_there =
        Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success());
    if !is_there {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("SKIPPED: `{program}` is not installed, so its example is not tested");
        }
    }
    is_there
}

/// A folder with a script that uses the module of the examples for its language, and the option that runs it.
fn scripted(tenant: &Tenant, program: &str, script: &str) -> Option<(Context, String)> {
    let mut context = context(tenant, "");
    if !has(program, &mut context) {
        return None;
    }
    let (module, file) = match program {
        "node" => ("taskferry-transform.mjs", "own.mjs"),
        _ => ("taskferry_transform.py", "own.py"),
    };
    let module_file = project_file(&format!("examples/command-transform/{module}"));
    context.write(module, &fs::read_to_string(module_file).unwrap());
    context.write(file, script);
    Some((context, format!("transform.command.command=[\"{program}\",\"{file}\"]")))
}

#[test]
fn the_examples_in_python_and_node_have_the_same_output() {
    let pipeline = project_file("examples/command-transform/count-tasks.toml");
    let mut tables = Vec::new();
    for (program, script) in [("python3", "count_tasks.py"), ("node", "count-tasks.mjs")] {
        let mut context = Context::new();
        if !has(program, &mut context) {
            continue;
        }
        let command = format!("transform.command.command=[\"{program}\",\"{script}\"]");
        let sink = "sink.file.path=out/jobs.csv";
        let ended = context.taskferry(&["run", &pipeline, "--set", &command, "--set", sink]);
        let table = ended.with_code(0);
        table.assert_stderr("dropped 6 of 50 records");
        tables.push(context.read("out/jobs.csv"));
        context.taskferry(&["test", &pipeline, "--set", &command]).with_code(0);
    }
    for table in &tables {
        assert_eq!(table.lines().next(), Some("external_id,task_count"));
        assert_eq!(table.lines().count(), 45);
        assert_eq!(table, &tables[0]);
    }
}

#[test]
fn the_modules_handle_refusals_errors_and_prints() {
    for (program, script) in [
        (
            "python3",
            "from taskferry_transform import Refuse, run\ndef f(job):\n  print('note', job['external_id'])\n  if job['external_id'] == 'a': raise Refuse('no a')\n  return [job, {**job, 'n': 1 / len(job['tasks'])}]\nrun(f)\n",
        ),
        (
            "node",
            "import { Refuse, run } from './taskferry-transform.mjs';\nrun(async (job) => {\n  console.log('note', job.external_id);\n  if (job.external_id === 'a') throw new Refuse('no a');\n  if (job.tasks.length === 0) throw new TypeError('no tasks');\n  return [job, { ...job, n: 1 / job.tasks.length }];\n});\n",
        ),
    ] {
        let body = r#"{"has_next":false,"records":[{"external_id":"a"},{"external_id":"b","tasks":[]},{"external_id":"é","tasks":[1]}]}"#;
        let tenant = Tenant::with_pages([Response::new(200, body)]);
        let Some((context, command)) = scripted(&tenant, program, script) else { continue };
        let skip = "transform.command.on_error=skip";
        let ended = context.taskferry(&["run", "jobs.toml", "--set", &command, "--set", skip]);
        let shown = ended.with_code(0).stderr;
        assert!(shown.contains("the program refused the record: no a"), "{shown}");
        let errors = ["ZeroDivisionError: division by zero", "TypeError: no tasks"];
        assert!(errors.iter().any(|error| shown.contains(error)), "{shown}");
        assert!(shown.contains(": note é"), "{shown}");
        assert_eq!(
            context.lines("out/jobs.ndjson"),
            [
                json!({"external_id": "é", "tasks": [1]}),
                json!({"external_id": "é", "tasks": [1], "n": 1})
            ]
            .map(|record| record.as_object().cloned().unwrap())
            .map(|mut record| {
                if program == "python3" && record.contains_key("n") {
                    record["n"] = json!(1.0);
                }
                Value::Object(record)
            }),
            "{program}"
        );
    }
}

#[test]
fn the_modules_pass_on_any_text() {
    for (program, script) in [
        (
            "python3",
            "from taskferry_transform import Drop, run\ndef f(job):\n  if job['external_id'] == '2': raise Drop(job['text'])\n  return job\nrun(f)\n",
        ),
        (
            "node",
            "import { Drop, run } from './taskferry-transform.mjs';\nrun((job) => {\n  if (job.external_id === '2') throw new Drop(job.text);\n  return job;\n});\n",
        ),
    ] {
        // Line separators, half of a surrogate pair, and a text that is longer than a pipe.
        let long = "é".repeat(200_000);
        let separated = "a\u{2028}b\u{2029}c\u{85}d";
        let body = format!(
            r#"{{"has_next":false,"records":[{{"external_id":"0","text":"{separated}"}},{{"external_id":"1","text":"\ud800"}},{{"external_id":"2","text":"\ud800"}},{{"external_id":"3","text":"{long}"}}]}}"#
        );
        let tenant = Tenant::with_pages([Response::new(200, body)]);
        let Some((context, command)) = scripted(&tenant, program, script) else { continue };
        context.taskferry(&["run", "jobs.toml", "--set", &command]).with_code(0);
        // `json!` has no text with half of a surrogate pair.
        let output = context.read("out/jobs.ndjson").replace(r"\ud800", "half");
        let records = output.lines().map(|line| serde_json::from_str(line).unwrap());
        assert_eq!(
            records.collect::<Vec<Value>>(),
            [
                json!({"external_id": "0", "text": separated}),
                json!({"external_id": "1", "text": "half"}),
                json!({"external_id": "3", "text": long}),
            ],
            "{program}"
        );
    }
}

#[test]
fn a_run_resumes_unless_the_program_has_changed() {
    let pages = || [page(&["a"], Some("a")), Response::new(403, "[]"), page(&["b"], None)];
    for (changed, options, resumes) in [
        ("filter.sh", "", false),
        ("other.sh", "", true),
        ("other.sh", "env = { REGION = \"eu\" }", false),
        ("other.sh", "timeout = \"9s\"\nstart_timeout = \"9s\"\nworkers = 2", true),
    ] {
        let tenant = Tenant::with_pages(pages());
        let context = context(&tenant, FILTER);
        context.write("other.sh", "");
        context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(3);
        context.write(changed, &format!("{FILTER}\n# changed"));
        let command = "command = [\"sh\", \"filter.sh\"]";
        let pipeline = context.read("jobs.toml").replace(command, &format!("{command}\n{options}"));
        context.write("jobs.toml", &pipeline);
        let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
        let first = ended.stderr.lines().next().unwrap();
        assert_eq!(first.contains("resumes after page 1"), resumes, "{options}: {first}");
    }
}

/// The program, with a message for each record.
fn announced() -> String {
    FILTER.replace("  case ", "  echo ready >&2\n  case ")
}

/// A tenant that sends its second page when the gate is dropped.
fn gated() -> (Tenant, std::sync::mpsc::Sender<()>) {
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let job = |number| json!({"external_id": format!("j{number}")});
    let tenant = Tenant::with_listing(2, job, move |page| {
        if page == 2 {
            _ = opened.recv_timeout(taskferry_testkit::TIMEOUT);
        }
    });
    (tenant, gate)
}

#[test]
fn ctrl_c_ends_a_run_whose_program_ignores_the_end_of_its_input() {
    let (tenant, gate) = gated();
    let program = format!("{}\necho $$ > pid; trap '' TERM INT; exec sleep 1000", announced());
    let context = context(&tenant, &program);
    let mut running = context.start(&["run", "jobs.toml"]);
    running.wait_for_line("filter.sh: ready");
    running.signal("INT");
    drop(gate);
    let ended = running.wait().with_code(130);
    ended.assert_stderr("did not exit within 3s");
    let pid = context.read("pid");
    assert!(!fs::exists(format!("/proc/{}", pid.trim())).unwrap());
}

#[test]
fn a_killed_run_leaves_no_program() {
    let (tenant, gate) = gated();
    let context = context(&tenant, &format!("{}\ntouch ended", announced()));
    let mut running = context.start(&["run", "jobs.toml"]);
    running.wait_for_line("filter.sh: ready");
    running.signal("KILL");
    running.wait();
    while !fs::exists(context.path("ended")).unwrap() {
        std::thread::yield_now();
    }
    drop(gate);
}

#[test]
fn a_flood_of_messages_does_not_fill_the_log() {
    let tenant = Tenant::with_pages([page(&["a", "b"], None)]);
    let flood =
        "i=0; while [ $i -lt 3000 ]; do printf '\\033[31mline %s\\n' $i >&2; i=$((i+1)); done";
    let context = context(&tenant, &format!("{flood}\n{FILTER}"));
    let log = context.taskferry(&["run", "jobs.toml", "--log", "json"]).with_code(0).log();
    let text = |event: &Value| event["message"].as_str().unwrap_or_default().to_owned();
    let lines: Vec<&Value> =
        log.iter().filter(|event| text(event).starts_with("filter.sh: ")).collect();
    assert!((100..200).contains(&lines.len()), "{}", lines.len());
    assert_eq!(text(lines[0]), r"filter.sh: \u{1b}[31mline 0");
    assert_eq!(lines[0]["stage"], "command");
    let omitted = text(lines.last().unwrap());
    assert!(
        omitted.ends_with("lines on standard error exceeded the log limit and were omitted"),
        "{omitted}"
    );
}

#[test]
fn previews_and_doctor_start_the_program() {
    let jobs = r#"{"has_next":false,"records":[{"external_id":"dull"},{"external_id":"b"}]}"#;
    let tenant = Tenant::with_pages([Response::new(200, jobs)]);
    let context = context(&tenant, FILTER);
    let preview = context.taskferry(&["preview", "jobs.toml"]).with_code(0);
    assert!(preview.stdout.contains("it is dull"), "{}", preview.stdout);
    assert!(context.files().iter().all(|name| !name.starts_with("out/")));
    let doctor =
        context.taskferry(&["doctor", "jobs.toml", "--check", "program", "--verbose"]).with_code(0);
    assert!(
        doctor.stdout.contains("`filter.sh` starts and uses the protocol"),
        "{}",
        doctor.stdout
    );
    context.write("filter.sh", "echo 'no module' >&2; exit 1");
    let doctor = context.taskferry(&["doctor", "jobs.toml", "--check", "program"]).with_code(4);
    assert!(doctor.stdout.contains("its last message: no module"), "{}", doctor.stdout);
    let run = context.taskferry(&["run", "jobs.toml", "--set", "transform.command.on_error=skip"]);
    let shown = run.with_code(4).stderr;
    assert!(
        shown.contains("the program exited with code 1 before its first line"),
        "a program that can't start must not skip all records: {shown}"
    );
}
