//! Runs with many cursors.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use taskferry_testkit::{Context, Tenant};

const FILES: [&str; 2] = ["out/jobs.csv.zst", "out/jobs.ndjson.gz"];

fn pipeline(server: &Tenant) -> String {
    let sinks = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.csv.zst\"\nformat = \"csv\"\ncompression = \"zstd\"\n\
                 [[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson.gz\"\ncompression = \"gzip\"\n";
    format!("{}\n{sinks}", server.source())
}

fn bytes(context: &Context) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(context.path(name)).unwrap()).collect()
}

#[test]
fn a_killed_run_with_many_cursors_resumes_to_the_same_bytes() {
    // The page after this job never arrives; 0 for none.
    let hang_at = Arc::new(AtomicUsize::new(0));
    let hangs_after = Arc::clone(&hang_at);
    let server = Tenant::with_jobs(940, move |after| {
        after.is_some_and(|after| after > 0 && after == hangs_after.load(Ordering::SeqCst))
    });
    let mut context = Context::new();
    context.set("TASKFERRY_SOURCE__LIMIT", "50");
    context.write("jobs.toml", &pipeline(&server));
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let whole = bytes(&context);
    // Each attempt uses another number of cursors, which does not make the run start over.
    for (cursors, hang, resuming) in [("8", 449, "3"), ("5", 149, "1"), ("1", 649, "8")] {
        for name in FILES {
            fs::remove_file(context.path(name)).unwrap();
        }
        hang_at.store(hang, Ordering::SeqCst);
        let set = format!("source.concurrency={cursors}");
        let mut running = context.start(&["run", "jobs.toml", "--set", &set, "--log", "json"]);
        let committed = format!("\"pages\": {}", (hang + 1) / 50);
        let checkpoint = context.path(".taskferry/jobs/checkpoint.json");
        while !fs::read_to_string(&checkpoint).is_ok_and(|text| text.contains(&committed)) {
            assert!(!running.has_exited());
            std::thread::yield_now();
        }
        drop(running);
        hang_at.store(0, Ordering::SeqCst);
        let set = format!("source.concurrency={resuming}");
        let ended = context.taskferry(&["run", "jobs.toml", "--set", &set]).with_code(0);
        assert!(ended.stderr.contains(&format!("resumes after page {}", (hang + 1) / 50)));
        assert!(bytes(&context) == whole, "{cursors} cursors, then {resuming}");
    }
}

#[test]
fn the_first_run_reports_that_the_next_can_be_faster() {
    let server = Tenant::with_jobs(250, |_| false);
    let context = Context::with_pipeline(&pipeline(&server));
    let run = ["run", "jobs.toml", "--set", "source.concurrency=4"];
    let ended = context.taskferry(&run).with_code(0);
    let first_line = ended.stderr.lines().next().unwrap();
    let expected = "no cursors are saved yet: this run reads with one cursor, and the next run can read with 4 cursors";
    assert!(first_line.ends_with(expected), "{first_line}");
    let ended = context.taskferry(&run).with_code(0);
    assert!(!ended.stderr.contains("cursor"), "{}", ended.stderr);
}
