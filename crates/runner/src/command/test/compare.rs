//! Compares records with the expected ones. The order of fields and the spelling of numbers do not matter.

use serde_json::{Map, Number, Value};
use taskferry_pipeline::Comparison;

/// The expected and the actual records, without the differences that the test ignores.
pub(crate) struct Mismatch {
    pub(crate) expected: Vec<Value>,
    pub(crate) actual: Vec<Value>,
}

/// The difference between the records; `None` if they are equal.
pub(crate) fn mismatch(
    expected: &[Value],
    actual: &[Value],
    comparison: Comparison,
) -> Option<Mismatch> {
    let is_subset = comparison == Comparison::Subset;
    let actual: Vec<&Value> = match comparison {
        Comparison::Unordered => in_order(expected, actual),
        Comparison::Exact | Comparison::Subset => actual.iter().collect(),
    };
    let aligned: Vec<Value> = actual
        .iter()
        .enumerate()
        .map(|(index, actual)| match expected.get(index) {
            Some(expected) => align(actual, expected, is_subset),
            None => (*actual).clone(),
        })
        .collect();
    (aligned != expected).then(|| Mismatch { expected: expected.to_vec(), actual: aligned })
}

/// The actual records, ordered so that a record equal to an expected record has the position of the expected record.
fn in_order<'a>(expected: &[Value], actual: &'a [Value]) -> Vec<&'a Value> {
    let mut rest: Vec<&Value> = actual.iter().collect();
    let mut placed: Vec<Option<&Value>> = Vec::new();
    for expected in expected {
        let equal = rest.iter().position(|actual| align(actual, expected, false) == *expected);
        placed.push(equal.map(|index| rest.remove(index)));
    }
    let mut rest = rest.into_iter();
    let mut ordered: Vec<&Value> =
        placed.into_iter().filter_map(|record| record.or_else(|| rest.next())).collect();
    ordered.extend(rest);
    ordered
}

/// The actual value with its fields in the expected order, and equal numbers spelled as expected. If `is_subset`, the result
/// contains only the expected fields.
fn align(actual: &Value, expected: &Value, is_subset: bool) -> Value {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let known = expected.iter().filter_map(|(key, expected)| {
                Some((key.clone(), align(actual.get(key)?, expected, is_subset)))
            });
            let mut aligned: Map<String, Value> = known.collect();
            let others =
                actual.iter().filter(|(key, _)| !is_subset && !expected.contains_key(*key));
            aligned.extend(others.map(|(key, value)| (key.clone(), value.clone())));
            Value::Object(aligned)
        }
        (Value::Array(actual), Value::Array(expected)) => {
            let item = |(index, actual): (usize, &Value)| match expected.get(index) {
                Some(expected) => align(actual, expected, is_subset),
                None => actual.clone(),
            };
            actual.iter().enumerate().map(item).collect()
        }
        (Value::Number(one), Value::Number(other)) if is_same(one, other) => expected.clone(),
        _ => actual.clone(),
    }
}

fn is_same(one: &Number, other: &Number) -> bool {
    if let (Some(one), Some(other)) = (one.as_i128(), other.as_i128()) {
        return one == other;
    }
    let (one, other) = (one.as_f64(), other.as_f64());
    one.zip(other).is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_met(expected: &Value, actual: &str, comparison: Comparison) -> bool {
        let actual: Vec<Value> = serde_json::from_str(actual).unwrap();
        mismatch(expected.as_array().unwrap(), &actual, comparison).is_none()
    }

    #[test]
    fn order_of_fields_and_spelling_of_numbers_do_not_matter() {
        let expected = json!([{"a": 1, "b": [1.5]}]);
        assert!(is_met(&expected, r#"[{"b": [1.50], "a": 1.0}]"#, Comparison::Exact));
        assert!(!is_met(&expected, r#"[{"b": [1.51], "a": 1}]"#, Comparison::Exact));
        assert!(!is_met(&expected, r#"[{"b": [1.5], "a": 1, "c": 0}]"#, Comparison::Exact));
        let big = json!([9_007_199_254_740_993_u64]);
        assert!(!is_met(&big, "[9007199254740992]", Comparison::Exact));
    }

    #[test]
    fn a_subset_ignores_other_fields_but_not_other_records_or_items() {
        let expected = json!([{"a": {"b": 1}}, {"list": [{"x": 1}]}]);
        let subset = |actual| is_met(&expected, actual, Comparison::Subset);
        assert!(subset(r#"[{"a": {"b": 1, "c": 2}}, {"list": [{"x": 1, "y": 2}], "z": 3}]"#));
        assert!(!subset(r#"[{"a": {"b": 1}}, {"list": [{"x": 1}, {"x": 1}]}]"#));
        assert!(!subset(r#"[{"a": {"b": 1}}, {"list": [{"x": 1}]}, {}]"#));
        assert!(!subset(r#"[{"a": {}}, {"list": [{"x": 1}]}]"#));
    }

    #[test]
    fn unordered_records_are_compared_as_a_multiset() {
        let expected = json!([{"a": 1}, {"a": 2}, {"a": 2}]);
        assert!(is_met(&expected, r#"[{"a": 2}, {"a": 1}, {"a": 2}]"#, Comparison::Unordered));
        assert!(!is_met(&expected, r#"[{"a": 2}, {"a": 1}, {"a": 1}]"#, Comparison::Unordered));
        assert!(!is_met(&expected, r#"[{"a": 2}, {"a": 1}, {"a": 2}]"#, Comparison::Exact));
    }
}
