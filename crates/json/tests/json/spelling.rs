//! JSON texts for property tests, in every spelling that JSON allows.

use proptest::prelude::*;

/// The text of any document: white space, escapes, duplicate keys, spellings of numbers.
pub(crate) fn text() -> impl Strategy<Value = String> {
    scalar().prop_recursive(5, 40, 6, |inner| {
        let member = (key(), space(), inner.clone());
        prop_oneof![
            container(['[', ']'], inner),
            container(
                ['{', '}'],
                member.prop_map(|(key, space, value)| format!("{key}{space}:{value}"))
            ),
        ]
    })
}

/// A key. Some keys have several spellings, and some differ only in the middle.
pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\"[a-c]\"",
        2 => "\"linked_(sk|xx)ills\"",
        1 => Just(r#""\u0061""#.to_owned()),
        1 => Just(r#""\"b\\\"""#.to_owned()),
        1 => Just(r#""é\u00e9😀\ud83d\ude00\/""#.to_owned()),
        1 => Just(r#""""#.to_owned()),
        1 => any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        2 => prop::sample::select(vec!["null", "true", "false", "0", "-0", "1E+5", "0.10e-2", "1e999", "123456789012345678901234567890"])
            .prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        3 => key(),
        1 => prop::sample::select(vec![r#""\b\f\n\r\t\/\\\"""#, r#""a long text without anything special in it""#, r#""sixteen bytes long, then \n and é and more""#])
            .prop_map(str::to_owned),
    ];
    (space(), scalar, space())
        .prop_map(|(before, scalar, after)| format!("{before}{scalar}{after}"))
}

fn container(
    [open, close]: [char; 2],
    part: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (space(), prop::collection::vec((space(), part), 0..6), space(), space()).prop_map(
        move |(before, parts, inside, after)| {
            let parts: Vec<String> =
                parts.into_iter().map(|(space, part)| format!("{space}{part}")).collect();
            format!("{before}{open}{inside}{}{close}{after}", parts.join(","))
        },
    )
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just(""), 3 => Just(" "), 1 => Just(" \t"), 1 => Just("\r\n")]
}
