//! Regular expressions, numbers, `fromjson`, and the list of functions.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_transform_jq::Jq;

fn jq(filter: &str, args: &Value) -> TransformTest {
    TransformTest::new::<Jq>(&json!({"filter": filter, "args": args})).unwrap()
}

/// The only result of an expression, or the error message.
fn run(filter: &str, input: &str) -> Result<String, String> {
    let results = jq(filter, &json!({})).apply(input).map_err(|error| error.to_string())?;
    let [result] = &results[..] else { panic!("{filter}: {results:?}") };
    Ok(result.clone())
}

#[test]
fn patterns_follow_the_syntax_of_oniguruma() {
    for (pattern, flags, text, expected) in [
        (r"b$", "", "ab\n", Some("b")),
        (r"b$", "", "ab\n\n", None),
        (r"(?m)a$", "", "a\nb", Some("a")),
        (r"^b", "", "a\nb", None),
        (r"a.b", "", "a\nb", None),
        (r"a.b", "p", "a\nb", Some("a\nb")),
        (r"a.b", "s", "a\nb", None),
        (r"[[:alpha:]]+", "", "1Übergröße2", Some("Übergröße")),
        (r"[^[:alpha:]\s]+", "", "ä 12", Some("12")),
        (r"[[:^alpha:]]+", "", "ä12", Some("12")),
        (r"[[:punct:]]+", "", "a$–~b", Some("$–~")),
        (r"[[:graph:]]+", "", " ä! ", Some("ä!")),
        (r"[a&&b]+", "", "x&a", Some("&a")),
        (r"[a-c--]+", "", "x-b", Some("-b")),
        (r"[]a]+", "", "x]a", Some("]a")),
        (r"[[a]+", "", "x[a", Some("[a")),
        (r"[-a]+", "", "x-a", Some("-a")),
        (r"\h+", "", "ahh", Some("hh")),
        (r"\Qa.b\E.", "", "a.bc", Some("a.bc")),
        (r"straße", "i", "STRASSE", Some("STRASSE")),
        (r"übergabe", "i", "Übergabe", Some("Übergabe")),
        (r"\w+", "", "Zoë's", Some("Zoë")),
        (r"a\sb", "", "a\u{a0}b", Some("a\u{a0}b")),
        (r"\p{L}+", "", "1é2", Some("é")),
        (r"a  b # c$", "x", "ab", Some("ab")),
        (r"a|ab", "l", "abc", Some("ab")),
        (r"a*", "n", "baa", Some("aa")),
        (r"(?<n>.)\k<n>", "", "abb", Some("bb")),
        (r"(?<=€)\d+(?!\d)", "", "5 €12", Some("12")),
    ] {
        let args = json!({"pattern": pattern, "flags": flags});
        let found = jq("match($pattern; $flags).string", &args).apply(&json!(text).to_string());
        let expected: Vec<String> = expected.iter().map(|text| json!(text).to_string()).collect();
        assert_eq!(found.unwrap(), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn invalid_patterns_are_refused() {
    for (pattern, reason) in [
        ("(", "opening parenthesis without closing parenthesis"),
        (r"\X", "invalid escape: \\X"),
        ("(?P<n>a)", "a named group is written `(?<name>…)`, without a `P`"),
        ("[a", "invalid character class"),
        (r"\p{Nonsense}", "unicode property not found"),
        ("*", "target of repeat operator is invalid"),
    ] {
        let filter = format!("test({})", json!(pattern));
        let problems = TransformTest::new::<Jq>(&json!({"filter": filter})).unwrap_err();
        assert_eq!(problems[0].message, format!("invalid regular expression: {reason}"));
    }
}

#[test]
fn backtracking_is_limited() {
    let text = json!("a".repeat(60)).to_string();
    let found = run(r#"test("(a*)*\\1b(?=c)")"#, &text);
    let is_limited = |reason: &str| reason.contains("the regular expression can't be evaluated");
    assert!(
        found.as_ref().map_or_else(|reason| is_limited(reason), |found| found == "false"),
        "{found:?}"
    );
}

#[test]
fn numbers_keep_their_text() {
    for text in [
        "1.10",
        "-0",
        "0",
        "-7",
        "1E5",
        "1e-7",
        "100000000000000000001",
        "-9223372036854775808",
        "1e+400",
        "0.1000000000000000055511151231257827",
    ] {
        assert_eq!(run(".", text).unwrap(), text);
        let parsed = run("tonumber", &json!(text).to_string()).unwrap();
        assert_eq!(parsed, text.replace('E', "e+"));
    }
}

#[test]
fn values_that_json_can_not_represent_are_errors() {
    let too_deep = "the result is nested deeper than 127 levels";
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for (filter, input, message) in [
        ("nan", "1", "the result contains the number NaN, which JSON can't represent"),
        ("infinite", "1", "the result contains the number Infinity, which JSON can't represent"),
        ("reduce range(200) as $level (null; [.])", "1", too_deep),
        ("reduce range(28) as $level (.; {a: .})", &deep, too_deep),
    ] {
        assert_eq!(run(filter, input).unwrap_err(), message);
    }
    assert!(run("reduce range(27) as $level (.; {a: .})", &deep).is_ok());
}

proptest! {
    #[test]
    fn a_computed_number_is_written_exactly(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
        let text = run(". * 1", &json!(float).to_string()).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
    }
}

#[test]
fn fromjson_accepts_what_serde_json_accepts() {
    for text in [
        r#"{"b": [1, 2.50, -0, 1e5, "\u00e9\n"], "a": {}, "b": null}"#,
        " [ ] ",
        "[1,]",
        "[1 2]",
        r#"{"a" 1}"#,
        "{a: 1}",
        "\"open",
        "01",
        "1 2",
        "",
        "tru",
        "\"\t\"",
    ] {
        let expected = serde_json::from_str::<Value>(text).ok();
        let found = run("[fromjson]", &json!(text).to_string()).ok();
        let found =
            found.map(|found| serde_json::from_str::<[Value; 1]>(&found).unwrap()[0].clone());
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn every_listed_function_compiles() {
    let names: Vec<String> = serde_json::from_str(&run("builtins", "1").unwrap()).unwrap();
    assert!(names.len() >= 200, "{}", names.len());
    for name in names {
        let (name, arity) = name.split_once('/').unwrap();
        let arguments = vec!["."; arity.parse().unwrap()].join(";");
        let text =
            if arguments.is_empty() { name.to_owned() } else { format!("{name}({arguments})") };
        let built = TransformTest::new::<Jq>(&json!({"filter": text}));
        assert!(built.is_ok(), "{text}: {:?}", built.err());
    }
}
