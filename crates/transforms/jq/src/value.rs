//! Values of jq expressions.
//!
//! A value of the record is a [`Node`] of its document: it is parsed only when the expression reads it, and it is written
//! with its original bytes. A changed array or object holds values, which may again be nodes. Cloning is cheap.

mod array;
mod dump;
mod math;
mod number;
mod object;
mod order;
mod text;

use std::borrow::Cow;
use std::rc::Rc;

use taskferry_json::{Kind, Node};

pub(crate) use array::Array;
pub(crate) use dump::{described, shortened};
pub(crate) use math::{Operator, calculate, cannot, contains, negated};
pub(crate) use number::{Number, Numeric};
pub(crate) use object::{Map, Object};
pub(crate) use order::compare;
pub(crate) use text::Text;

/// A value that borrows from the record and from the expression.
#[derive(Debug, Clone, Default)]
pub(crate) enum Value<'r> {
    #[default]
    Null,
    Bool(bool),
    Number(Number<'r>),
    String(Text<'r>),
    Array(Array<'r>),
    Object(Object<'r>),
}

impl<'r> Value<'r> {
    /// A value of a document.
    #[inline]
    pub(crate) fn of(node: Node<'r>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(node.as_bool() == Some(true)),
            Kind::Number => Self::Number(Number::Node(node)),
            Kind::String => Self::String(Text::Node(node)),
            Kind::Array => Self::Array(Array::Node(node)),
            Kind::Object => Self::Object(Object::Node(node)),
        }
    }

    /// The type name of jq.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Whether the value is true for `if`: all values but `null` and `false`.
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.to_f64()),
            _ => None,
        }
    }

    /// An upper bound of the nesting.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Array(array) => array.depth(),
            Self::Object(object) => object.depth(),
            _ => 0,
        }
    }

    /// The node of an array or object of the record.
    pub(crate) fn as_container_node(&self) -> Option<Node<'r>> {
        match self {
            Self::Array(Array::Node(node)) | Self::Object(Object::Node(node)) => Some(*node),
            _ => None,
        }
    }

    /// The number of characters, items or members, or the absolute value of a number.
    pub(crate) fn length(&self) -> Result<Self, String> {
        Ok(match self {
            Self::Null => Self::from(0_i64),
            Self::Bool(_) => return Err(format!("{} has no length", described(self))),
            Self::Number(number) => Self::Number(number.clone().absolute()),
            Self::String(text) => Self::from(text.as_str().chars().count()),
            Self::Array(array) => Self::from(array.len()),
            Self::Object(object) => Self::from(object.len()),
        })
    }

    /// The items of an array, or the values of an object.
    pub(crate) fn into_values(self) -> Result<Vec<Self>, String> {
        match self {
            Self::Array(array) => Ok(array.into_vec()),
            Self::Object(object) => Ok(object.values()),
            other => Err(format!("Cannot iterate over {}", described(&other))),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Number::Int(number))
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Number(Number::from_numeric(Numeric::Int(number as i128)))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Number(Number::Float(number))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(Text::Owned(Rc::new(text)))
    }
}

impl<'r> From<&'r str> for Value<'r> {
    fn from(text: &'r str) -> Self {
        Self::String(Text::Borrowed(text))
    }
}

impl<'r> From<Vec<Value<'r>>> for Value<'r> {
    fn from(items: Vec<Value<'r>>) -> Self {
        Self::Array(Array::from(items))
    }
}

impl<'r> From<Map<'r>> for Value<'r> {
    fn from(members: Map<'r>) -> Self {
        Self::Object(Object::from(members))
    }
}

impl<'r> FromIterator<Value<'r>> for Value<'r> {
    fn from_iter<I: IntoIterator<Item = Value<'r>>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}
