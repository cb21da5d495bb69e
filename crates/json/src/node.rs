//! Reads the values of a document.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::entry::{
    ARRAY, BOOL, ESCAPED, Entry, HASH, KEY_ESCAPED, KIND, MEMBER, NUMBER, OBJECT, REPEATED,
    SHADOWED, STRING,
};
use crate::index::{decoded, hash, key_end, key_range};
use crate::shared::Shared;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the types of JSON")]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// A value of a document, which is read from the text on demand. Copying is cheap.
///
/// ```
/// use taskferry_json::Document;
///
/// let task = Document::parse(r#"{"task": "Say \"no\"", "hours": 1.50, "skills": ["a", "b"], "hours": 2.0}"#)?;
/// let task = task.root();
/// assert_eq!(task.get("task").unwrap().as_str().unwrap(), r#"Say "no""#);
/// assert_eq!(task.get("hours").unwrap().as_number(), Some("2.0"));
/// assert_eq!(task.get("skills").unwrap().items().count(), 2);
/// assert_eq!(task.get("skills").unwrap().raw(), br#"["a", "b"]"#);
/// assert!(task.get("level").is_none());
/// # Ok::<(), taskferry_json::Error>(())
/// ```
///
/// For a duplicate key, the last value is used. [`members`](Node::members) returns it at the position of the first value.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) at: u32,
}

impl<'a> Node<'a> {
    /// The type of the value.
    ///
    /// ```
    /// # use taskferry_json::{Document, Kind};
    /// assert_eq!(Document::parse("-1.5")?.root().kind(), Kind::Number);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    #[inline]
    pub fn kind(self) -> Kind {
        match self.entry().tag & KIND {
            OBJECT => Kind::Object,
            ARRAY => Kind::Array,
            STRING => Kind::String,
            NUMBER => Kind::Number,
            BOOL => Kind::Bool,
            _ => Kind::Null,
        }
    }

    /// Whether the value is `null`.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert!(Document::parse("null")?.root().is_null());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value of the member with this key, if the value is an object with that key.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let object = Document::parse(r#"{"\u0061": 1, "a": 2}"#)?;
    /// assert_eq!(object.root().get("a").unwrap().as_number(), Some("2"));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    #[inline]
    pub fn get(self, key: &str) -> Option<Self> {
        if self.entry().tag & KIND != OBJECT {
            return None;
        }
        let wanted = hash(key.as_bytes());
        let found = self.children().find(|child| child.has_key(key, wanted))?;
        Some(found.last_of_key())
    }

    /// The item at a position, from 0, if the value is an array with that item.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse("[1, 2]")?.root().item(1).unwrap().as_number(), Some("2"));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn item(self, position: usize) -> Option<Self> {
        self.items().nth(position)
    }

    /// The items of an array. No items for any other value.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let array = Document::parse("[1, [2]]")?;
    /// let items: Vec<_> = array.root().items().map(|item| item.raw()).collect();
    /// assert_eq!(items, [&b"1"[..], b"[2]"]);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn items(self) -> Items<'a> {
        self.children_if(ARRAY)
    }

    /// The members of an object. No members for any other value.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let object = Document::parse(r#"{"a": 1, "b": 2, "a": 3}"#)?;
    /// let members: Vec<_> =
    ///     object.root().members().map(|(key, value)| (key.as_str(), value.raw())).collect();
    /// assert_eq!(members, [("a".into(), &b"3"[..]), ("b".into(), b"2")]);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn members(self) -> Members<'a> {
        Members(self.children_if(OBJECT))
    }

    /// The number of items or members.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse(r#"{"a": 1, "b": 2, "a": 3}"#)?.root().len(), 2);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn len(self) -> usize {
        self.children().filter(|child| child.entry().tag & SHADOWED == 0).count()
    }

    /// Whether the value has no items and no members.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert!(Document::parse("[]")?.root().is_empty());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn is_empty(self) -> bool {
        self.children().next().is_none()
    }

    /// The text of a string, borrowed unless it has an escape. `None` for any other value, and for a string with an unpaired
    /// surrogate in a [`Body`](crate::Body).
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse(r#""\u0041I""#)?.root().as_str().unwrap(), "AI");
    /// assert_eq!(Document::parse("1")?.root().as_str(), None);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let entry = self.entry();
        if entry.tag & KIND != STRING {
            None
        } else if entry.tag & ESCAPED == 0 {
            let text = self.shared.slice(entry.start + 1, entry.end - 1);
            std::str::from_utf8(text).ok().map(Cow::Borrowed)
        } else {
            serde_json::from_slice(self.raw()).ok().map(Cow::Owned)
        }
    }

    /// A Boolean value.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse("true")?.root().as_bool(), Some(true));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == b"true")
    }

    /// The text of a number, with all its digits.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let number = Document::parse("1.50")?;
    /// assert_eq!(number.root().as_number(), Some("1.50"));
    /// assert_eq!(number.root().as_number().and_then(|text| text.parse().ok()), Some(1.5));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn as_number(self) -> Option<&'a str> {
        if self.kind() != Kind::Number {
            return None;
        }
        std::str::from_utf8(self.raw()).ok()
    }

    /// The value as it is written.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let object = Document::parse(r#"{"a": [1,  2]}"#)?;
    /// assert_eq!(object.root().get("a").unwrap().raw(), b"[1,  2]");
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    #[inline]
    pub fn raw(self) -> &'a [u8] {
        let entry = self.entry();
        self.shared.slice(entry.start, entry.end)
    }

    /// The offset of the value in the parsed text, in bytes.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse(r#"{"a": 1}"#)?.root().get("a").unwrap().offset(), 6);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn offset(self) -> usize {
        self.entry().start as usize
    }

    /// An upper bound of the nesting of the value: the nesting of the whole text.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let page = Document::parse("[[1], 2]")?;
    /// assert_eq!(page.root().item(1).unwrap().depth_limit(), 2);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn depth_limit(self) -> usize {
        self.shared.index.depth
    }

    /// Deserializes the value.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse(r#"{"levels": ["H1", "H2"]}"#)?;
    /// let levels: Vec<&str> = document.root().get("levels").unwrap().deserialize()?;
    /// assert_eq!(levels, ["H1", "H2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A value that does not match the type.
    pub fn deserialize<T: Deserialize<'a>>(self) -> serde_json::Result<T> {
        serde_json::from_slice(self.raw())
    }

    /// The value as a tree.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let tree = Document::parse(r#"{"a": 1.50}"#)?.root().to_value()?;
    /// assert_eq!(tree["a"].to_string(), "1.50");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The value belongs to a [`Body`](crate::Body), and is not a valid [`Document`](crate::Document).
    pub fn to_value(self) -> serde_json::Result<Value> {
        self.deserialize()
    }

    #[inline]
    pub(crate) fn entry(self) -> Entry {
        self.shared.entry(self.at)
    }

    /// Items or values of members, including those of duplicate keys.
    #[inline]
    pub(crate) fn children(self) -> Items<'a> {
        Items { shared: self.shared, at: self.at + 1, end: self.entry().next }
    }

    fn children_if(self, kind: u32) -> Items<'a> {
        let mut children = self.children();
        if self.entry().tag & KIND != kind {
            children.at = children.end;
        }
        children
    }

    /// The key of the value, if it is a member.
    pub(crate) fn key(self) -> Option<Key<'a>> {
        (self.entry().tag & MEMBER != 0).then_some(Key(self))
    }

    #[inline]
    fn has_key(self, key: &str, hash: u32) -> bool {
        let entry = self.entry();
        entry.tag & HASH == hash && Key(self) == *key
    }

    /// The last value of a duplicate key, given the first.
    #[inline]
    fn last_of_key(self) -> Self {
        if self.entry().tag & REPEATED == 0 { self } else { self.previous_duplicate() }
    }

    /// The previous value of a duplicate key. For the first value, the last one.
    pub(crate) fn previous_duplicate(self) -> Self {
        let before = self.shared.index.repeats.get(&self.at);
        Self { at: before.copied().unwrap_or(self.at), ..self }
    }

    /// Whether `other` is this value or a part of it.
    pub(crate) fn spans(self, other: Self) -> bool {
        Arc::ptr_eq(self.shared, other.shared) && (self.at..self.entry().next).contains(&other.at)
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(self.raw()))
    }
}

/// The key of a member.
///
/// ```
/// # use taskferry_json::Document;
/// let object = Document::parse(r#"{"\u0061": 1}"#)?;
/// let (key, _) = object.root().members().next().unwrap();
/// assert!(key == "a" && key.as_str() == "a");
/// assert_eq!(key.raw(), br#""\u0061""#);
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Key<'a>(Node<'a>);

impl<'a> Key<'a> {
    /// The key's text, borrowed unless it has an escape.
    pub fn as_str(self) -> Cow<'a, str> {
        let raw = self.raw();
        let text = raw.get(1..raw.len() - 1).unwrap_or_default();
        decoded(text, self.0.entry().tag & KEY_ESCAPED != 0)
    }

    /// The key as it is written, with its quotes.
    pub fn raw(self) -> &'a [u8] {
        self.0.shared.text.get(self.range()).unwrap_or_default()
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        key_range(&self.0.shared.text, self.0.entry().start as usize)
    }
}

impl PartialEq<str> for Key<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        if self.0.entry().tag & KEY_ESCAPED != 0 {
            return self.as_str() == other;
        }
        // A key without escapes has no quotes, so a quote at the expected start is the start.
        let (text, other) = (&self.0.shared.text, other.as_bytes());
        let end = key_end(text, self.0.entry().start as usize);
        let found = end.checked_sub(other.len() + 2).and_then(|start| text.get(start..end));
        matches!(found, Some([b'"', key @ .., b'"']) if key == other) && !other.contains(&b'"')
    }
}

impl PartialEq<&str> for Key<'_> {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(self.raw()))
    }
}

/// The items of an array, from [`Node::items`].
#[derive(Debug, Clone)]
pub struct Items<'a> {
    shared: &'a Arc<Shared>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a>> {
        let node = Node { shared: self.shared, at: self.at };
        (self.at < self.end).then(|| {
            self.at = node.entry().next;
            node
        })
    }
}

/// The members of an object, from [`Node::members`]: keys and their values.
#[derive(Debug, Clone)]
pub struct Members<'a>(Items<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Key<'a>, Node<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let node = self.0.find(|child| child.entry().tag & SHADOWED == 0)?;
        Some((Key(node), node.last_of_key()))
    }
}
