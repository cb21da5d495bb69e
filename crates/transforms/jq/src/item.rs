//! Results of an expression: values, and where they stand if that is asked for.

use std::rc::Rc;

use crate::limits::End;
use crate::value::Value;

/// How long a path may be.
const MAX_PATH: usize = 10_000;

/// A result, and the way to it.
#[derive(Debug, Clone)]
pub(crate) struct Item<'r> {
    pub(crate) value: Value<'r>,
    pub(crate) trail: Trail<'r>,
}

/// The way to a value.
#[derive(Debug, Clone)]
pub(crate) enum Trail<'r> {
    /// The path is not needed.
    Unasked,
    At(Path<'r>),
    /// The value was computed and stands nowhere.
    Lost,
}

/// The keys from the outermost value to one inside of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path<'r>(Option<Rc<Link<'r>>>);

#[derive(Debug)]
struct Link<'r> {
    key: Value<'r>,
    outer: Path<'r>,
    length: usize,
}

/// Why an expression does not go on.
#[derive(Debug)]
pub(crate) enum Stop<'r> {
    /// An error that `try` catches.
    Error(Value<'r>),
    Break(usize),
    /// Whoever takes the results does not go on, and has kept why.
    Passed,
    /// A limit was passed. Nothing catches that.
    End(End),
}

pub(crate) type Flow<'r> = Result<(), Stop<'r>>;
/// Takes results, one after the other.
pub(crate) type Out<'o, 'r> = &'o mut dyn FnMut(Item<'r>) -> Flow<'r>;

impl From<String> for Stop<'_> {
    fn from(message: String) -> Self {
        Self::Error(Value::from(message))
    }
}

impl<'r> Item<'r> {
    /// A value whose path is not needed.
    pub(crate) fn unasked(value: Value<'r>) -> Self {
        Self { value, trail: Trail::Unasked }
    }

    /// The outermost value.
    pub(crate) fn outermost(value: Value<'r>) -> Self {
        Self { value, trail: Trail::At(Path::default()) }
    }

    pub(crate) fn is_unasked(&self) -> bool {
        matches!(self.trail, Trail::Unasked)
    }

    /// What was computed from this item. `null` and its like stand where the same value stands already.
    pub(crate) fn computed(&self, value: Value<'r>) -> Self {
        let is_same = matches!(
            (&self.value, &value),
            (Value::Null, Value::Null)
                | (Value::Bool(true), Value::Bool(true))
                | (Value::Bool(false), Value::Bool(false))
        );
        let trail = match &self.trail {
            Trail::Unasked => Trail::Unasked,
            trail if is_same => trail.clone(),
            _ => Trail::Lost,
        };
        Self { value, trail }
    }
}

impl<'r> Trail<'r> {
    /// The way to what stands at `key`.
    pub(crate) fn to(&self, key: impl FnOnce() -> Value<'r>) -> Result<Self, Stop<'r>> {
        match self {
            Self::Unasked => Ok(Self::Unasked),
            Self::At(path) => Ok(Self::At(path.to(key())?)),
            Self::Lost => Ok(Self::Lost),
        }
    }
}

impl<'r> Path<'r> {
    fn to(&self, key: Value<'r>) -> Result<Self, Stop<'r>> {
        let length = self.0.as_ref().map_or(0, |link| link.length) + 1;
        if length > MAX_PATH {
            return Err(Stop::End(End::TooDeep));
        }
        Ok(Self(Some(Rc::new(Link { key, outer: self.clone(), length }))))
    }

    pub(crate) fn keys(&self) -> Vec<Value<'r>> {
        let mut keys = Vec::with_capacity(self.0.as_ref().map_or(0, |link| link.length));
        let mut path = self;
        while let Some(link) = &path.0 {
            keys.push(link.key.clone());
            path = &link.outer;
        }
        keys.reverse();
        keys
    }
}
