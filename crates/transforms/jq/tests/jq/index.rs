//! A record that is read through its index has the same results as a record whose values are built in advance.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_transform_jq::Jq;

/// The results in a normal spelling of strings and numbers, or the error message.
fn results(expression: &str, record: &str) -> Result<Vec<Value>, String> {
    let options = json!({"filter": expression, "args": {"v": {"a": 1}}, "time_limit": "60s"});
    let results = TransformTest::new::<Jq>(&options).unwrap().apply(record);
    let results = results.map_err(|error| error.to_string())?;
    Ok(results.iter().map(|result| serde_json::from_str(result).unwrap()).collect())
}

/// Expressions that read, change, remove and compare fields of records.
fn expression() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec![
        ".a",
        ".b",
        ".c",
        ".a.b",
        ".b[0]",
        ".b[-1:]",
        ".b[]?",
        ".c[.a]?",
        "(.. | numbers)",
        "first(.a, .b)",
        "getpath([\"a\", \"b\"])",
    ])
    .prop_map(str::to_owned);
    let constant = prop::sample::select(vec!["1", "\"x\"", "null", "$v", "empty", "[]", "{}"])
        .prop_map(str::to_owned);
    let value = prop_oneof![3 => path.clone(), 1 => constant];
    let value = value.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "==", "<", "//", ",", "and"])
            )
                .prop_map(|(left, right, operator)| format!("({left} {operator} {right})")),
            (
                inner.clone(),
                prop::sample::select(vec![
                    "tostring",
                    "length",
                    "type",
                    "[paths]",
                    "tojson",
                    "sort",
                    "unique",
                    "to_entries",
                    "add",
                    "keys",
                    "[..]",
                    "[tostream]",
                    "flatten",
                    "@csv"
                ])
            )
                .prop_map(|(value, function)| format!("(try ({value} | {function}) catch .)")),
            (inner.clone(), inner).prop_map(|(key, value)| format!("{{a: {key}, new: {value}}}")),
        ]
    });
    let leaf = prop_oneof![
        4 => (path.clone(), value.clone(), prop::sample::select(vec!["=", "+=", "//=", "|="]))
            .prop_map(|(path, value, operator)| format!("({path} {operator} {value})")),
        2 => (path.clone(), prop::sample::select(vec!["empty", "[., 1]", "tostring"]))
            .prop_map(|(path, value)| format!("({path} |= {value})")),
        2 => path.clone().prop_map(|path| format!("del({path})")),
        1 => (path.clone(), path).prop_map(|(one, two)| format!("del({one}, {two})")),
        1 => value.clone().prop_map(|value| format!("select({value})")),
        1 => value,
        1 => prop::sample::select(vec![".", "map_values(.)", "walk(.)", "with_entries(.)"]).prop_map(str::to_owned),
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

fn record() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "-0",
            "1E5",
            "1e1000",
            "100000000000000000001",
            "13911860366432393",
            "1.10",
            r#""\u00e9\n""#,
            r#""x""#
        ])
        .prop_map(str::to_owned),
        (-3_i64..9).prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        any::<String>().prop_map(|text| json!(text).to_string()),
    ];
    // A key may be duplicated or written with escapes.
    let key = prop_oneof![4 => "[abc]", 1 => Just("\\u0061".to_owned()), 1 => "[é/]"];
    scalar.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|members| {
                let members = members.iter().map(|(key, value)| format!("\"{key}\" :{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_index_and_the_values_have_the_same_results(expression in expression(), record in record()) {
        // `fromjson` builds all values.
        let by_values = results(&format!("fromjson | {expression}"), &json!(record).to_string());
        prop_assert_eq!(results(&expression, &record), by_values);
    }
}
