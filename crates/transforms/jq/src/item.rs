//! Results of an expression: values, with their paths if paths are tracked.

use std::rc::Rc;

use crate::limits::LimitError;
use crate::value::Value;

/// The maximum length of a path.
pub(crate) const MAX_PATH: usize = 10_000;

/// A result and its location.
#[derive(Debug, Clone)]
pub(crate) struct Item<'r> {
    pub(crate) value: Value<'r>,
    pub(crate) location: Location<'r>,
}

/// Where a value is.
#[derive(Debug, Clone)]
pub(crate) enum Location<'r> {
    /// Paths are not tracked.
    Untracked,
    At(Path<'r>),
    /// The value was computed, so it has no path.
    Computed,
}

/// The keys from the root to a value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path<'r>(Option<Rc<Link<'r>>>);

#[derive(Debug)]
struct Link<'r> {
    key: Value<'r>,
    outer: Path<'r>,
    length: usize,
}

/// Why an evaluation stops.
#[derive(Debug)]
pub(crate) enum Stop<'r> {
    /// An error that `try` catches.
    Error(Value<'r>),
    Break(usize),
    /// The consumer of the results stops the evaluation. The consumer stores the reason.
    Consumer,
    /// A limit was exceeded. `try` does not catch it.
    Limit(LimitError),
}

pub(crate) type Flow<'r, T = ()> = Result<T, Stop<'r>>;
/// Receives the values of the results one by one.
pub(crate) type Next<'o, 'r, T = Value<'r>> = &'o mut dyn FnMut(T) -> Flow<'r>;
/// Receives the results one by one, with their locations.
pub(crate) type Emit<'o, 'r> = Next<'o, 'r, Item<'r>>;

impl From<String> for Stop<'_> {
    fn from(message: String) -> Self {
        Self::Error(Value::from(message))
    }
}

impl<'r> Item<'r> {
    /// A value without path tracking.
    pub(crate) fn untracked(value: Value<'r>) -> Self {
        Self { value, location: Location::Untracked }
    }

    /// The root value, with path tracking.
    pub(crate) fn root(value: Value<'r>) -> Self {
        Self { value, location: Location::At(Path::default()) }
    }

    pub(crate) fn is_untracked(&self) -> bool {
        matches!(self.location, Location::Untracked)
    }

    /// An item with a value that was computed from this item. As in jq, `null`, `true` and `false` keep the location if they equal
    /// the value of this item.
    pub(crate) fn computed(&self, value: Value<'r>) -> Self {
        let is_same = matches!(
            (&self.value, &value),
            (Value::Null, Value::Null)
                | (Value::Bool(true), Value::Bool(true))
                | (Value::Bool(false), Value::Bool(false))
        );
        let location = match &self.location {
            Location::Untracked => Location::Untracked,
            location if is_same => location.clone(),
            _ => Location::Computed,
        };
        Self { value, location }
    }
}

impl<'r> Location<'r> {
    /// The location of the child at `key`.
    pub(crate) fn child(&self, key: impl FnOnce() -> Value<'r>) -> Result<Self, Stop<'r>> {
        match self {
            Self::Untracked => Ok(Self::Untracked),
            Self::At(path) => Ok(Self::At(path.child(key())?)),
            Self::Computed => Ok(Self::Computed),
        }
    }
}

impl<'r> Path<'r> {
    fn child(&self, key: Value<'r>) -> Result<Self, Stop<'r>> {
        let length = self.0.as_ref().map_or(0, |link| link.length) + 1;
        if length > MAX_PATH {
            return Err(Stop::Limit(LimitError::TooDeep));
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
