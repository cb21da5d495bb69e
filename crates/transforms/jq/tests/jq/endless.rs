//! Endless or too deep expressions fail only their record.

use serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_sdk::{ErrorKind, Problem};
use taskferry_transform_jq::Jq;

fn build(filter: &str) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::new::<Jq>(&json!({"filter": filter, "time_limit": "60s"}))
}

/// Runs on a thread with the stack size of the runtime's threads.
fn on_a_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap()
}

#[track_caller]
fn check_is_refused(filter: &str, message: &str) {
    let guarded = format!("if . == 0 then ({filter}) else . end");
    let messages = on_a_small_stack(move || {
        let mut transform = build(&guarded).unwrap();
        let error = transform.apply("0").unwrap_err();
        assert_eq!(transform.apply("1").unwrap(), ["1"]);
        (error.kind(), error.to_string())
    });
    assert_eq!(messages, (ErrorKind::Limit, message.to_owned()), "{filter}");
}

const CALLS: &str = "the jq expression recurses too deeply";
const DEPTH: &str = "the jq expression nests values deeper than 10000 levels";

#[test]
fn endless_recursion_is_refused() {
    for filter in [
        "def f: 1 + f; f",
        "def f: f + 1; f",
        "def f: [f]; f",
        "def f: {a: f}; f",
        "def f: f | f; f",
        "def f: f as $x | $x; f",
        "def f: \"\\(f)\"; f",
        "def f: -f; f",
        "def f: f == f; f",
        "def f: f and f; f",
        "def f: f // 1; f",
        "def f: try f catch f; [f]",
        "def f: if f then 1 else 2 end; f",
        "def f: .[f]; f",
        "def f: . as {(f): $x} | $x; f",
        "def f: reduce f as $x (0; . + $x); f",
        "def f: reduce 1 as $x (0; f); f",
        "def f: foreach (1, 2) as $x (0; f; f); f",
        "def f: label $out | f, break $out; [f]",
        "def f: first(f); f",
        "def f: limit(3; f); [f]",
        "def f: map(f); [1] | def g: [[.] | g[]]; g",
        "def f: [., .] | sort_by(f); f",
        "def f: [., .] | group_by(f); f",
        "def f: [.] | map_values(f); f",
        "def f: {a: .} | with_entries(.value |= f); f",
        "def f: def g: f; 1 + g; f",
        "def f($x): 1 + f($x + 1); f(0)",
        "def f(g): f(g | g); f(. + 1)",
        "def f(g): f(g + 1); f(1)",
        "def f(g): if . == 300000 then g else . + 1 | f(g | .) end; f(.)",
        "def f(g): if . == 300000 then . else . + 1 | f(g) end; f(.)",
        "def f(g): g | f(g); f(. + 1)",
        "def f: try error(f) catch f; f",
        "def f: \"a\" | sub(\"a\"; f); f",
        "def f: [limit(2; f, f)]; f",
        "def f: getpath([f]); f",
        "def f: any(f; .); f",
        "def f: until(f; .); f",
        "def f: walk(f); [1] | def g: walk([g]); g",
    ] {
        check_is_refused(filter, CALLS);
    }
}

#[test]
fn an_update_of_endless_paths_is_refused() {
    for filter in ["def f: ., f; f |= 1", "recurse(.) |= 1", "[{} | recurse(.) = 1]"] {
        check_is_refused(filter, "the jq expression updates more than 2000000 values at once");
    }
}

#[test]
fn values_of_growing_depth_are_refused() {
    for filter in [
        "reduce range(10000000) as $i (null; [.])",
        "reduce range(10000000) as $i (null; {a: .})",
        "reduce range(10000000) as $i (null; [1, ., 2])",
        "reduce range(10000000) as $i ([1]; group_by(.))",
        "reduce range(10000000) as $i ({}; .a = .)",
        "reduce range(10000000) as $i ({}; .b |= {a: .})",
        "reduce range(10000000) as $i ({}; {a: 1} + {b: .})",
        "reduce range(10000000) as $i ([]; [[]] + [.])",
        "reduce range(40) as $i ([1]; .. |= [.])",
        "last(foreach range(10000000) as $i (null; [.]; 1))",
        "def f: [.] | f; f",
        "def f($x): f([$x]); f(1)",
        "def f($x): f($x | [.] | group_by(.)); f([1])",
        "[.] | until(false; [.])",
        "last(recurse([.]) | 1)",
        "null | path(last(recurse(.a))) | length",
    ] {
        check_is_refused(filter, DEPTH);
    }
}

#[test]
fn deep_values_are_processed() {
    let deep = "(reduce range(10000) as $i (null; [.]))";
    for (filter, expected) in [
        (format!("{deep} | tojson | length"), "20004"),
        (format!("{deep} == {deep}"), "true"),
        (format!("[{deep}, {deep}] | sort | length"), "2"),
        (format!("[{deep}, {deep}] | unique | length"), "1"),
        ("reduce range(1000) as $i (null; [.]) | [..] | length".to_owned(), "1001"),
        ("reduce range(1000) as $i (null; [.]) | [paths] | length".to_owned(), "1000"),
        (format!("{deep} | (.. | select(. == null)) |= 1 | flatten"), "[1]"),
        (format!("{deep} | walk(.) | length"), "1"),
        (format!("{deep} | contains({deep})"), "true"),
        (
            "reduce range(1000) as $i (null; [.]) | del(.. | select(. == null)) | length"
                .to_owned(),
            "1",
        ),
        (format!("{{({deep} | tojson): 1}} | length"), "1"),
        (format!("try error({deep}) catch length"), "1"),
        (format!("{deep} | tojson | fromjson | length"), "1"),
        ("reduce range(10000) as $i (null; {a: .}) | . * . | length".to_owned(), "1"),
        ("def f: if . == 0 then 0 else . - 1 | f end; 100000 | f".to_owned(), "0"),
        ("[limit(100000; repeat(1))] | length".to_owned(), "100000"),
        ("last(range(10000) | select(. % 7 == 0))".to_owned(), "9996"),
        ("def f(g): if . == 1000 then . else . + 1 | f(g) end; 0 | f(.)".to_owned(), "1000"),
        ("def f: if . == 0 then 0 else . - 1 | f + 1 end; 2000 | f".to_owned(), "2000"),
    ] {
        let built = filter.clone();
        let found = on_a_small_stack(move || {
            build(&built).unwrap().apply("null").map_err(|error| error.to_string())
        });
        assert_eq!(found, Ok(vec![expected.to_owned()]), "{filter}");
    }
}

#[test]
fn an_expression_of_a_million_brackets_is_refused() {
    const MANY: usize = 1_000_000;
    for text in ["[".repeat(MANY), "{\"a\":".repeat(MANY)] {
        let record = json!({"text": text}).to_string();
        let error = on_a_small_stack(move || {
            build(".text | fromjson").unwrap().apply(&record).unwrap_err()
        });
        let message = error.to_string();
        assert!(message.contains("Exceeds depth limit for parsing"), "{message}");
        let error = on_a_small_stack(move || build(".").unwrap().apply(&text).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
    for (text, message) in [
        ("[".repeat(MANY), "brackets are nested deeper than 250 levels"),
        ("(".repeat(MANY) + "1" + &")".repeat(MANY), "brackets are nested deeper than 250 levels"),
        ("\"\\(".repeat(MANY), "brackets are nested deeper than 250 levels"),
        (". | ".repeat(MANY) + ".", "the expression has more than 10000 tokens"),
        ("-".repeat(MANY) + "1", "the expression has more than 10000 tokens"),
        (".[0]".repeat(MANY), "the expression has more than 10000 tokens"),
        ("if 1 then ".repeat(MANY), "the expression has more than 10000 tokens"),
        ("try ".repeat(MANY), "the expression has more than 10000 tokens"),
        ("def f: ".repeat(MANY), "the expression has more than 10000 tokens"),
    ] {
        let problems = on_a_small_stack(move || build(&text).map(drop).unwrap_err());
        assert_eq!(problems[0].message, message);
    }
}

#[test]
fn the_largest_expressions_are_processed() {
    for text in [
        ". | ".repeat(4_900) + ".",
        "1 + ".repeat(4_900) + "1",
        "1, ".repeat(4_000) + "1",
        "-".repeat(9_900) + "1",
        format!("[{}1] | length", "1, ".repeat(4_900)),
        format!("{{{}\"z\": 1}} | length", "\"k\": 1, ".repeat(1_900)),
        "def f: 1; ".repeat(1_900) + "f",
        "if . then 1 else ".repeat(1_500) + "1" + &" end".repeat(1_500),
        "try ".repeat(9_900) + "1",
        ". as $x | ".repeat(1_900) + "1",
        "(".repeat(250) + "1" + &")".repeat(250),
        "[".repeat(100) + "1" + &"]".repeat(100),
        format!("def f: {}1; f", "1 + ".repeat(4_900)),
    ] {
        let start: String = text.chars().take(30).collect();
        let results = on_a_small_stack(move || {
            build(&text)
                .map(|mut transform| transform.apply("1").is_ok())
                .map_err(|problems| problems[0].message.clone())
        });
        assert_eq!(results, Ok(true), "{start}");
    }
}

#[test]
fn shallow_records_are_never_refused_for_depth() {
    let wide = Value::from(vec![json!([[1], {"a": [2]}]); 2000]).to_string();
    for filter in [
        "reduce .[] as $x ([]; . + [$x]) | length",
        "[.[] | [.[]]] | length",
        "map(walk(.)) | length",
        "[limit(2000; .[])] | length",
        "(.. | numbers) += 1 | length",
    ] {
        let (filter, wide) = (filter.to_owned(), wide.clone());
        assert_eq!(
            on_a_small_stack(move || build(&filter).unwrap().apply(&wide).unwrap()),
            ["2000"]
        );
    }
}
