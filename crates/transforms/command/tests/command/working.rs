//! Programs that follow the protocol.

use serde_json::{Value, json};
use taskferry_sdk::{Output, Record, RunContext};
use taskferry_testkit::{Trial, trials};

use crate::driver::{Folder, apply, is_alive, summary};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        results_keep_the_order_of_the_records,
        several_workers_process_records_at_the_same_time,
        an_answer_has_any_number_of_results_or_drops_or_refuses,
        the_program_gets_its_folder_its_run_and_few_variables,
        a_program_that_exits_between_records_is_started_again,
        a_record_that_no_stage_can_read_passes_through,
        a_limit_beyond_the_clock_is_no_limit,
        a_program_can_finish_its_work_at_the_end,
        a_program_that_ignores_the_end_is_killed,
        a_dropped_transform_leaves_no_program,
        the_check_of_doctor_starts_and_ends_the_program,
    ]
}

fn results_keep_the_order_of_the_records() {
    for workers in [1, 3] {
        let folder = Folder::new();
        let transform = folder.program("echo", &json!({"workers": workers}));
        let (numbers, errors) = summary(&folder.run(transform, 1000));
        assert_eq!((numbers, errors.len()), ((0..1000).collect(), 0), "{workers} workers");
    }
}

/// The first record is answered last.
fn several_workers_process_records_at_the_same_time() {
    let folder = Folder::new();
    let transform = folder.program("waits for a file", &json!({"workers": 2, "timeout": "60s"}));
    folder.runtime.block_on(async {
        let slow = apply(&*transform, 0..1);
        let fast = async {
            let mut fast = Vec::new();
            for number in 1..20 {
                fast.extend(apply(&*transform, number..=number).await);
            }
            std::fs::write(folder.path("go"), "").unwrap();
            fast
        };
        // The first poll sends record 0 to the first worker.
        let (slow, fast) = tokio::join!(slow, fast);
        assert_eq!(summary(&slow).0, [0]);
        assert_eq!(summary(&fast).0.len(), 19);
    });
}

fn an_answer_has_any_number_of_results_or_drops_or_refuses() {
    let folder = Folder::new();
    let options = json!({"env": {"API_TOKEN": "canary-token", "LOOKUP": "canary-lookup"}});
    let transform = folder.program("answers in all ways", &options);
    folder.runtime.block_on(async {
        let applied = apply(&*transform, 0..5).await;
        let (numbers, errors) = summary(&applied);
        assert_eq!(numbers, [1, 1, 4]);
        assert_eq!(applied[1].as_ref().unwrap()[1], json!({"n": 1, "again": true}));
        assert_eq!(errors, ["the program refused the record: no [secret], no [secret]"]);
        let mut effects = Vec::new();
        for number in [0, 2] {
            let mut out = Output::with_effects();
            transform.apply(Record::from(json!({"n": number})), &mut out).await.unwrap();
            effects.extend(out.take_effects().into_iter().map(|effect| effect.text));
        }
        assert_eq!(effects, ["drops the record: no results", r"drops the record: too\u{1b} small"]);
    });
}

fn the_program_gets_its_folder_its_run_and_few_variables() {
    let folder = Folder::new();
    let transform = folder.program("describes itself", &json!({"env": {"REGION": "eu"}}));
    let own = folder.run(transform, 1).remove(0).unwrap().remove(0);
    let real = folder.folder.path().canonicalize().unwrap();
    assert_eq!(own["folder"], json!(real));
    assert_eq!(
        own["hello"],
        json!({"protocol": 1, "pipeline": "jobs", "run_id": "run-1", "started_at": "2026-11-23T20:42:43Z", "dry_run": false})
    );
    let known = ["HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ", "USER"];
    let names: Vec<&str> =
        own["env"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let others: Vec<&&str> = names.iter().filter(|name| !known.contains(name)).collect();
    assert_eq!(others, [&"PYTHONUNBUFFERED", &"PYTHONUTF8", &"REGION"]);
}

fn a_program_that_exits_between_records_is_started_again() {
    let folder = Folder::new();
    let transform = folder.program("exits after three", &json!({}));
    let (numbers, errors) = summary(&folder.run(transform, 50));
    assert_eq!((numbers, errors), ((0..50).collect(), Vec::new()));
}

fn a_record_that_no_stage_can_read_passes_through() {
    let folder = Folder::new();
    let transform = folder.program("returns half of a surrogate pair", &json!({}));
    let records: Vec<Record> = folder.runtime.block_on(async {
        let mut out = Output::new();
        transform.apply(Record::from(json!({"n": 0})), &mut out).await.unwrap();
        out.drain_records().collect()
    });
    let [record] = <[_; 1]>::try_from(records).unwrap();
    assert_eq!(record.as_bytes(), br#"{"a":"\ud800"}"#);
    assert!(record.root().is_err());
}

fn a_limit_beyond_the_clock_is_no_limit() {
    let folder = Folder::new();
    let forever = "9223372036854775807s";
    let transform = folder.program("echo", &json!({"timeout": forever, "start_timeout": forever}));
    assert_eq!(summary(&folder.run(transform, 3)), (vec![0, 1, 2], Vec::new()));
}

fn a_program_can_finish_its_work_at_the_end() {
    let folder = Folder::new();
    folder.run(folder.program("notes the end", &json!({})), 3);
    assert!(folder.path("ended").exists());
    folder.run(folder.program("fails at the end", &json!({})), 3);
}

fn a_program_that_ignores_the_end_is_killed() {
    let folder = Folder::new();
    let mut transform = folder.program("ignores the end", &json!({}));
    folder.runtime.block_on(async {
        transform.open(&RunContext::default()).await.unwrap();
        assert_eq!(summary(&apply(&*transform, 0..3).await).0, [0, 1, 2]);
        let start = std::time::Instant::now();
        transform.close().await;
        assert!(start.elapsed().as_secs() >= 3, "it gets a grace period");
        // A record that comes too late is refused.
        let late = apply(&*transform, 0..1).await.remove(0).unwrap_err();
        assert!(late.is_fatal(), "{late:?}");
    });
    assert_eq!(children(&folder), 0);
}

/// The number of processes that work in the folder.
fn children(folder: &Folder) -> usize {
    let folder = folder.folder.path().canonicalize().unwrap();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let folders = all.filter_map(|entry| std::fs::read_link(entry.path().join("cwd")).ok());
    folders.filter(|path| *path == folder).count()
}

fn a_dropped_transform_leaves_no_program() {
    let folder = Folder::new();
    let transform = folder.program("describes itself", &json!({"workers": 3}));
    let applied = folder.runtime.block_on(apply(&*transform, 0..20));
    let pids = applied.into_iter().map(|result| result.unwrap()[0]["pid"].as_u64().unwrap());
    let pids: std::collections::BTreeSet<u64> = pids.collect();
    assert!((1..=3).contains(&pids.len()), "{pids:?}");
    drop(transform);
    while pids.iter().any(|pid| is_alive(*pid)) {
        std::thread::yield_now();
    }
}

fn the_check_of_doctor_starts_and_ends_the_program() {
    let folder = Folder::new();
    let findings = |behavior: &str, options: Value| {
        let checks = folder.program(behavior, &options).checks(&RunContext::default());
        let [check] = <[_; 1]>::try_from(checks).unwrap();
        assert_eq!((check.name(), check.requests()), ("program", None));
        let finding = folder.runtime.block_on(check.run()).remove(0);
        (finding.text, finding.hint)
    };
    let (text, _) = findings("notes the end", json!({}));
    assert!(text.ends_with("` starts and uses the protocol"), "{text}");
    assert!(!text.contains("notes the end"), "an argument may be a secret: {text}");
    assert!(folder.path("ended").exists());
    let (text, hint) = findings("dies at start", json!({}));
    assert_eq!(text, "the program exited with code 3 before its first line");
    assert_eq!(hint.unwrap(), "its last message:   named `x`");
}
