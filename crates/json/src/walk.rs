//! What stands directly in an object or a list.

use crate::Reader;

/// One member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key as it is written, without its quotes.
    pub key: &'a [u8],
    /// The value as it is written.
    pub value: &'a [u8],
}

/// The members of an object in their order; `None` of what is no object, or has a member that is nested too deep to be handled as
/// text.
///
/// ```
/// let members = taskferry_json::members(br#" {"a": [1, 2], "b": {}} "#).unwrap();
/// assert_eq!(members.len(), 2);
/// assert_eq!((members[0].key, members[0].value), (&b"a"[..], &b"[1, 2]"[..]));
/// assert!(taskferry_json::members(b"[]").is_none());
/// ```
pub fn members(object: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut found = Vec::with_capacity(16);
    let mut reader = Reader::new(object);
    reader.enter(b'{')?;
    while reader.more(b'}')? {
        found.push(Member { key: reader.key()?, value: reader.value()? });
    }
    Some(found)
}

/// The items of a list in their order; `None` of what is no list.
///
/// ```
/// let items = taskferry_json::items(b"[1, [2], \"]\"]");
/// assert_eq!(items, Some(vec![&b"1"[..], b"[2]", b"\"]\""]));
/// ```
pub fn items(list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    let mut reader = Reader::new(list);
    reader.enter(b'[')?;
    while reader.more(b']')? {
        found.push(reader.value()?);
    }
    Some(found)
}

/// The value of the only member with this key. `Some(None)` where there is none; `None` where there are several, of which
/// a tree would keep the last.
///
/// ```
/// use taskferry_json::{members, only};
///
/// let found = members(br#"{"a":1,"b":2,"b":3}"#).unwrap();
/// assert_eq!(only(&found, "a"), Some(Some(&b"1"[..])));
/// assert_eq!(only(&found, "c"), Some(None));
/// assert_eq!(only(&found, "b"), None);
/// ```
pub fn only<'a>(members: &[Member<'a>], key: &str) -> Option<Option<&'a [u8]>> {
    let mut all = members.iter().filter(|member| member.key == key.as_bytes());
    let first = all.next().map(|member| member.value);
    all.next().is_none().then_some(first)
}

/// The text of a string in which nothing is escaped; `None` of another string, or of another value.
///
/// ```
/// assert_eq!(taskferry_json::string(br#""abc""#), Some("abc"));
/// assert_eq!(taskferry_json::string(br#""a\tc""#), None);
/// assert_eq!(taskferry_json::string(b"1"), None);
/// ```
pub fn string(value: &[u8]) -> Option<&str> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_some() {
        return None;
    }
    std::str::from_utf8(inner).ok()
}
