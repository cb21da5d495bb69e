//! Compares values.

use crate::{Key, Kind, Node};

impl Node<'_> {
    /// Whether two values are equal, however they are written: strings by their text, numbers by their value, arrays by their items
    /// in order, objects by their members in any order.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let one = Document::parse(r#"{"hours": 1.50, "skills": ["a", "b"]}"#)?;
    /// let other = Document::parse(r#"{"skills": ["\u0061", "b"], "hours": 15e-1}"#)?;
    /// assert!(one.root().equals(other.root()));
    /// let reordered = Document::parse(r#"["b", "a"]"#)?;
    /// assert!(!one.root().get("skills").unwrap().equals(reordered.root()));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn equals(self, other: Node<'_>) -> bool {
        if self.raw() == other.raw() {
            return true;
        }
        match (self.kind(), other.kind()) {
            (Kind::String, Kind::String) => self.as_str() == other.as_str(),
            (Kind::Number, Kind::Number) => {
                let both = (self.as_number().map(decimal), other.as_number().map(decimal));
                // A number with too many digits in its exponent only equals the same text.
                matches!(both, (Some(Some(one)), Some(Some(other))) if one == other)
            }
            (Kind::Array, Kind::Array) => {
                let (mut items, mut others) = (self.items(), other.items());
                loop {
                    match (items.next(), others.next()) {
                        (None, None) => return true,
                        (Some(item), Some(other)) if item.equals(other) => {}
                        _ => return false,
                    }
                }
            }
            (Kind::Object, Kind::Object) => {
                let (members, others) = (sorted(self), sorted(other));
                let pairs = members.iter().zip(&others);
                members.len() == others.len()
                    && pairs.into_iter().all(|((key, value), (other_key, other))| {
                        key == other_key && value.equals(*other)
                    })
            }
            _ => false,
        }
    }
}

fn sorted(object: Node<'_>) -> Vec<(std::borrow::Cow<'_, str>, Node<'_>)> {
    let members = object.members().map(|(key, value)| (Key::as_str(key), value));
    let mut members: Vec<_> = members.collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members
}

/// A number in normal form: whether it is negative, the digits without leading and trailing zeros, and the exponent of the last digit.
/// `None` if the exponent is too large to compute with.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent: i64 = exponent.parse().ok()?;
    let places = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.checked_add(zeros)?.checked_sub(places)?;
    Some((is_negative, significant.to_owned(), exponent))
}
