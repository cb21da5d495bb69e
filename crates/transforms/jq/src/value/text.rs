//! Strings.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use indexmap::Equivalent;
use taskferry_json::{Key, Node};

/// A string. A string of the record keeps its spelling, and is decoded when the expression reads it.
#[derive(Debug, Clone)]
pub(crate) enum Text<'r> {
    /// A string of the record.
    Node(Node<'r>),
    /// A key of the record.
    Key(Key<'r>),
    /// A string of the expression.
    Borrowed(&'r str),
    Owned(Rc<String>),
}

impl Text<'_> {
    #[inline]
    pub(crate) fn as_str(&self) -> Cow<'_, str> {
        match self {
            Self::Node(node) => node.as_str().unwrap_or_default(),
            Self::Key(key) => key.as_str(),
            Self::Borrowed(text) => Cow::Borrowed(text),
            Self::Owned(text) => Cow::Borrowed(text),
        }
    }

    /// Appends a text, in place if the string is not shared.
    pub(crate) fn append(self, more: &str) -> Self {
        let mut text = match self {
            Self::Owned(text) => text,
            other => Rc::new(other.as_str().into_owned()),
        };
        Rc::make_mut(&mut text).push_str(more);
        Self::Owned(text)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(Rc::new(text))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Equivalent<Text<'_>> for str {
    fn equivalent(&self, key: &Text<'_>) -> bool {
        *key.as_str() == *self
    }
}
