//! The transform `changes` over several runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Response, TIMEOUT, Tenant, page_of};

const PAGE: usize = 3;

/// A tenant whose jobs change between runs.
struct Jobs {
    tenant: Tenant,
    listed: Arc<Mutex<Vec<Value>>>,
    /// The page, from 1, whose request gets no response.
    stop_at: Arc<AtomicUsize>,
    stopped: mpsc::Receiver<()>,
}

impl Jobs {
    fn new(jobs: impl IntoIterator<Item = Value>) -> Self {
        let jobs = Arc::new(Mutex::new(jobs.into_iter().collect::<Vec<_>>()));
        let stop_at = Arc::new(AtomicUsize::new(0));
        let (listed, at_page, (sender, stopped)) =
            (Arc::clone(&jobs), Arc::clone(&stop_at), mpsc::channel());
        let tenant = Tenant::start(move |request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let cursor = body["starting_after"].as_str();
            let jobs = listed.lock().unwrap();
            let is_after = |job: &Value| {
                cursor.is_none_or(|cursor| job["external_id"].as_str().unwrap() > cursor)
            };
            let left: Vec<Value> = jobs.iter().filter(|job| is_after(job)).cloned().collect();
            let page = (jobs.len() - left.len()) / PAGE + 1;
            if at_page.load(Ordering::SeqCst) == page {
                _ = sender.send(());
                return Response::new(200, "").never_finished();
            }
            let records: Vec<Value> = left.iter().take(PAGE).cloned().collect();
            let next =
                if left.len() > PAGE { records[PAGE - 1]["external_id"].as_str() } else { None };
            page_of(&records, next)
        });
        Self { tenant, listed: jobs, stop_at, stopped }
    }

    fn set(&self, jobs: impl IntoIterator<Item = Value>) {
        *self.listed.lock().unwrap() = jobs.into_iter().collect();
    }

    fn context(&self, stages: &str) -> Context {
        let context = Context::new();
        let sink = "[[sink]]\ntype = \"file\"\npath = \"out/changes.ndjson\"\n";
        context.write("jobs.toml", &format!("{}{stages}{sink}", self.tenant.source()));
        context
    }
}

const ROWS: &str = "[[transform]]\ntype = \"flatten_hierarchy\"\ninto = \"rows\"\n";
const CHANGES: &str = "[[transform]]\ntype = \"changes\"\nmax_removals = 2\n";

/// A job with a task for each number of hours.
fn job(id: &str, hours: &[u32]) -> Value {
    let task = |(index, hours): (usize, &u32)| json!({"task_id": format!("{id}-t{index}"), "task": "Write", "weekly_hours": hours});
    json!({"external_id": id, "job_name": "Clerk", "tasks": hours.iter().enumerate().map(task).collect::<Vec<_>>()})
}

fn run(context: &Context, arguments: &[&str]) -> Outcome {
    context.taskferry(
        &[&["run", "jobs.toml", "--summary", "summary.json", "--quiet"], arguments].concat(),
    )
}

/// The id, the change, and the changed fields of each row.
fn changes(context: &Context) -> Vec<String> {
    let text = |row: &Value| {
        let id = row["task_id"].as_str().or(row["external_id"].as_str()).unwrap_or("none");
        let fields =
            row["changed_fields"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
        let words = [id, row["change"].as_str().unwrap()].into_iter().chain(fields);
        words.collect::<Vec<_>>().join(" ")
    };
    context.lines("out/changes.ndjson").iter().map(text).collect()
}

fn run_id(context: &Context) -> String {
    context.json("summary.json")["run_id"].as_str().unwrap().to_owned()
}

#[test]
fn each_run_reports_the_changes_since_the_last_complete_run() {
    let jobs = Jobs::new([job("a", &[1, 2]), job("b", &[3]), job("c", &[4])]);
    let context = jobs.context(&format!("{ROWS}{CHANGES}"));
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["a-t0 added", "a-t1 added", "b-t0 added", "c-t0 added"]);
    jobs.set([job("a", &[1, 5]), job("c", &[4]), job("d", &[6])]);
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["a-t1 changed weekly_hours", "d-t0 added", "b-t0 removed"]);
    let removed = &context.lines("out/changes.ndjson")[2];
    assert_eq!((&removed["job_job_name"], &removed["weekly_hours"]), (&Value::Null, &json!(3)));
    let quiet = run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), [""; 0]);
    assert_eq!(quiet.stderr, "", "nothing has changed, which is normal");
    jobs.set([job("a", &[1, 5]), job("b", &[3]), job("c", &[4]), job("d", &[6])]);
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["b-t0 returned"]);
    let counters = &context.json("summary.json")["transforms"][1]["counters"];
    assert_eq!(
        *counters,
        json!({"added": 0, "changed": 0, "removed": 0, "returned": 1, "unchanged": 4})
    );
}

#[test]
fn suspiciously_many_removals_are_withheld_until_they_are_accepted() {
    let all: Vec<Value> = (0..8).map(|number| job(&format!("j{number}"), &[1])).collect();
    let jobs = Jobs::new(all.clone());
    let context = jobs.context(&format!("{ROWS}{CHANGES}"));
    run(&context, &["--accept-removals", "r"]).with_code(2);
    run(&context, &[]).with_code(0);
    jobs.set(all[3..].iter().cloned().chain([job("k", &[1])]));
    let withheld =
        context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(8);
    insta::assert_snapshot!(withheld.stderr, @"
     stage                        in  out  dropped  refused  bytes  details
     source techwolf                    6                    696 B  2 pages, 3 requests
     transform flatten_hierarchy   6    6
     transform changes             6    1        5                  1 added, 0 changed, 3 removals withheld, 0 removed, 0 returned, 5 unchanged
     sink file                     1    1                    197 B  out/changes.ndjson (1 record)

    warning: transform `changes`: 3 removals were withheld: 3 of the 8 records of run [run] (37 %) are missing, which exceeds `max_removals` (2) and `max_removed_percent` (10); if the records were really removed at the source, accept the removals once with `taskferry run FILE --accept-removals [run]`
    next: find out why the records are missing; `taskferry run jobs.toml --accept-removals [run]` accepts the removals
    jobs: complete in [time]; 3 removals withheld (run [run])
    ");
    assert_eq!(changes(&context), ["k-t0 added"], "the rest is delivered");
    let summary = context.json("summary.json");
    assert_eq!(
        (&summary["status"], &summary["withheld_removals"]),
        (&json!("complete"), &json!(3))
    );
    let first = run_id(&context);
    // `--if-incomplete` repeats the alarm.
    run(&context, &["--if-incomplete"]).with_code(8);
    run(&context, &[]).with_code(8);
    let second = run_id(&context);
    let wrong = run(&context, &["--accept-removals", &first]).with_code(2);
    insta::assert_snapshot!(wrong.stderr, @"error: `--accept-removals [run]`: the run is not the last complete run; the last complete run [run] withheld 3 removals: check them, then run with `--accept-removals [run]`");
    run(&context, &["--accept-removals", &second, "--dry-run"]).with_code(0);
    run(&context, &["--accept-removals", &second]).with_code(0);
    assert_eq!(changes(&context), ["j0-t0 removed", "j1-t0 removed", "j2-t0 removed"]);
    let again = run(&context, &["--accept-removals", &second]).with_code(2);
    insta::assert_snapshot!(again.stderr, @"error: `--accept-removals [run]`: the run is not the last complete run; the last complete run [run] withheld no removals");
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), [""; 0]);
}

/// Two listings, whose difference has changes of all kinds.
fn listings() -> [Vec<Value>; 2] {
    let id = |number: usize| format!("j{number:02}");
    let before = (0..14).map(|number| job(&id(number), &[1, 2, 3]));
    let after = (1..15).map(|number| job(&id(number), &[1, u32::from(number % 2 == 0), 3]));
    [before.collect(), after.collect()]
}

/// A context in which the first listing is the last complete run.
fn second_run(jobs: &Jobs, stages: &str) -> Context {
    let [before, after] = listings();
    jobs.set(before);
    let mut context = jobs.context(stages);
    run(&context, &[]).with_code(0);
    jobs.set(after);
    context.set("TASKFERRY_LOG", "trace");
    context
}

#[test]
fn a_killed_run_reports_the_same_changes() {
    let stages =
        format!("[state]\ncommit_interval = \"0s\"\n{ROWS}{CHANGES}max_removed_percent = 50\n");
    let jobs = Jobs::new([]);
    let context = second_run(&jobs, &stages);
    let log_lines = context.taskferry(&["run", "jobs.toml"]).with_code(0).stderr.lines().count();
    let expected = context.read("out/changes.ndjson");
    assert_eq!(expected.lines().count(), 13 + 3 + 3, "changed, added and removed rows");

    let context = second_run(&jobs, &stages);
    for page in 1..=5 {
        jobs.stop_at.store(page, Ordering::SeqCst);
        let running = context.start(&["run", "jobs.toml"]);
        jobs.stopped.recv_timeout(TIMEOUT).expect("the page is requested");
        drop(running);
    }
    jobs.stop_at.store(0, Ordering::SeqCst);
    run(&context, &[]).with_code(0);
    assert!(context.read("out/changes.ndjson") == expected, "killed at each page");

    for point in 1..=10 {
        let context = second_run(&jobs, &stages);
        let mut running = context.start(&["run", "jobs.toml"]);
        running.read_lines(log_lines * point / 10);
        drop(running);
        let last = context.json(".taskferry/jobs/last_complete.json");
        if last["run_id"] == run_id(&context) {
            run(&context, &[]).with_code(0);
        }
        assert!(
            context.read("out/changes.ndjson") == expected,
            "killed after {point}0 % of the log"
        );
    }
}

#[test]
fn jobs_that_a_stage_refuses_are_not_removed() {
    let jq = "[[transform]]\ntype = \"jq\"\nfilter = 'if .bad then error(\"bad\") else . end'\non_error = \"dead_letter\"\n";
    let dead = "[dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
    let jobs = Jobs::new([job("a", &[1, 2]), job("b", &[3]), job("c", &[4])]);
    let context = jobs.context(&format!("{dead}{jq}{ROWS}{CHANGES}"));
    run(&context, &[]).with_code(0);
    let mut bad = job("a", &[1, 7, 8]);
    bad["bad"] = json!(true);
    jobs.set([bad, job("b", &[3])]);
    let refused = run(&context, &[]).with_code(6);
    assert_eq!(changes(&context), ["c-t0 removed"]);
    insta::assert_snapshot!(refused.stderr, @r#"
    unknown-field

      ⚠ the field `bad` is probably missing: no earlier stage produces it
        ╭─[jobs.toml:18:15]
     18 │ filter = 'if .bad then error("bad") else . end'
        ·               ─┬─
        ·                ╰── probably null in every record
        ╰────
      help: `techwolf` produces `external_id`, `tasks`

    [instant]  WARN record written to the dead-letter file: the jq expression failed: bad stage=jq origin=page 1 (the first), record 1, id `a`
    warning: transform `jq`: 1 record was written to the dead-letter file
    warning: source `techwolf`: the records differ from those of the last complete run ([run]): new fields: `bad`
    warning: transform `changes`: 2 records of run [run] are missing, but do not count as removed, because records of their jobs were refused
    1 dead letter in `out/[run].dead.ndjson`
    "#);
    // A replay compares with the last complete run, and changes nothing.
    let dead = context.dead_letters();
    let dead = context.read(&dead).replace("\"bad\":true,", "").replace(",\"bad\":true", "");
    context.write("dead.ndjson", &dead);
    context.taskferry(&["replay", "jobs.toml", "dead.ndjson"]).with_code(0);
    let replayed = context.files().into_iter().find(|name| name.contains(".replay-")).unwrap();
    let replayed: Vec<Value> =
        context.lines(&replayed).iter().map(|row| json!([row["task_id"], row["change"]])).collect();
    assert_eq!(replayed, [json!(["a-t1", "changed"]), json!(["a-t2", "added"])]);
    jobs.set([job("a", &[1, 7, 8]), job("b", &[3])]);
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["a-t1 changed weekly_hours", "a-t2 added"]);
}

#[test]
fn runs_that_are_not_complete_exports_are_never_the_baseline() {
    let jobs = Jobs::new([job("a", &[1]), job("b", &[2]), job("c", &[3])]);
    let stages = format!("[expect]\nmin_jobs = 2\n{ROWS}{CHANGES}unchanged = \"keep\"\n");
    let context = jobs.context(&stages);
    run(&context, &[]).with_code(0);
    let state = || context.script("find .taskferry -type f | sort | xargs cksum").stdout;
    let before = state();
    jobs.set([job("a", &[9])]);
    run(&context, &["--dry-run"]).with_code(8);
    let preview = context.taskferry(&["preview", "jobs.toml", "--show-values"]).with_code(0);
    assert!(preview.stdout.contains(r#""changed_fields": ["weekly_hours"]"#), "{}", preview.stdout);
    let why = context.taskferry(&["why", "jobs.toml", "--id", "a"]).with_code(0);
    assert!(why.stdout.contains("changes"), "{}", why.stdout);
    assert_eq!(state(), before, "nothing was written");
    run(&context, &[]).with_code(8);
    jobs.set([job("a", &[1]), job("b", &[2]), job("d", &[4])]);
    run(&context, &[]).with_code(0);
    assert_eq!(
        changes(&context),
        ["a-t0 unchanged", "b-t0 unchanged", "d-t0 added", "c-t0 removed"]
    );
}

#[test]
fn another_source_or_transform_begins_a_new_baseline_and_another_sink_does_not() {
    let jobs = Jobs::new([job("a", &[1]), job("b", &[2])]);
    let context = jobs.context(&format!("{ROWS}{CHANGES}"));
    run(&context, &[]).with_code(0);
    let text = context.read("jobs.toml");
    let change = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        context.write("jobs.toml", &text.replace(from, to));
        run(&context, &[]).with_code(0)
    };
    let same = [
        ("max_removals = 2", "max_removals = 3\nignore = [\"task\"]\nname = \"changes\""),
        ("path = \"out/changes.ndjson\"", "path = \"out/changes.ndjson\"\nname = \"other\""),
        ("into = \"rows\"", "into = \"rows\"\nname = \"flatten\"\non_error = \"skip\""),
        ("include = [\"ai_impact\"]", "include = [\"ai_impact\"]\nlimit = 50\ntimeout = \"5s\""),
    ];
    for (from, to) in same {
        assert_eq!(change(from, to).stderr, "", "{to}");
        assert_eq!(changes(&context), [""; 0], "{to}");
    }
    let source = change("include = [\"ai_impact\"]", "include = [\"weekly_hours\"]");
    insta::assert_snapshot!(source.stderr, @"warning: transform `changes`: this run starts a new baseline because the options of source `techwolf` have changed since run [run]: all records have the change `added`, and no removals are emitted");
    assert_eq!(changes(&context), ["a-t0 added", "b-t0 added"]);
    let text = text.replace("include = [\"ai_impact\"]", "include = [\"weekly_hours\"]");
    context.write(
        "jobs.toml",
        &text.replace("into = \"rows\"", "into = \"rows\"\nempty_jobs = \"keep\""),
    );
    let transform = run(&context, &[]).with_code(0);
    insta::assert_snapshot!(transform.stderr, @"warning: transform `changes`: this run starts a new baseline because the options of transform `flatten_hierarchy` have changed since run [run]: all records have the change `added`, and no removals are emitted");
}

#[test]
fn sinks_have_their_own_baselines_and_shards_are_refused() {
    let jobs = Jobs::new([job("a", &[1]), job("b", &[2])]);
    let own = |path: &str, options: &str| {
        format!(
            "[[sink]]\ntype = \"file\"\nname = \"{path}\"\npath = \"out/{path}.{{shard}}.ndjson\"\n\
             [[sink.transform]]\ntype = \"changes\"\n{options}\n"
        )
    };
    let context = Context::new();
    let sinks = own("jobs", "") + &own("named", "key = [\"job_name\"]\non_error = \"skip\"");
    context.write("jobs.toml", &format!("{}{sinks}", jobs.tenant.source()));
    run(&context, &[]).with_code(0);
    jobs.set([job("a", &[9])]);
    run(&context, &[]).with_code(0);
    let found = |path: &str| -> Vec<Value> {
        let rows = context.lines(&format!("out/{path}.all.ndjson"));
        rows.iter().map(|row| json!([row["external_id"], row["change"]])).collect()
    };
    assert_eq!(found("jobs"), [json!(["a", "changed"]), json!(["b", "removed"])]);
    assert_eq!(found("named"), [json!(["a", "changed"])]);
    let shard = run(&context, &["--shard", "1/2"]).with_code(2);
    insta::assert_snapshot!(shard.stderr, @"
    error: transform `changes` does not support `--shard`: a record that moves from one shard to another would be removed and added; run without `--shard`
    error: transform `changes-2` does not support `--shard`: a record that moves from one shard to another would be removed and added; run without `--shard`
    ");
}

#[test]
fn a_test_provides_the_records_of_the_last_run() {
    let jobs = Jobs::new([]);
    let context = jobs.context(CHANGES);
    let test = "[[test]]\nname = \"changes\"\n\
                before = [{ external_id = \"a\", n = 1 }, { external_id = \"b\" }]\n\
                input = [{ external_id = \"a\", n = 2 }, { external_id = \"c\" }]\n\
                expect = [{ external_id = \"a\", n = 2, change = \"changed\", changed_fields = [\"n\"] },\n\
                { external_id = \"c\", change = \"added\", changed_fields = [] },\n\
                { external_id = \"b\", change = \"removed\", changed_fields = [] }]\n";
    context.write("jobs.test.toml", test);
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    context.write("jobs.test.toml", &test.replace("n = 1", "n = 2"));
    context.taskferry(&["test", "jobs.toml"]).with_code(8);
}

#[test]
fn a_record_that_cannot_be_stored_ends_the_run_although_refused_records_are_skipped() {
    let jobs = Jobs::new([job("a", &[1]), job("b", &[2])]);
    let context = jobs.context(&format!("{ROWS}{CHANGES}on_error = \"skip\"\n"));
    context.write(".taskferry/jobs/changes", "");
    let failed = run(&context, &[]).with_code(4);
    failed.assert_stderr("can't create a folder in `");
    assert!(!context.path(".taskferry/jobs/last_complete.json").exists());
    std::fs::remove_file(context.path(".taskferry/jobs/changes")).unwrap();
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["a-t0 added", "b-t0 added"]);
}

#[test]
fn a_damaged_list_of_complete_runs_ends_the_run_and_keeps_the_baseline() {
    let last = ".taskferry/jobs/last_complete.json";
    let jobs = Jobs::new([job("a", &[1]), job("b", &[2])]);
    let context = jobs.context(&format!("{ROWS}{CHANGES}"));
    run(&context, &[]).with_code(0);
    let whole = context.read(last);
    context.write(last, "{");
    jobs.set([job("b", &[2]), job("c", &[3])]);
    for arguments in [&[][..], &["--fresh"], &["--dry-run"]] {
        let failed = run(&context, arguments).with_code(4);
        let message = "the last complete run is unknown, because `.taskferry/jobs/last_complete.json` can't be read";
        failed.assert_stderr(message);
        failed.assert_stderr("restore the file, or remove it");
    }
    context.taskferry(&["preview", "jobs.toml"]).with_code(4);
    assert_eq!(context.read(last), "{");
    context.write(last, &whole);
    run(&context, &[]).with_code(0);
    assert_eq!(changes(&context), ["c-t0 added", "a-t0 removed"]);
}
