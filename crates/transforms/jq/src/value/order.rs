//! The order of values: `null`, `false`, `true`, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::{Array, Object, Value};

/// The order of sorting: NaN comes before all other numbers.
pub(crate) fn compare(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    order(left, right, Ordering::Equal)
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        if let (Some(left), Some(right)) = (self.as_container_node(), other.as_container_node())
            && left.raw() == right.raw()
        {
            return true;
        }
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => {
                left.numeric().compare(right.numeric(), Ordering::Less) == Ordering::Equal
            }
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|(left, right)| left == right)
            }
            (Self::Object(left), Self::Object(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(key, left)| {
                        right.get(&key.as_str()).is_some_and(|right| left == right)
                    })
            }
            _ => false,
        }
    }
}

/// The order of `<` and `>`, in which NaN is less than itself.
impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(order(self, other, Ordering::Less))
    }
}

fn order(left: &Value<'_>, right: &Value<'_>, nans: Ordering) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            left.numeric().compare(right.numeric(), nans)
        }
        (Value::String(left), Value::String(right)) => left.as_str().cmp(&right.as_str()),
        (Value::Array(left), Value::Array(right)) => arrays(left, right, nans),
        (Value::Object(left), Value::Object(right)) => objects(left, right, nans),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn arrays(left: &Array<'_>, right: &Array<'_>, nans: Ordering) -> Ordering {
    let both = left.iter().zip(right.iter());
    let mut orders = both.map(|(left, right)| order(&left, &right, nans));
    orders.find(|order| order.is_ne()).unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// Compares the sorted keys first, then the numbers of members, then the values.
fn objects(left: &Object<'_>, right: &Object<'_>, nans: Ordering) -> Ordering {
    let (left, right) = (left.sorted(), right.sorted());
    let both = || left.iter().zip(&right);
    let keys = both().map(|((left, _), (right, _))| left.as_str().cmp(&right.as_str()));
    let values = both().map(|((_, left), (_, right))| order(left, right, nans));
    let mut orders = keys.chain([left.len().cmp(&right.len())]).chain(values);
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
