//! Numbers.

use std::cmp::Ordering;
use std::rc::Rc;

use taskferry_json::Node;

/// A number. One that was not computed keeps all its digits.
#[derive(Debug, Clone)]
pub(crate) enum Number<'r> {
    /// A number of the record.
    Node(Node<'r>),
    Int(i64),
    Float(f64),
    /// The digits of another number, as JSON has them.
    Digits(Rc<str>),
}

/// A number to compute with. Whole numbers are exact up to 38 digits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Computed {
    Int(i128),
    Float(f64),
}

impl Computed {
    /// Of a text that holds a number and nothing else.
    pub(crate) fn parse(text: &str) -> Self {
        let is_whole = text != "-0"
            && text
                .bytes()
                .enumerate()
                .all(|(place, byte)| byte.is_ascii_digit() || (place == 0 && byte == b'-'));
        let whole = is_whole.then(|| text.parse().ok()).flatten();
        whole.map_or_else(|| Self::Float(text.parse().unwrap_or(f64::NAN)), Self::Int)
    }

    #[expect(clippy::cast_precision_loss, reason = "floats are rounded")]
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Int(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// The order of numbers; `nans` is what two numbers are that are none.
    pub(crate) fn compare(self, other: Self, nans: Ordering) -> Ordering {
        if let (Self::Int(left), Self::Int(right)) = (self, other) {
            return left.cmp(&right);
        }
        let (left, right) = (self.to_f64(), other.to_f64());
        match (left.is_nan(), right.is_nan()) {
            (true, true) => nans,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        }
    }
}

impl Number<'_> {
    /// A number that is written in an expression or a text. Not all that jq takes is JSON: `.5`, `00.5`.
    pub(crate) fn parse(text: &str) -> Self {
        if let Ok(whole) = text.parse::<i64>()
            && whole.to_string() == text
        {
            return Self::Int(whole);
        }
        match text.parse::<serde_json::Number>() {
            // An exponent keeps the spelling that it has.
            Ok(_) => Self::Digits(text.into()),
            Err(_) => Self::from_computed(Computed::parse(text.trim_start_matches('+'))),
        }
    }

    pub(crate) fn from_computed(number: Computed) -> Self {
        match number {
            Computed::Float(float) => Self::Float(float),
            Computed::Int(whole) => match i64::try_from(whole) {
                Ok(whole) => Self::Int(whole),
                Err(_) => Self::Digits(whole.to_string().into()),
            },
        }
    }

    #[inline]
    pub(crate) fn computed(&self) -> Computed {
        match self {
            Self::Int(whole) => Computed::Int(i128::from(*whole)),
            Self::Float(float) => Computed::Float(*float),
            Self::Node(node) => Computed::parse(node.as_number().unwrap_or_default()),
            Self::Digits(digits) => Computed::parse(digits),
        }
    }

    pub(crate) fn to_f64(&self) -> f64 {
        self.computed().to_f64()
    }

    /// The number with the other sign.
    pub(crate) fn negated(self) -> Self {
        let digits = match &self {
            Self::Int(0) => return Self::Float(-0.0),
            Self::Int(_) | Self::Float(_) => None,
            Self::Node(node) => node.as_number(),
            Self::Digits(digits) => Some(&**digits),
        };
        match (digits, self.computed()) {
            (Some(digits), _) => Self::Digits(match digits.strip_prefix('-') {
                Some(positive) => positive.into(),
                None => format!("-{digits}").into(),
            }),
            (None, Computed::Int(whole)) => Self::from_computed(Computed::Int(-whole)),
            (None, Computed::Float(float)) => Self::Float(-float),
        }
    }

    pub(crate) fn absolute(self) -> Self {
        let is_negative = match self.computed() {
            Computed::Int(whole) => whole < 0,
            Computed::Float(float) => float.is_sign_negative() && !float.is_nan(),
        };
        if is_negative { self.negated() } else { self }
    }

    /// The number as JSON, or `null` if it is none; what is larger than any float is the largest.
    pub(crate) fn to_json(&self) -> String {
        match self {
            Self::Int(whole) => whole.to_string(),
            Self::Float(float) => float_text(*float),
            Self::Node(node) => node.as_number().unwrap_or_default().to_owned(),
            Self::Digits(digits) => (**digits).to_owned(),
        }
    }
}

/// A float as jq writes it: `2`, not `2.0`, and an exponent only for what is very large or small.
fn float_text(float: f64) -> String {
    const MOST_ZEROS: i32 = 15;
    if float.is_nan() {
        return "null".to_owned();
    }
    let text = format!("{:e}", float.clamp(f64::MIN, f64::MAX));
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits.replace('.', "")),
        None => ("", digits.replace('.', "")),
    };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    if point <= -5 || point > count + MOST_ZEROS {
        let (first, rest) = digits.split_at(1);
        let separator = if rest.is_empty() { "" } else { "." };
        let (exponent, exponent_sign) = ((point - 1).abs(), if point > 0 { '+' } else { '-' });
        return format!("{sign}{first}{separator}{rest}e{exponent_sign}{exponent:02}");
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= count {
        format!("{sign}{digits}{}", zeros(point - count))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
        format!("{sign}{whole}.{fraction}")
    }
}
