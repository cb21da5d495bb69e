//! Constants of an expression.

use crate::value::{Number, Text, Value};

/// A constant. Unlike [`Value`], it can be shared between threads.
#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Digits(String),
    Text(String),
}

impl Constant {
    pub(crate) fn number(text: &str) -> Self {
        match Number::parse(text) {
            Number::Int(whole) => Self::Int(whole),
            Number::Float(float) => Self::Float(float),
            other => Self::Digits(other.to_json()),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(whole) => Value::from(*whole),
            Self::Float(float) => Value::from(*float),
            Self::Digits(digits) => Value::Number(Number::Digits(digits.as_str().into())),
            Self::Text(text) => Value::String(Text::Borrowed(text)),
        }
    }
}
