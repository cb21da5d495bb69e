//! An expression that looks at some fields alone says the same as if it had looked at the whole record.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_mins(1), results: 1000 };

fn compiled(text: &str) -> Program {
    let args = BTreeMap::from([("v".to_owned(), json!({"a": 1}))]);
    Program::compile(text, &args, LIMITS).unwrap()
}

#[test]
fn what_is_seen_is_known() {
    for (text, fields) in [
        (".hours = (.weekly_hours // 0) | del(.weekly_hours)", Some("hours weekly_hours")),
        ("select(.a.b[0] > 1 and (.c | length) < 3)", Some("a c")),
        ("{a, \"b\": .c.d, $v, e: [.f[] | select(.g)]}", Some("a c f")),
        ("if .n % 7 == 3 then error(\"three\") else . end", Some("n")),
        (".a as $x | .b |= map($x + .) | .[\"c\"] += $x", Some("a b c")),
        ("del(.a, .b.c), empty", Some("a b")),
        ("reduce .a[] as $x (0; . + $x)", Some("a")),
        ("\"\\(.a) and \\(.b)\"", Some("a b")),
        (". , (.a | keys)", Some("a")),
        ("1", Some("")),
        (".", Some("")),
        ("keys", None),
        ("[.]", None),
        (".[]", None),
        (".[.a]", None),
        (". as $x | .a", None),
        ("def f: 1; .a", None),
        ("map_values(1)", None),
        ("{a: .}", None),
        (".. |= 1", None),
        ("select(.)", None),
        ("del(.)", None),
        (". == 1", None),
        ("with_entries(.)", None),
        (".\"\\(.a)\"", None),
        (".\"é\"", None),
        ("del(.\"a/b\")", None),
        ("(1, .a) = 2", None),
        ("error", None),
    ] {
        let found = compiled(text).fields.map(|fields| fields.join(" "));
        assert_eq!(found.as_deref(), fields, "{text}");
    }
}

#[test]
fn a_field_that_is_taken_out_and_put_back_comes_last() {
    let record = Record::parse(r#"{"a":1,"b":{"c":[1.10,  "\u00e9"]},"d":2}"#).unwrap();
    for (text, expected) in [
        ("del(.a) | .a = 3", r#"{"b":{"c":[1.10,  "\u00e9"]},"d":2,"a":3}"#),
        (".x = .d | del(.d)", r#"{"a":1,"b":{"c":[1.10,  "\u00e9"]},"x":2}"#),
        (".d |= empty", r#"{"a":1,"b":{"c":[1.10,  "\u00e9"]}}"#),
        (".b.c[0] = 7", r#"{"a":1,"b":{"c":[7,"é"]},"d":2}"#),
    ] {
        let results = compiled(text).run(&record).unwrap();
        assert_eq!(String::from_utf8(results.concat()).unwrap(), expected, "{text}");
    }
}

/// Expressions of which most look at some fields alone.
fn expression() -> impl Strategy<Value = String> {
    let place = prop_oneof![
        Just(".a".to_owned()),
        Just(".b".to_owned()),
        Just(".c".to_owned()),
        Just(".a.b".to_owned()),
        Just(".b[0]".to_owned()),
        Just(".b[]?".to_owned()),
        Just(".c[.a]?".to_owned()),
    ];
    let value = prop_oneof![
        3 => place.clone(),
        1 => prop_oneof![Just("1"), Just("\"x\""), Just("null"), Just("$v"), Just("empty"), Just("[]")].prop_map(str::to_owned),
    ];
    let value = value.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                prop_oneof![Just("+"), Just("=="), Just("//"), Just(","), Just("and")]
            )
                .prop_map(|(left, right, operator)| format!("({left} {operator} {right})")),
            inner.clone().prop_map(|value| format!("({value} | tostring)")),
            inner.clone().prop_map(|value| format!("(try ({value} | keys) catch .)")),
            (inner.clone(), inner).prop_map(|(key, value)| format!("{{a: {key}, new: {value}}}")),
        ]
    });
    let leaf = prop_oneof![
        4 => (place.clone(), value.clone(), prop_oneof![Just("="), Just("+="), Just("//=")])
            .prop_map(|(place, value, operator)| format!("({place} {operator} {value})")),
        2 => (place.clone(), prop_oneof![Just("empty"), Just("[., 1]"), Just("tostring")])
            .prop_map(|(place, value)| format!("({place} |= {value})")),
        2 => place.clone().prop_map(|place| format!("del({place})")),
        1 => (place.clone(), place).prop_map(|(one, two)| format!("del({one}, {two})")),
        1 => value.clone().prop_map(|value| format!("select({value})")),
        1 => value,
        1 => Just(".".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} | {right})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}, {right})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, yes, no)| format!("(if ({condition} | .a?) then {yes} else {no} end)")),
            1 => (inner.clone(), inner).prop_map(|(value, then)| format!("(({value} | .a?) as $x | {then} | .b += $x)")),
        ]
    })
}

fn record() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({"b": 1, "a": 2})),
    ];
    let value = scalar.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..3)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    prop::collection::vec(("[abcdé\"\u{0}]", value), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn looking_at_some_fields_alone_changes_nothing(text in expression(), record in record()) {
        let mut program = compiled(&text);
        let text = Record::parse(record.to_string()).unwrap();
        let told = |results: Result<Vec<Vec<u8>>, StageError>| {
            let results = results.map_err(|error| error.to_string())?;
            Ok::<_, String>(results.into_iter().map(|text| String::from_utf8(text).unwrap()).collect::<Vec<_>>())
        };
        let by_fields = told(program.run(&text));
        program.fields = None;
        prop_assert_eq!(&by_fields, &told(program.run(&text)));
        prop_assert_eq!(&by_fields, &told(program.run(&Record::from_value(record))));
    }
}
