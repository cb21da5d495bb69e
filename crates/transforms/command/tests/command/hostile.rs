//! Programs that fail, hang, or do not follow the protocol. Each harms one record at most.

use std::time::Duration;

use serde_json::{Value, json};
use taskferry_sdk::{AsyncTransform, ErrorKind, RunContext};
use taskferry_testkit::{Trial, trials};

use crate::driver::{Folder, apply, is_alive, summary, without_5};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_program_that_can_t_be_used_ends_the_run_before_the_first_record,
        a_program_that_can_t_be_started_again_ends_the_run,
        a_hanging_record_is_refused_alone,
        the_error_of_a_silent_program_suggests_to_flush,
        a_crash_refuses_the_record_that_causes_it,
        a_crash_that_happens_once_refuses_nothing,
        closed_pipes_are_a_crash,
        a_grandchild_that_holds_the_pipe_is_killed,
        an_invalid_line_refuses_the_next_unanswered_record,
        a_secret_across_the_end_of_a_shown_line_is_masked,
        no_part_of_a_long_secret_is_shown,
        an_endless_line_does_not_fill_the_memory,
        a_flood_of_messages_stops_nothing,
        restarts_are_counted,
        a_restart_that_no_record_counts_is_in_the_warning,
    ]
}

/// Runs records 0 to 39, and returns the only error.
fn error(behavior: &str, options: &Value) -> (String, Option<String>) {
    let folder = Folder::new();
    let applied = folder.run(folder.program(behavior, options), 40);
    let (numbers, errors) = summary(&applied);
    assert_eq!(numbers, without_5(40), "{behavior}: {errors:?}");
    let error = applied[5].as_ref().unwrap_err();
    assert!(!error.is_fatal(), "{behavior}");
    (error.full_message(), error.hint_text().map(str::to_owned))
}

fn a_program_that_can_t_be_used_ends_the_run_before_the_first_record() {
    let folder = Folder::new();
    for (behavior, message, hint) in [
        (
            "dies at start",
            "the program exited with code 3 before its first line",
            "its last message:   named `x`",
        ),
        (
            "is silent at start",
            "the program wrote no line within 1s of its start",
            "the program must write and flush its protocol version first; if it starts slowly, raise `start_timeout`",
        ),
        (
            "greets with garbage",
            r"the program wrote `Loading \u{1b}[31m…` instead of its protocol version",
            "see docs/plugins/command.md; write messages to standard error",
        ),
        (
            "uses version 2",
            "the program uses version 2 of the protocol, but taskferry supports version 1",
            "see docs/plugins/command.md; write messages to standard error",
        ),
        (
            "greets without end",
            "the first line of the program exceeds 65536 bytes",
            "see docs/plugins/command.md; write messages to standard error",
        ),
    ] {
        let options = match behavior {
            "is silent at start" => json!({"start_timeout": "1s"}),
            _ => json!({"max_answer_bytes": "64 KiB"}),
        };
        let error = folder.open_error(behavior, &options);
        assert_eq!(error.full_message(), message);
        assert_eq!(error.hint_text().unwrap_or_default(), hint);
    }
}

fn a_program_that_can_t_be_started_again_ends_the_run() {
    let folder = Folder::new();
    let applied = folder.run(folder.program("starts once", &json!({})), 10);
    assert_eq!(summary(&applied[..5]).0, [0, 1, 2, 3, 4]);
    for error in applied[5..].iter().map(|result| result.as_ref().unwrap_err()) {
        assert!(error.is_fatal());
        assert_eq!(error.full_message(), "the program exited with code 4 before its first line");
    }
}

fn a_hanging_record_is_refused_alone() {
    let (message, hint) = error("hangs", &json!({"timeout": "2s"}));
    assert_eq!(message, "the program did not answer within 2s");
    assert_eq!(
        hint.unwrap(),
        "the program must flush each answer; if a record needs more time, raise `timeout`"
    );
}

fn the_error_of_a_silent_program_suggests_to_flush() {
    let folder = Folder::new();
    let transform = folder.program("never answers", &json!({"timeout": "1s"}));
    let applied = folder.run(transform, 1);
    let error = applied[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.hint_text().unwrap().contains("flush each answer"));
}

fn a_crash_refuses_the_record_that_causes_it() {
    for workers in [1, 3] {
        let (message, hint) = error("dies", &json!({"workers": workers}));
        assert_eq!(message, "the program exited with code 9 instead of answering the record");
        assert_eq!(hint.unwrap(), "its last message: Segmentation fault");
    }
    let (message, _) = error("answers half a line", &json!({}));
    assert_eq!(
        message,
        "the program exited with code 0 in the middle of a line instead of answering the record"
    );
}

/// For example, the system killed the program because another program needed memory.
fn a_crash_that_happens_once_refuses_nothing() {
    let folder = Folder::new();
    let applied = folder.run(folder.program("dies once", &json!({})), 40);
    assert_eq!(summary(&applied), ((0..40).collect(), Vec::new()));
}

fn closed_pipes_are_a_crash() {
    let (message, _) = error("closes stdout", &json!({"timeout": "60s"}));
    assert_eq!(message, "the program closed its standard output instead of answering the record");
    // A closed standard input is detected only at the next write.
    let folder = Folder::new();
    let transform = folder.program("closes stdin", &json!({"timeout": "2s"}));
    let applied = folder.run(transform, 40);
    let (numbers, errors) = summary(&applied);
    assert_eq!((numbers, errors.len()), (without_5(40), 1), "{errors:?}");
}

fn a_grandchild_that_holds_the_pipe_is_killed() {
    let folder = Folder::new();
    let transform = folder.program("leaves a grandchild", &json!({"timeout": "60s"}));
    let (numbers, errors) = summary(&folder.run(transform, 40));
    assert_eq!((numbers, errors.len()), (without_5(40), 1));
    let pid = std::fs::read_to_string(folder.path("grandchild")).unwrap().parse().unwrap();
    while is_alive(pid) {
        std::thread::yield_now();
    }
}

fn an_invalid_line_refuses_the_next_unanswered_record() {
    for (behavior, message) in [
        ("prints", "the program wrote `debug: 5` instead of an answer"),
        ("prints after", "the program wrote `debug: 4` instead of an answer"),
        ("floods stdout", "the program wrote `{}` instead of an answer"),
        ("makes a typo", "the program wrote an answer with the unknown key `result`"),
        (
            "says two things",
            "the program wrote an answer with more than one of `results`, `drop` and `error`",
        ),
        ("returns no list", "the program wrote an answer in which `results` is not an array"),
    ] {
        let (found, hint) = error(behavior, &json!({}));
        assert_eq!(found, message, "{behavior}");
        assert!(hint.unwrap().contains("docs/plugins/command.md"));
    }
    let (found, _) = error("answers an unknown id", &json!({}));
    assert_eq!(found, "the program answered record 99 out of turn, before record 6");
    let (found, _) = error("answers out of turn", &json!({}));
    assert_eq!(found, "the program answered record 7 out of turn, before record 6");
    // The second answer comes in the place of the answer to the next record.
    let folder = Folder::new();
    let applied = folder.run(folder.program("answers twice", &json!({})), 10);
    let (numbers, errors) = summary(&applied);
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 7, 8, 9]);
    assert_eq!(errors, ["the program answered record 6 twice, instead of record 7"]);
}

fn a_secret_across_the_end_of_a_shown_line_is_masked() {
    let env = json!({"env": {"LOOKUP": "canary-lookup"}});
    let (found, _) = error("prints a secret", &env);
    let shown = format!("the program wrote `{}[secret]` instead of an answer", "x".repeat(70));
    assert_eq!(found, shown);
}

fn no_part_of_a_long_secret_is_shown() {
    for (secret, before, count) in [
        // Longer than the part of a line that is read.
        ("canary0".repeat(3000), "10", "1"),
        // The masked line is so short that it is shown completely.
        ("canary0".repeat(150), "0", "20"),
        ("canary-ü".repeat(130), "1", "20"),
    ] {
        let env = json!({"LOOKUP": secret, "BEFORE": before, "COUNT": count});
        let (_, hint) = error("repeats a secret", &json!({"env": env}));
        let hint = hint.unwrap();
        assert!(hint.starts_with("its last message: "), "{hint}");
        assert!(!hint.contains(['n', 'y']), "{hint}");
    }
}

fn an_endless_line_does_not_fill_the_memory() {
    let (message, hint) = error("answers without end", &json!({"max_answer_bytes": "1 MiB"}));
    assert_eq!(message, "the program wrote a line of more than 1048576 bytes");
    assert_eq!(hint.unwrap(), "raise `max_answer_bytes`");
}

/// `crates/runner/tests/cli/command.rs` checks the log.
fn a_flood_of_messages_stops_nothing() {
    let folder = Folder::new();
    let transform = folder.program("floods stderr", &json!({"timeout": "60s"}));
    assert_eq!(summary(&folder.run(transform, 2)), (vec![0, 1], Vec::new()));
}

fn restarts_are_counted() {
    let folder = Folder::new();
    let mut transform = folder.program("dies once", &json!({}));
    folder.runtime.block_on(async {
        transform.open(&RunContext::default()).await.unwrap();
        let counters = counters(&*transform).await;
        assert_eq!(counters.get("restarts"), 1);
        let warnings = transform.warnings(40, &counters);
        assert_eq!(warnings, ["the program was restarted once; the log contains the reasons"]);
        let limit = Duration::from_mins(1);
        tokio::time::timeout(limit, apply(&*transform, 0..1)).await.unwrap();
        transform.close().await;
    });
}

/// Record 5 is refused, so it counts nothing, and no record starts the program a second time.
fn a_restart_that_no_record_counts_is_in_the_warning() {
    let folder = Folder::new();
    let mut transform = folder.program("dies", &json!({}));
    folder.runtime.block_on(async {
        transform.open(&RunContext::default()).await.unwrap();
        assert!(apply(&*transform, 5..6).await[0].is_err());
        transform.close().await;
    });
    let warnings = |counted: u64| {
        let mut totals = taskferry_sdk::Counters::default();
        totals.add("restarts", counted);
        transform.warnings(6, &totals)
    };
    assert_eq!(warnings(0), ["the program was restarted once; the log contains the reasons"]);
    // Includes two restarts before the run was resumed.
    assert_eq!(warnings(2), ["the program was restarted 3 times; the log contains the reasons"]);
}

async fn counters(transform: &dyn AsyncTransform) -> taskferry_sdk::Counters {
    let mut counters = taskferry_sdk::Counters::default();
    for number in 0..10 {
        let mut out = taskferry_sdk::Output::new();
        let record = taskferry_sdk::Record::from(json!({"n": number}));
        transform.apply(record, &mut out).await.unwrap();
        out.add_counters_to(&mut counters);
    }
    counters
}
