//! Behavior of `isolation = "process"`. The worker processes run this program, so it has a `main` function instead of
//! the standard test harness.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::process::{Command, ExitCode, Stdio};
use std::task::Poll;

use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use taskferry_sdk::testing::{self, Files};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, ErrorKind, Output, Record, StageError, TransformPlugin,
};
use taskferry_testkit::trials;
use taskferry_transform_jq::{Jq, WORKER_ARGUMENT, worker_main};

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|first| first == WORKER_ARGUMENT) {
        return worker_main();
    }
    let mut arguments = Arguments::from_args();
    // Some tests count the child processes of this process.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, tests()).exit_code()
}

fn tests() -> Vec<Trial> {
    let mut tests = trials![
        results_equal_those_without_isolation,
        a_refused_record_does_not_affect_others,
        an_endless_expression_is_killed,
        endless_results_are_limited,
        endless_recursion_fails_only_its_record,
        excessive_memory_use_fails_only_its_record,
        records_are_processed_concurrently,
        a_worker_ends_with_its_parent,
    ];
    // These read `/proc`.
    let linux = trials![
        the_worker_count_is_limited_to_the_processors,
        the_environment_is_inaccessible,
        a_dropped_transform_leaves_no_worker,
    ];
    let is_ignored = !cfg!(target_os = "linux");
    tests.extend(linux.into_iter().map(|test| test.with_ignored_flag(is_ignored)));
    tests
}

fn build(mut options: Value) -> Box<dyn AsyncTransform> {
    options["isolation"] = json!("process");
    match testing::build(&options, &Files::new(), Jq::build).unwrap() {
        AnyTransform::Async(transform) => transform,
        other => panic!("not an asynchronous transform: {other:?}"),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn apply(transform: &dyn AsyncTransform, text: &str) -> Result<Vec<String>, StageError> {
    let mut out = Output::new();
    transform.apply(Record::parse(text.to_owned()).unwrap(), &mut out).await?;
    Ok(out.records().iter().map(Record::to_json).collect())
}

/// Checks that an expression fails for the record 0, and for no other record.
#[track_caller]
fn check_affects_only_one(options: Value, message: &str) {
    block_on(async {
        let transform = build(options);
        assert_eq!(apply(&*transform, "1").await.unwrap(), ["1"]);
        let error = apply(&*transform, "0").await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Limit, message));
        assert_eq!(apply(&*transform, "2").await.unwrap(), ["2"]);
    });
}

fn results_equal_those_without_isolation() {
    block_on(async {
        let filter = "., (.b | select(.)), (del(.a) | .s = $s), (.a | tojson)";
        let transform = build(json!({"filter": filter, "args": {"s": "\u{e9}\n"}}));
        for _ in 0..3 {
            let lines =
                apply(&*transform, r#"{"z":1.10,"a":100000000000000000001,"b":null}"#).await;
            assert_eq!(
                lines.unwrap(),
                [
                    r#"{"z":1.10,"a":100000000000000000001,"b":null}"#,
                    r#"{"z":1.10,"b":null,"s":"é\n"}"#,
                    r#""100000000000000000001""#,
                ]
            );
        }
        assert_eq!(
            apply(&*build(json!({"filter": "empty"})), "1").await.unwrap(),
            Vec::<String>::new()
        );
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert_eq!(apply(&*build(json!({"filter": "."})), &deep).await.unwrap(), [deep]);
    });
}

fn a_refused_record_does_not_affect_others() {
    block_on(async {
        let transform = build(json!({"filter": "if . == 0 then error(\"zero\") else . end"}));
        let error = apply(&*transform, "0").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Record, "the jq expression failed: zero")
        );
        assert_eq!(apply(&*transform, "1").await.unwrap(), ["1"]);
    });
}

fn an_endless_expression_is_killed() {
    let options =
        json!({"filter": "if . == 0 then last(repeat(1)) else . end", "time_limit": "100ms"});
    check_affects_only_one(options, "the jq expression took longer than 100ms");
}

fn endless_results_are_limited() {
    let options = json!({"filter": "if . == 0 then repeat(1) else . end", "max_results": 10});
    check_affects_only_one(options, "the jq expression returned more than 10 results");
}

fn endless_recursion_fails_only_its_record() {
    let options =
        json!({"filter": "def f: 1 + f; if . == 0 then f else . end", "time_limit": "60s"});
    check_affects_only_one(options, "the jq expression recurses too deeply");
}

fn excessive_memory_use_fails_only_its_record() {
    let options = json!({"filter": "if . == 0 then [range(1000000000)] | length else . end", "time_limit": "60s", "memory_limit": "64 MiB"});
    check_affects_only_one(options, "the jq expression exceeds its memory limit");
    // The minimum limit is sufficient.
    let transform = build(json!({"filter": "[range(1000)] | length", "memory_limit": "16 MiB"}));
    assert_eq!(block_on(apply(&*transform, "1")).unwrap(), ["1000"]);
}

fn records_are_processed_concurrently() {
    block_on(async {
        let transform = build(json!({"filter": ". * 2"}));
        let (one, two, three) =
            tokio::join!(apply(&*transform, "1"), apply(&*transform, "2"), apply(&*transform, "3"));
        assert_eq!([one.unwrap(), two.unwrap(), three.unwrap()], [["2"], ["4"], ["6"]]);
    });
}

fn the_worker_count_is_limited_to_the_processors() {
    block_on(async {
        let transform = build(json!({"filter": ". + 1"}));
        let records: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let mut applied = Vec::new();
        for record in &records {
            applied.push(Box::pin(apply(&*transform, record)));
        }
        // All start before any of them ends.
        let mut results = vec![None; applied.len()];
        std::future::poll_fn(|context| {
            for (future, result) in applied.iter_mut().zip(&mut results) {
                if result.is_none()
                    && let Poll::Ready(lines) = future.as_mut().poll(context)
                {
                    *result = Some(lines.unwrap());
                }
            }
            if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        for (number, result) in results.into_iter().enumerate() {
            assert_eq!(result.unwrap(), [(number + 1).to_string()]);
        }
        let processors = std::thread::available_parallelism().unwrap().get();
        assert!((1..=processors).contains(&workers().len()), "{:?}", workers());
    });
}

fn the_environment_is_inaccessible() {
    block_on(async {
        let transform = build(json!({"filter": "."}));
        apply(&*transform, "1").await.unwrap();
        let [worker] = workers()[..] else { panic!("one worker") };
        let environment = std::fs::read_to_string(format!("/proc/{worker}/environ")).unwrap();
        let names: Vec<&str> = environment
            .split('\0')
            .filter_map(|entry| entry.split('=').next())
            .filter(|name| !name.is_empty())
            .collect();
        assert!(
            names.iter().all(|name| ["TZ", "MIMALLOC_ARENA_EAGER_COMMIT"].contains(name)),
            "{names:?}"
        );
    });
}

fn a_worker_ends_with_its_parent() {
    let setup = json!({"filter": "last(repeat(1))", "args": {}, "limits": {"time": {"secs": 600, "nanos": 0}, "results": 1}, "memory": 256 << 20});
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(WORKER_ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, format!("{setup}\n1\n").as_bytes()).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

fn a_dropped_transform_leaves_no_worker() {
    block_on(async {
        let transform = build(json!({"filter": "."}));
        apply(&*transform, "1").await.unwrap();
        assert_eq!(workers().len(), 1);
        drop(transform);
        while !workers().is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

/// The process ids of the live children of this process, read from `/proc`.
fn workers() -> Vec<u32> {
    let me = std::process::id();
    let tasks = std::fs::read_dir(format!("/proc/{me}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            children.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>()
        })
        .collect()
}
