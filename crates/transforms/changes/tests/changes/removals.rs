//! Removals: when they are emitted, withheld, accepted, or unknown.

use serde_json::{Value, json};

use crate::runs::{Pipeline, jobs};

fn removed(run: &crate::runs::Run) -> usize {
    run.records.iter().filter(|record| record["change"] == "removed").count()
}

#[test]
fn removals_above_both_limits_are_withheld_and_reported_again() {
    let mut pipeline = Pipeline::new(json!({"max_removals": 3, "max_removed_percent": 20}));
    pipeline.run(&jobs(0..20));
    let withheld = pipeline.run(&jobs(5..21));
    assert_eq!(withheld.changes(), ["j20 added"], "the rest is delivered");
    assert_eq!(withheld.withheld, 5);
    assert_eq!(
        withheld.warnings,
        [
            "5 removals were withheld: 5 of the 20 records of run run-1 (25 %) are missing, which exceeds `max_removals` (3) and \
          `max_removed_percent` (20); if the records were really removed at the source, accept the removals once with \
          `taskferry run FILE --accept-removals run-2`"
        ]
    );
    let again = pipeline.run(&jobs(5..21));
    assert_eq!((again.changes(), again.withheld), (Vec::new(), 5));
    // Three of the withheld records come back: they were never removed. The removals of the other two are within the limits.
    let back = pipeline.run(&jobs(2..21));
    assert_eq!(
        (back.changes(), back.withheld),
        (vec!["j0 removed".to_owned(), "j1 removed".to_owned()], 0)
    );
}

#[test]
fn one_limit_alone_withholds_nothing() {
    let mut pipeline = Pipeline::new(json!({"max_removals": 3, "max_removed_percent": 20}));
    pipeline.run(&jobs(0..10));
    assert_eq!(removed(&pipeline.run(&jobs(3..10))), 3, "30 %, but only three");
    pipeline.run(&jobs(0..100));
    assert_eq!(removed(&pipeline.run(&jobs(20..100))), 20, "20, but only 20 %");
    let mut off = Pipeline::new(json!({"max_removals": 0, "max_removed_percent": 100}));
    off.run(&jobs(0..10));
    assert_eq!(removed(&off.run(&[])), 10);
}

#[test]
fn accepted_removals_are_emitted_once_and_others_are_checked() {
    let mut pipeline = Pipeline::new(json!({"max_removals": 3, "max_removed_percent": 20}));
    pipeline.run(&jobs(0..20));
    let withheld = pipeline.run(&jobs(5..20));
    let mut context = pipeline.context();
    context.accept_removals = Some(withheld.id);
    let accepted = pipeline.run_as(&context, &jobs(6..20));
    assert_eq!(
        (removed(&accepted), accepted.withheld),
        (6, 0),
        "five are accepted, one is within the limits"
    );
    let next = pipeline.run(&jobs(6..20));
    assert_eq!((next.changes(), next.withheld), (Vec::new(), 0));
    // Removals after the withheld ones are not accepted.
    let withheld = pipeline.run(&jobs(10..20));
    assert_eq!(withheld.withheld, 4);
    let mut context = pipeline.context();
    context.accept_removals = Some(withheld.id);
    let run = pipeline.run_as(&context, &jobs(16..20));
    assert_eq!((removed(&run), run.withheld), (4, 6));
}

#[test]
fn records_of_refused_jobs_are_not_removed() {
    let row = |job: &str, task: &str| json!({"job": job, "job_external_id": job, "task_id": task, "external_id": task});
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&[row("j1", "a"), row("j1", "b"), row("j2", "c"), row("j3", "d")]);
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    stage.refuse(Some("j1"));
    stage.apply(&row("j2", "c"));
    let run = stage.finish();
    pipeline.complete = vec![context.run_id];
    assert_eq!(run.changes(), ["d removed"]);
    assert_eq!(run.counters.get("removals_unknown"), 2);
    assert_eq!(
        run.warnings,
        [
            "2 records of run run-1 are missing, but do not count as removed, because records of their jobs were refused"
        ]
    );
    // When the job is accepted again, its records are compared with its earlier records.
    assert_eq!(pipeline.run(&[row("j1", "a"), row("j2", "c")]).changes(), ["b removed"]);
    // A refused record without an id may belong to any job.
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    stage.refuse(None);
    assert_eq!(stage.finish().changes(), [""; 0]);
}

#[test]
fn samples_replays_and_dry_runs_change_nothing() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..5));
    let files = pipeline.files();
    let mut context = pipeline.context();
    context.replay = true;
    assert_eq!(pipeline.run_as(&context, &jobs([1, 9])).changes(), ["j9 added"]);
    let mut context = pipeline.context();
    (context.dry_run, context.is_sample, context.state_dir) = (true, true, None);
    assert_eq!(pipeline.run_as(&context, &jobs([9])).changes(), ["j9 added"]);
    context.is_sample = false;
    let dry_run = pipeline.run_as(&context, &jobs([0, 1, 2, 9]));
    assert_eq!(dry_run.changes(), ["j9 added", "j3 removed", "j4 removed"]);
    assert_eq!(pipeline.files(), files);
    assert_eq!(pipeline.run(&jobs(0..5)).changes(), [""; 0]);
}

#[test]
fn without_a_state_folder_all_records_are_added() {
    let mut pipeline = Pipeline::new(json!({}));
    let mut context = pipeline.context();
    (context.state_dir, context.compared_with) = (None, None);
    let run = pipeline.run_as(&context, &jobs(0..2));
    assert_eq!((run.changes().len(), run.refused.len()), (2, 0));
    assert_eq!(pipeline.files(), [""; 0]);
    assert_eq!(run.records[0]["changed_fields"], Value::Array(Vec::new()));
}
