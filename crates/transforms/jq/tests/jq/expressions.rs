//! The results of expressions, and their errors.

use serde_json::json;
use taskferry_sdk::testing::TransformTest;
use taskferry_sdk::{Part, Problem, StageError};
use taskferry_transform_jq::Jq;

fn build(text: &str) -> Result<TransformTest, Vec<Problem>> {
    TransformTest::new::<Jq>(&json!({"filter": text, "args": {"region": 1}}))
}

fn run(text: &str, input: &str) -> Result<Vec<String>, StageError> {
    build(text).unwrap().apply(input)
}

/// Compares results as text, since the order of keys and the spelling of numbers count.
#[track_caller]
fn check(text: &str, input: &str, expected: &[&str]) {
    assert_eq!(run(text, input).unwrap(), expected, "{text}");
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
fn unchanged_values_keep_their_bytes() {
    let input = r#"{"a":1E5,"b":{"c":[1.10,  "\u00e9"]},"\u0064":-0, "b2":"\/"}"#;
    for (text, expected) in [
        (".", r#"{"a":1E5,"b":{"c":[1.10,  "\u00e9"]},"\u0064":-0, "b2":"\/"}"#),
        ("del(.a) | .a = 3", r#"{"b":{"c":[1.10,  "\u00e9"]},"\u0064":-0,"b2":"\/","a":3}"#),
        (".x = .d | del(.d)", r#"{"a":1E5,"b":{"c":[1.10,  "\u00e9"]},"b2":"\/","x":-0}"#),
        (".d |= empty", r#"{"a":1E5,"b":{"c":[1.10,  "\u00e9"]},"b2":"\/"}"#),
        (".b.c[0] = 7", r#"{"a":1E5,"b":{"c":[7,"\u00e9"]},"\u0064":-0,"b2":"\/"}"#),
        ("{b, b2, d}", r#"{"b":{"c":[1.10,  "\u00e9"]},"b2":"\/","d":-0}"#),
        (".b.c", r#"[1.10,  "\u00e9"]"#),
        (".b.c[1] + \"x\"", "\"éx\""),
    ] {
        check(text, input, &[expected]);
    }
}

#[test]
fn the_last_value_of_a_duplicate_key_is_used() {
    let input = r#"{"a":1,"b":2,"a":{"c":3,"c":4}}"#;
    for (text, expected) in [
        (".a.c", "4"),
        ("keys_unsorted", r#"["a","b"]"#),
        ("[.[] | numbers]", "[2]"),
        (".b = 5", r#"{"a":{"c":3,"c":4},"b":5}"#),
        ("del(.a)", r#"{"b":2}"#),
        ("length", "2"),
    ] {
        check(text, input, &[expected]);
    }
}

#[test]
fn results_are_those_of_jq() {
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
        (
            "[tostream]",
            r#"{"a":[1,{"b":[]}],"c":"x"}"#,
            r#"[[["a",0],1],[["a",1,"b"],[]],[["a",1,"b"]],[["a",1]],[["c"],"x"],[["c"]]]"#,
        ),
        ("[tostream]", "1", "[[[],1]]"),
        ("capture(\"(?<a>b)?(c)\")", r#""c""#, r#"{"a":null}"#),
        ("[scan(\"a\"), scan(\"(b)(c)?\"; \"i\")]", r#""aBa""#, r#"["a","a",["B",null]]"#),
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
fn variables_are_visible_everywhere() {
    let filter = "def f: def g($c): [$a.x, $b, $c]; g(3); f, (.[] |= $b)";
    let options = json!({"filter": filter, "args": {"a": {"x": 1.5}, "b": "two"}});
    let mut jq = TransformTest::new::<Jq>(&options).unwrap();
    assert_eq!(jq.apply("[0]").unwrap(), [r#"[1.5,"two",3]"#, r#"["two"]"#]);
}

#[test]
fn an_error_of_the_expression_is_reported() {
    let error = |text: &str, input: &str| run(text, input).unwrap_err().to_string();
    for (text, message) in [
        ("error(\"no good\")", "the jq expression failed: no good"),
        ("error({a: 1})", r#"the jq expression failed: {"a":1}"#),
        (".a", r#"the jq expression failed: Cannot index number with string ("a")"#),
        ("infinite", "the result contains the number Infinity, which JSON can't represent"),
        ("{(.): 2}", "the jq expression failed: Object keys must be strings, not number (1)"),
    ] {
        assert_eq!(error(text, "1"), message);
    }
    assert!(error("error(.)", &json!("x".repeat(1000)).to_string()).ends_with("xxx…"));
}

fn errors(text: &str) -> Vec<(&str, String, Option<String>)> {
    let problems = build(text).unwrap_err().into_iter();
    let error = |problem: Problem| match problem.part {
        Part::Within(range) => (&text[range], problem.message, problem.help),
        other => panic!("{other:?}"),
    };
    problems.map(error).collect()
}

#[test]
fn an_error_has_its_position_and_an_explanation() {
    let no_environment = "the environment is not accessible; pass values with `args`";
    for (text, part, message, help) in [
        (".a | (.b", "(", "`(` is not closed", ""),
        (".a | .b)", ")", "`)` has no opening bracket", ""),
        ("{a: 'x'}", "'", "`'` is not valid in jq", "write strings in double quotes"),
        (".a |", "|", "expected an expression, found the end of the expression", ""),
        (".a | | .b", "|", "expected an expression, found `|`", ""),
        ("if . then 1", "1", "expected else or end, found the end of the expression", ""),
        (".a .b c", "c", "unexpected `c`", ""),
        (
            "import \"x\" as x; .",
            "\"x\"",
            "unexpected `\"x\"`",
            "modules can't be loaded; define the functions in the expression",
        ),
        ("", "", "expected an expression, found the end of the expression", ""),
        (".a | selct(.b)", "selct", "there is no function `selct`", "did you mean `select`?"),
        ("map(.; .)", "map", "`map` takes 1 argument, not 2", "arguments are separated by `;`"),
        ("\"é\" | $regin", "$regin", "there is no variable `$regin`", "did you mean `$region`?"),
        ("break $out", "$out", "there is no label `$out`", ""),
        ("env.PATH", "env", "there is no function `env`", no_environment),
        ("$ENV.PATH", "$ENV", "there is no variable `$ENV`", no_environment),
        (
            "{(0): 1}",
            "0",
            "object keys must be strings, but `0` is a number",
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
            "an expression can't end the run; use `empty` to drop the record, or `error(\"…\")` to refuse it",
        ),
    ] {
        let help = (!help.is_empty()).then(|| help.to_owned());
        let found = errors(text);
        assert!(found.contains(&(part, message.to_owned(), help)), "{text}: {found:?}");
    }
    assert_eq!(errors("selct(.a) | nto").len(), 2);
}

#[test]
fn no_invalid_expression_panics() {
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
        assert!(!errors(text).is_empty(), "{text}");
    }
}
