//! Numbers.

use std::cmp::Ordering;
use std::rc::Rc;

use taskferry_json::Node;

/// A number. Numbers that are not computed keep all their digits.
#[derive(Debug, Clone)]
pub(crate) enum Number<'r> {
    /// A number of the record.
    Node(Node<'r>),
    Int(i64),
    Float(f64),
    /// Any other number, as its JSON text.
    Digits(Rc<str>),
}

/// A number in arithmetic. Integers are exact up to 38 digits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numeric {
    Int(i128),
    Float(f64),
}

impl Numeric {
    pub(crate) fn parse(text: &str) -> Self {
        let is_whole = text != "-0"
            && text
                .bytes()
                .enumerate()
                .all(|(position, byte)| byte.is_ascii_digit() || (position == 0 && byte == b'-'));
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

    /// Compares two numbers. `nans` is the order of two NaNs.
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
    /// Parses a number of an expression or a string. jq also accepts numbers that are not JSON: `.5`, `00.5`.
    pub(crate) fn parse(text: &str) -> Self {
        if let Ok(whole) = text.parse::<i64>()
            && whole.to_string() == text
        {
            return Self::Int(whole);
        }
        match text.parse::<serde_json::Number>() {
            // An exponent keeps its spelling.
            Ok(_) => Self::Digits(text.into()),
            Err(_) => Self::from_numeric(Numeric::parse(text.trim_start_matches('+'))),
        }
    }

    pub(crate) fn from_numeric(number: Numeric) -> Self {
        match number {
            Numeric::Float(float) => Self::Float(float),
            Numeric::Int(whole) => match i64::try_from(whole) {
                Ok(whole) => Self::Int(whole),
                Err(_) => Self::Digits(whole.to_string().into()),
            },
        }
    }

    #[inline]
    pub(crate) fn numeric(&self) -> Numeric {
        match self {
            Self::Int(whole) => Numeric::Int(i128::from(*whole)),
            Self::Float(float) => Numeric::Float(*float),
            Self::Node(node) => Numeric::parse(node.as_number().unwrap_or_default()),
            Self::Digits(digits) => Numeric::parse(digits),
        }
    }

    pub(crate) fn to_f64(&self) -> f64 {
        self.numeric().to_f64()
    }

    /// The number with the opposite sign.
    pub(crate) fn negated(self) -> Self {
        let digits = match &self {
            Self::Int(0) => return Self::Float(-0.0),
            Self::Int(_) | Self::Float(_) => None,
            Self::Node(node) => node.as_number(),
            Self::Digits(digits) => Some(&**digits),
        };
        match (digits, self.numeric()) {
            (Some(digits), _) => Self::Digits(match digits.strip_prefix('-') {
                Some(positive) => positive.into(),
                None => format!("-{digits}").into(),
            }),
            (None, Numeric::Int(whole)) => Self::from_numeric(Numeric::Int(-whole)),
            (None, Numeric::Float(float)) => Self::Float(-float),
        }
    }

    pub(crate) fn absolute(self) -> Self {
        let is_negative = match self.numeric() {
            Numeric::Int(whole) => whole < 0,
            Numeric::Float(float) => float.is_sign_negative() && !float.is_nan(),
        };
        if is_negative { self.negated() } else { self }
    }

    /// The number as JSON. NaN is `null`, and infinity is the largest float.
    pub(crate) fn to_json(&self) -> String {
        match self {
            Self::Int(whole) => whole.to_string(),
            Self::Float(float) => float_text(*float),
            Self::Node(node) => node.as_number().unwrap_or_default().to_owned(),
            Self::Digits(digits) => (**digits).to_owned(),
        }
    }
}

/// A float as jq writes it: `2`, not `2.0`, with an exponent only if it is very large or small.
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
