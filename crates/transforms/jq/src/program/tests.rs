use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_mins(1), results: 1000 };

fn program(text: &str) -> Program {
    Program::compile(text, &BTreeMap::new(), LIMITS).unwrap()
}

/// The results as text, since the order of keys and the spelling of numbers count.
#[track_caller]
fn check(text: &str, input: &str, expected: &[&str]) {
    let record = Record::parse(input.to_owned()).unwrap();
    assert_eq!(texts(program(text).run(&record)).unwrap(), expected, "{text}");
}

fn texts(results: Result<Vec<Record>, StageError>) -> Result<Vec<String>, StageError> {
    Ok(results?.iter().map(Record::to_json).collect())
}

fn run(program: &Program, input: &Value) -> Result<Vec<String>, StageError> {
    texts(program.run(&Record::parse(input.to_string()).unwrap()))
}

#[test]
fn removing_keeps_the_order_of_the_other_keys() {
    let input = r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[1,2,3,4],"d":1.10}"#;
    for (text, expected) in [
        ("del(.a)", r#"{"b":{"x":1,"y":2,"z":3},"c":[1,2,3,4],"d":1.10}"#),
        (".a |= empty", r#"{"b":{"x":1,"y":2,"z":3},"c":[1,2,3,4],"d":1.10}"#),
        ("del(.b.x, .c)", r#"{"a":1,"b":{"y":2,"z":3},"d":1.10}"#),
        ("(.b.x, .c) |= empty", r#"{"a":1,"b":{"y":2,"z":3},"d":1.10}"#),
        ("del(.c[0, 2])", r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[2,4],"d":1.10}"#),
        (".c[0, 2] |= empty", r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[2,4],"d":1.10}"#),
        ("del(.c[1:3])", r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[1,4],"d":1.10}"#),
        (".c[1:3] |= empty", r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[1,4],"d":1.10}"#),
        ("del(.c[1:][0], .c[-1])", r#"{"a":1,"b":{"x":1,"y":2,"z":3},"c":[1,3],"d":1.10}"#),
        ("del(.. | select(. == 2))", r#"{"a":1,"b":{"x":1,"z":3},"c":[1,3,4],"d":1.10}"#),
        ("del(.none, .none.deeper, .c[9], .b)", r#"{"a":1,"c":[1,2,3,4],"d":1.10}"#),
        ("delpaths([[\"b\", \"y\"], [\"a\"]])", r#"{"b":{"x":1,"z":3},"c":[1,2,3,4],"d":1.10}"#),
        (
            "map_values(if type == \"object\" then (.x |= empty) else empty end)",
            r#"{"b":{"y":2,"z":3}}"#,
        ),
        ("def f(p): p |= empty; f(.a) | [f(.c)]", r#"[{"b":{"x":1,"y":2,"z":3},"d":1.10}]"#),
        ("\"\\(.b | .x |= empty)\"", r#""{\"y\":2,\"z\":3}""#),
        (". |= (.a |= empty | .b |= del(.x))", r#"{"b":{"y":2,"z":3},"c":[1,2,3,4],"d":1.10}"#),
        (
            ".b |= with_entries(select(.key != \"x\"))",
            r#"{"a":1,"b":{"y":2,"z":3},"c":[1,2,3,4],"d":1.10}"#,
        ),
    ] {
        check(text, input, &[expected]);
    }
    check(". |= empty", input, &["null"]);
    check("del(.)", input, &["null"]);
    check(".[] |= (., .)", "[1,2]", &["[1,2]"]);
    check(
        ".. |= (if . == null or . == {} or . == [] then empty else . end)",
        r#"{"a":null,"b":{"c":null,"d":[null]},"e":1}"#,
        &[r#"{"b":{"d":[]},"e":1}"#],
    );
    check("(.a, .a) |= (select(. != 1))", r#"{"a":1,"b":2,"c":3}"#, &[r#"{"b":2,"c":3}"#]);
}

#[test]
fn jq_says_what_jq_says() {
    for (text, input, expected) in [
        (".a + 1", r#"{"a":1}"#, "2"),
        ("4 / 2", "null", "2"),
        ("1 / 4", "null", "0.25"),
        (".a", r#"{"a":100000000000000000001}"#, "100000000000000000001"),
        ("join(\",\")", r#"["a",null,3,true]"#, r#""a,,3,true""#),
        ("join(\",\")", "[]", r#""""#),
        (
            "from_entries",
            r#"[{"k":1,"v":false},{"name":"b","value":null},{"key":null,"value":3}]"#,
            r#"{"1":false,"b":null,"null":3}"#,
        ),
        ("with_entries(.value += 1)", r#"{"z":1,"a":2}"#, r#"{"z":2,"a":3}"#),
        ("IN(2, 3)", "3", "true"),
        ("[.[] | IN(.[]; 2)]", "[[1,2],[3]]", "[true,false]"),
        ("INDEX(.id)", r#"[{"id":1},{"id":"b"}]"#, r#"{"1":{"id":1},"b":{"id":"b"}}"#),
        ("[JOIN({\"1\": \"one\"}; .[]; tostring)]", "[1]", r#"[[1,"one"]]"#),
        ("[.[] | toarray]", "[1,[2]]", "[[1],[2]]"),
        ("@csv", r#"["a\"b",1.10,null,true]"#, r#""\"a\"\"b\",1.10,,true""#),
        ("@tsv", r#"["a\tb",1,null]"#, r#""a\\tb\t1\t""#),
        ("trimstr(\"a\")", r#""aba""#, r#""b""#),
        ("[leaf_paths]", r#"{"a":[1]}"#, r#"[["a",0]]"#),
        ("test(\"B\"; \"i\")", r#""abc""#, "true"),
        ("todate", "0", r#""1970-01-01T00:00:00Z""#),
        ("debug | stderr | debug(\"x\")", "1", "1"),
        ("try error(\"x\") catch .", "1", r#""x""#),
        ("try halt_error catch .", "1", "1"),
        ("[limit(3; repeat(.))]", "1", "[1,1,1]"),
        ("@sh", r#"["a b",1]"#, r#""'a b' 1""#),
    ] {
        check(text, input, &[expected]);
    }
}

#[test]
fn variables_are_seen_everywhere() {
    let args =
        BTreeMap::from([("a".to_owned(), json!({"x": 1.5})), ("b".to_owned(), json!("two"))]);
    let text = "def f: def g($c): [$a.x, $b, $c]; g(3); f, (.[] |= $b)";
    let program = Program::compile(text, &args, LIMITS).unwrap();
    assert_eq!(run(&program, &json!([0])).unwrap(), [r#"[1.5,"two",3]"#, r#"["two"]"#]);
}

#[test]
fn what_the_expression_refuses_is_told() {
    let told = |text: &str, input: Value| run(&program(text), &input).unwrap_err().to_string();
    assert_eq!(told("error(\"no good\")", json!(1)), "the jq expression failed: no good");
    assert_eq!(told("error({a: 1})", json!(1)), r#"the jq expression failed: {"a":1}"#);
    assert_eq!(
        told(".a", json!(1)),
        r#"the jq expression failed: Cannot index number with string ("a")"#
    );
    assert_eq!(
        told("infinite", json!(1)),
        "the result has the number Infinity, which JSON can't hold"
    );
    assert_eq!(
        told("{(.): 2}", json!(1)),
        "the jq expression failed: Object keys must be strings, not number (1)"
    );
    assert!(told("error(.)", json!("x".repeat(1000))).ends_with("xxx…"));
}

#[test]
fn limits_end_what_never_ends() {
    let refused = |text: &str, limits| {
        run(&Program::compile(text, &BTreeMap::new(), limits).unwrap(), &json!(1)).unwrap_err()
    };
    let error = refused("repeat(.)", Limits { results: 7, ..LIMITS });
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Limit, "the jq expression gave more than 7 results")
    );
    let soon = Limits { time: Duration::from_millis(20), results: usize::MAX };
    let error = refused("repeat(.)", soon);
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Limit, "the jq expression took longer than 20ms")
    );
    assert_eq!(run(&program("limit(1000; repeat(.))"), &json!(1)).unwrap().len(), 1000);
}

fn mistakes(text: &str) -> Vec<(&str, String, Option<String>)> {
    let args = BTreeMap::from([("region".to_owned(), json!(1))]);
    let mistakes = Program::compile(text, &args, LIMITS).unwrap_err();
    mistakes
        .into_iter()
        .map(|mistake| (&text[mistake.range], mistake.message, mistake.help))
        .collect()
}

#[test]
fn a_mistake_is_pointed_at_and_explained() {
    for (text, part, message, help) in [
        (".a | (.b", "(", "the `(` is never closed", ""),
        (".a | .b)", ")", "the `)` closes nothing", ""),
        ("{a: 'x'}", "'", "`'` means nothing in jq", "jq texts stand in double quotes"),
        (".a |", "|", "the expression ends where an expression should stand", ""),
        (".a | | .b", "|", "`|` stands where an expression should", ""),
        ("if . then 1", "1", "the expression ends where else or end should stand", ""),
        (".a .b c", "c", "`c` does not belong here", ""),
        (
            "import \"x\" as x; .",
            "\"x\"",
            "`\"x\"` does not belong here",
            "modules can't be loaded; define what is needed here",
        ),
        ("", "", "the expression ends where an expression should stand", ""),
        (".a | selct(.b)", "selct", "there is no function `selct`", "did you mean `select`?"),
        ("map(.; .)", "map", "`map` takes 1 argument, not 2", "arguments are separated by `;`"),
        ("\"é\" | $regin", "$regin", "there is no variable `$regin`", "did you mean `$region`?"),
        ("break $out", "$out", "there is no label `$out`", ""),
        (
            "env.PATH",
            "env",
            "there is no function `env`",
            "the environment is out of reach; hand values in with `args`",
        ),
        (
            "$ENV.PATH",
            "$ENV",
            "there is no variable `$ENV`",
            "the environment is out of reach; hand values in with `args`",
        ),
        (
            "{(0): 1}",
            "0",
            "`0` is a number, and keys must be strings",
            "write `\"0\"`, or `(0 | tostring)`",
        ),
        (
            "reduce .[] as $x (0)",
            "reduce",
            "`reduce` needs arguments: `reduce … as $x (init; update)`",
            "",
        ),
        (
            "halt",
            "halt",
            "there is no function `halt`",
            "an expression can't end the run; `empty` drops the record, `error(\"…\")` refuses it",
        ),
    ] {
        let help = (!help.is_empty()).then(|| help.to_owned());
        let found = mistakes(text);
        assert!(found.contains(&(part, message.to_owned(), help)), "{text}: {found:?}");
    }
    assert_eq!(mistakes("selct(.a) | nto").len(), 2);
}

#[test]
fn no_text_makes_the_compiler_panic() {
    for text in [
        "(",
        "\"\\(",
        "\"\\u12",
        "{",
        "..[",
        ".[1:",
        "1e",
        "@",
        "$",
        "def",
        "def f:",
        "reduce",
        "label",
        "?",
        ".\u{feff}",
        "é",
        "\"",
        "#",
        ".a as [",
        "if",
        "try",
        "-",
        "a::b",
        "foo::bar(1)",
        "\\",
    ] {
        assert!(!mistakes(text).is_empty(), "{text}");
    }
}
