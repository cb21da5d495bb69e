//! Writes new documents.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Number, Value};

use crate::entry::HAS_LINE_BREAK;
use crate::{Key, Node, scan};

/// The text of one valid JSON document on one line.
///
/// ```
/// use taskferry_json::Text;
///
/// let row = Text::object(|row| {
///     row.member("task_id", "t1");
///     row.array("skills", |skills| skills.item("SQL"));
/// });
/// assert_eq!(row.as_bytes(), br#"{"task_id":"t1","skills":["SQL"]}"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Bytes);

impl Text {
    pub(crate) fn of(text: Bytes) -> Self {
        Self(text)
    }

    /// Builds an object.
    pub fn object(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Self {
        let mut text = Vec::new();
        object(&mut text, write);
        Self(text.into())
    }

    /// Builds an array.
    ///
    /// ```
    /// # use taskferry_json::Text;
    /// assert_eq!(Text::array(|array| array.item(1)).as_bytes(), b"[1]");
    /// ```
    pub fn array(write: impl FnOnce(&mut ArrayWriter<'_>)) -> Self {
        let mut text = Vec::new();
        array(&mut text, write);
        Self(text.into())
    }

    /// Builds any value.
    ///
    /// ```
    /// # use taskferry_json::Text;
    /// let value = serde_json::json!({"level": "H1"});
    /// assert_eq!(Text::value(&value).as_bytes(), br#"{"level":"H1"}"#);
    /// ```
    pub fn value(part: impl Part) -> Self {
        let mut text = Vec::new();
        part.write(&mut text);
        Self(text.into())
    }

    /// The bytes of the text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Text> for Bytes {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// Builds many documents in one buffer.
///
/// ```
/// use taskferry_json::TextWriter;
///
/// let mut rows = TextWriter::new();
/// for id in ["t1", "t2"] {
///     rows.object(|row| row.member("task_id", id));
/// }
/// let rows: Vec<String> = rows.finish().map(|row| row.to_string()).collect();
/// assert_eq!(rows, [r#"{"task_id":"t1"}"#, r#"{"task_id":"t2"}"#]);
/// ```
#[derive(Debug, Default)]
pub struct TextWriter {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl TextWriter {
    /// A writer without documents.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer with a capacity in bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), ends: Vec::new() }
    }

    /// Adds an object and returns what `write` returns.
    pub fn object<R>(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
        let result = object(&mut self.text, write);
        self.ends.push(self.text.len());
        result
    }

    /// Adds an array and returns what `write` returns.
    pub fn array<R>(&mut self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        let result = array(&mut self.text, write);
        self.ends.push(self.text.len());
        result
    }

    /// Adds any value.
    pub fn value(&mut self, part: impl Part) {
        part.write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// The documents in order. They share one buffer.
    pub fn finish(self) -> impl Iterator<Item = Text> {
        let (text, mut begin) = (Bytes::from(self.text), 0);
        self.ends.into_iter().map(move |end| {
            let document = text.slice(begin..end);
            begin = end;
            Text(document)
        })
    }
}

/// Writes the members of one object. Readers use the last value of a duplicate key.
///
/// ```
/// use taskferry_json::{Document, Text};
///
/// let task = Document::parse(r#"{"task_id": "t1", "hours": 1.50}"#)?;
/// let row = Text::object(|row| {
///     row.member("level", None::<&str>);
///     for (key, value) in task.root().members() {
///         row.member(key, value);
///     }
///     row.object("impact", |impact| impact.member("model", "a \"b\""));
/// });
/// assert_eq!(row.to_string(), r#"{"level":null,"task_id":"t1","hours":1.50,"impact":{"model":"a \"b\""}}"#);
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Debug)]
pub struct ObjectWriter<'w> {
    out: &'w mut Vec<u8>,
    is_empty: bool,
}

impl ObjectWriter<'_> {
    /// Adds a member.
    pub fn member(&mut self, key: impl Name, value: impl Part) {
        self.name(key);
        value.write(self.out);
    }

    /// Adds a member that is an object and returns what `write` returns.
    pub fn object<R>(
        &mut self,
        key: impl Name,
        write: impl FnOnce(&mut ObjectWriter<'_>) -> R,
    ) -> R {
        self.name(key);
        object(self.out, write)
    }

    /// Adds a member that is an array and returns what `write` returns.
    pub fn array<R>(&mut self, key: impl Name, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        self.name(key);
        array(self.out, write)
    }

    fn name(&mut self, key: impl Name) {
        separate(self.out, &mut self.is_empty);
        key.write_name(self.out);
        self.out.push(b':');
    }
}

/// Writes the items of one array.
///
/// ```
/// use taskferry_json::Text;
///
/// let array = Text::array(|array| {
///     array.item(1);
///     array.array(|inner| inner.item(true));
///     array.object(|inner| inner.member("a", ()));
/// });
/// assert_eq!(array.to_string(), r#"[1,[true],{"a":null}]"#);
/// ```
#[derive(Debug)]
pub struct ArrayWriter<'w> {
    out: &'w mut Vec<u8>,
    is_empty: bool,
}

impl ArrayWriter<'_> {
    /// Adds an item.
    pub fn item(&mut self, value: impl Part) {
        separate(self.out, &mut self.is_empty);
        value.write(self.out);
    }

    /// Adds an item that is an object and returns what `write` returns.
    pub fn object<R>(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
        separate(self.out, &mut self.is_empty);
        object(self.out, write)
    }

    /// Adds an item that is an array and returns what `write` returns.
    pub fn array<R>(&mut self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        separate(self.out, &mut self.is_empty);
        array(self.out, write)
    }
}

fn object<R>(out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
    out.push(b'{');
    let result = write(&mut ObjectWriter { out, is_empty: true });
    out.push(b'}');
    result
}

fn array<R>(out: &mut Vec<u8>, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
    out.push(b'[');
    let result = write(&mut ArrayWriter { out, is_empty: true });
    out.push(b']');
    result
}

fn separate(out: &mut Vec<u8>, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        out.push(b',');
    }
}

/// A part of a document: [`Node`], [`Document`](crate::Document), [`Text`], strings, Boolean values, numbers, trees of `serde_json`,
/// `()` for `null`, and an `Option` of any of them, whose `None` is `null`. A number that is not finite is `null`.
pub trait Part: sealed::Part {}

/// The key of a member: a string, or the [`Key`] of another member, which keeps its spelling.
pub trait Name: sealed::Name {}

pub(crate) mod sealed {
    pub trait Part {
        fn write(&self, out: &mut Vec<u8>);
    }

    pub trait Name {
        fn write_name(&self, out: &mut Vec<u8>);
    }
}

impl<P: sealed::Part + ?Sized> Part for P {}
impl<N: sealed::Name + ?Sized> Name for N {}

impl sealed::Part for Node<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if self.entry().tag & HAS_LINE_BREAK == 0 {
            out.extend_from_slice(self.raw());
        } else {
            scan::compact(self.raw(), out);
        }
    }
}

impl sealed::Part for Text {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<P: sealed::Part> sealed::Part for Option<P> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(part) => part.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl<P: sealed::Part + ?Sized> sealed::Part for &P {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

macro_rules! parts {
    ($($kind:ty),*) => {$(
        impl sealed::Part for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                serialize(self, out);
            }
        }
    )*};
}

parts!((), bool, f64, i32, i64, u32, u64, usize, Number, Value);

/// A value that can't be serialized is written as `null`.
fn serialize(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let begin = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(begin);
        out.extend_from_slice(b"null");
    }
}

impl sealed::Name for Key<'_> {
    fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.raw());
    }
}

macro_rules! strings {
    ($($kind:ty),*) => {$(
        impl sealed::Part for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                write_string(self, out);
            }
        }

        impl sealed::Name for $kind {
            fn write_name(&self, out: &mut Vec<u8>) {
                write_string(self, out);
            }
        }
    )*};
}

strings!(str, String, Cow<'_, str>);

/// Writes a string. Most need no escapes and are copied.
fn write_string(text: &str, out: &mut Vec<u8>) {
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Without an early exit, the loop compiles to vector instructions.
    if text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return serialize(text, out);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

impl<N: sealed::Name + ?Sized> sealed::Name for &N {
    fn write_name(&self, out: &mut Vec<u8>) {
        (**self).write_name(out);
    }
}
