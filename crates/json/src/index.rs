//! The index over a text, made by the one pass that checks the text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::ops::Range;

use crate::entry::{
    ARRAY, BOOL, Entry, HAS_LINE_BREAK, HASH, KEY_ESCAPED, KIND, MEMBER, NULL, NUMBER, OBJECT,
    REPEATED, SHADOWED, STRING, UNPAIRED_SURROGATE,
};
use crate::error::{Error, ErrorKind};
use crate::scan;

/// The maximum nesting of a document, as in `serde_json`. A number has depth 0, `[[]]` has depth 2.
pub const MAX_DEPTH: usize = 127;

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    /// For each value of a duplicate key, the previous value. For the first value, the last one.
    pub(crate) repeats: HashMap<u32, u32>,
    /// The nesting of the text.
    pub(crate) depth: usize,
}

/// Checks a text and makes its index. If `strict`, unpaired surrogates and a depth above [`MAX_DEPTH`] are errors.
///
/// Nothing here is recursive: an open array or object keeps its parent in its entry until it is closed.
pub(crate) fn build(text: &[u8], strict: bool) -> Result<Index, Error> {
    const EXPECTED_VALUE: &str = "expected a value";
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(ErrorKind::TooLarge, 0, "the text is longer than 4 GiB"));
    }
    let mut builder = IndexBuilder {
        text,
        strict,
        entries: Vec::with_capacity(text.len() / 32 + 4),
        repeats: HashMap::new(),
        open: NONE,
        in_object: false,
        depth: 0,
        max_depth: 0,
        key: 0,
    };
    let mut at = 0;
    loop {
        at = builder.skip_space(at);
        let start = at;
        match text.get(at) {
            Some(b'"') => {
                let string = scan::string(text, at + 1, strict)?;
                at = string.end;
                builder.push(start, at, STRING | string.flags);
                builder.mark(string.flags & UNPAIRED_SURROGATE);
            }
            Some(bracket @ (b'{' | b'[')) => {
                builder.open(at, *bracket == b'{')?;
                at = builder.skip_space(at + 1);
                match text.get(at) {
                    Some(b'}') if builder.in_object => {}
                    Some(b']') if !builder.in_object => {}
                    _ if builder.in_object => {
                        at = builder.key(at)?;
                        continue;
                    }
                    _ => continue,
                }
            }
            Some(b'-' | b'0'..=b'9') => {
                at = scan::number(text, at)?;
                builder.push(start, at, NUMBER);
            }
            Some(first) => {
                let (word, kind): (&[u8], _) = match first {
                    b't' => (b"true", BOOL),
                    b'f' => (b"false", BOOL),
                    _ => (b"null", NULL),
                };
                if text.get(at..at + word.len()) != Some(word) {
                    return Err(Error::syntax(at, EXPECTED_VALUE));
                }
                at += word.len();
                builder.push(start, at, kind);
            }
            None => return Err(Error::syntax(at, EXPECTED_VALUE)),
        }
        // A value has ended, or an empty array or object is about to be closed.
        loop {
            if builder.open == NONE {
                let end = scan::skip_space(text, at);
                if end < text.len() {
                    let message = "unexpected text after the end of the document";
                    return Err(Error::new(ErrorKind::Trailing, end, message));
                }
                return Ok(Index {
                    entries: builder.entries,
                    repeats: builder.repeats,
                    depth: builder.max_depth,
                });
            }
            at = builder.skip_space(at);
            match (text.get(at), builder.in_object) {
                (Some(b','), false) => {
                    at += 1;
                    break;
                }
                (Some(b','), true) => {
                    at = builder.skip_space(at + 1);
                    at = builder.key(at)?;
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    builder.close(at);
                }
                (_, true) => return Err(Error::syntax(at, "expected `,` or `}`")),
                (_, false) => return Err(Error::syntax(at, "expected `,` or `]`")),
            }
        }
    }
}

/// No entry: the parent of the whole document.
const NONE: u32 = u32::MAX;

struct IndexBuilder<'t> {
    text: &'t [u8],
    strict: bool,
    entries: Vec<Entry>,
    repeats: HashMap<u32, u32>,
    /// The innermost array or object that is open.
    open: u32,
    in_object: bool,
    depth: usize,
    max_depth: usize,
    /// Flags and hash that the next value gets from its key.
    key: u32,
}

impl<'t> IndexBuilder<'t> {
    #[inline]
    fn skip_space(&mut self, at: usize) -> usize {
        match self.text.get(at) {
            Some(..=b' ') => self.skip_space_slowly(at),
            _ => at,
        }
    }

    fn skip_space_slowly(&mut self, at: usize) -> usize {
        let end = scan::skip_space(self.text, at);
        let space = self.text.get(at..end).unwrap_or_default();
        if space.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            self.mark(HAS_LINE_BREAK);
        }
        end
    }

    /// Sets flags of the array or object that is open.
    #[inline]
    fn mark(&mut self, flags: u32) {
        if let Some(open) = self.entries.get_mut(self.open as usize) {
            open.tag |= flags;
        }
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize, tag: u32) {
        let next = offset(self.entries.len() + 1);
        let tag = tag | self.key;
        self.add(Entry { start: offset(start), end: offset(end), next, tag });
    }

    #[inline]
    fn add(&mut self, entry: Entry) {
        if self.entries.len() == self.entries.capacity() {
            self.reserve(entry.start as usize);
        }
        self.entries.push(entry);
    }

    /// Reserves entries for the rest of the text, on the assumption that the remaining values are as long as the values
    /// before `at`. Doubling the capacity would take as much memory as the text itself.
    #[cold]
    fn reserve(&mut self, at: usize) {
        let rest = self.text.len().saturating_sub(at);
        let len = self.entries.len();
        let more = rest.saturating_mul(len) / at.max(1);
        self.entries.reserve_exact(more.max(len / 16) + more / 16 + 16);
    }

    #[inline]
    fn open(&mut self, at: usize, is_object: bool) -> Result<(), Error> {
        if self.depth >= self.max_depth {
            self.max_depth = self.depth + 1;
            if self.strict && self.depth == MAX_DEPTH {
                let message = "values are nested deeper than 127 levels";
                return Err(Error::new(ErrorKind::TooDeep, at, message));
            }
        }
        self.depth += 1;
        let tag = self.key | if is_object { OBJECT } else { ARRAY };
        self.add(Entry { start: offset(at), end: 0, next: self.open, tag });
        self.open = offset(self.entries.len() - 1);
        self.in_object = is_object;
        self.key = 0;
        Ok(())
    }

    /// Closes the array or object that is open, whose end is known now.
    #[inline]
    fn close(&mut self, end: usize) {
        if self.in_object && self.may_repeat() {
            self.find_repeats();
        }
        let next = offset(self.entries.len());
        let Some(closed) = self.entries.get_mut(self.open as usize) else { return };
        self.open = std::mem::replace(&mut closed.next, next);
        closed.end = offset(end);
        let flags = closed.tag & (HAS_LINE_BREAK | UNPAIRED_SURROGATE);
        self.depth -= 1;
        self.key = 0;
        self.in_object = match self.entries.get_mut(self.open as usize) {
            Some(parent) => {
                parent.tag |= flags;
                parent.tag & KIND == OBJECT
            }
            None => false,
        };
    }

    /// Reads the key at `at` and the colon after it.
    #[inline]
    fn key(&mut self, at: usize) -> Result<usize, Error> {
        if self.text.get(at) != Some(&b'"') {
            return Err(Error::syntax(at, "expected a key in double quotes"));
        }
        let scanned = scan::string(self.text, at + 1, self.strict)?;
        let key = self.text.get(at + 1..scanned.end - 1).unwrap_or_default();
        self.key = MEMBER
            | if scanned.flags == 0 { hash(key) } else { self.escaped_key(key, scanned.flags) };
        let at = self.skip_space(scanned.end);
        if self.text.get(at) != Some(&b':') {
            return Err(Error::syntax(at, "expected `:` after a key"));
        }
        Ok(at + 1)
    }

    #[cold]
    fn escaped_key(&mut self, key: &[u8], flags: u32) -> u32 {
        self.mark(flags & UNPAIRED_SURROGATE);
        KEY_ESCAPED | hash(decoded(key, true).as_bytes())
    }

    /// Whether two members of the open object may have the same key: the highest nine bits of their hashes are equal.
    #[inline]
    fn may_repeat(&self) -> bool {
        let mut seen = [0_u64; 8];
        let mut child = self.open as usize + 1;
        while let Some(entry) = self.entries.get(child) {
            let (slot, bit) = (entry.tag >> 29, 1 << (entry.tag >> 23 & 63));
            let bits = &mut seen[slot as usize];
            if *bits & bit != 0 {
                return true;
            }
            *bits |= bit;
            child = entry.next as usize;
        }
        false
    }

    /// Finds the members of the open object that have the same key.
    #[cold]
    fn find_repeats(&mut self) {
        let mut seen: HashMap<Cow<'t, str>, (usize, usize)> = HashMap::new();
        let mut child = self.open as usize + 1;
        while let Some(entry) = self.entries.get(child).copied() {
            let key = key_range(self.text, entry.start as usize);
            let key = self.text.get(key.start + 1..key.end - 1).unwrap_or_default();
            match seen.entry(decoded(key, entry.tag & KEY_ESCAPED != 0)) {
                Slot::Vacant(slot) => _ = slot.insert((child, child)),
                Slot::Occupied(mut slot) => {
                    let (first, last) = *slot.get();
                    slot.insert((first, child));
                    self.repeats.insert(offset(child), offset(last));
                    self.repeats.insert(offset(first), offset(child));
                    for (member, flags) in [(first, REPEATED), (child, REPEATED | SHADOWED)] {
                        if let Some(entry) = self.entries.get_mut(member) {
                            entry.tag |= flags;
                        }
                    }
                }
            }
            child = entry.next as usize;
        }
    }
}

/// An offset in a text or an index. All offsets fit, because longer texts are refused.
#[expect(clippy::cast_possible_truncation, reason = "longer texts are refused")]
pub(crate) fn offset(place: usize) -> u32 {
    place as u32
}

/// The end of the key of the member whose value begins at `value`: after the closing quote, before the colon.
#[inline]
pub(crate) fn key_end(text: &[u8], value: usize) -> usize {
    let colon = scan::skip_space_back(text, value).saturating_sub(1);
    scan::skip_space_back(text, colon)
}

/// The key of the member whose value begins at `value`, with its quotes. The key begins at the nearest quote before its
/// end that is preceded by an even number of backslashes.
pub(crate) fn key_range(text: &[u8], value: usize) -> Range<usize> {
    let end = key_end(text, value);
    let mut start = end.saturating_sub(1);
    loop {
        let before = text.get(..start).unwrap_or_default();
        start = before.iter().rposition(|byte| *byte == b'"').unwrap_or_default();
        let before = before.iter().take(start).rev();
        if before.take_while(|byte| **byte == b'\\').count().is_multiple_of(2) {
            return start..end;
        }
    }
}

/// The decoded text of a string without its quotes. A string with an unpaired surrogate can't be decoded, and is
/// returned unchanged.
pub(crate) fn decoded(string: &[u8], is_escaped: bool) -> Cow<'_, str> {
    let decoded = is_escaped.then(|| {
        let quoted = [b"\"", string, b"\""].concat();
        serde_json::from_slice(&quoted).ok().map(Cow::Owned)
    });
    decoded.flatten().unwrap_or_else(|| String::from_utf8_lossy(string))
}

/// The hash of a key, in the bits of a tag that are reserved for hashes. It depends on the first and last eight bytes
/// and the length. Keys with equal hashes are compared by their texts.
#[inline]
pub(crate) fn hash(key: &[u8]) -> u32 {
    let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (short(key), 0),
    };
    let mixed =
        (first ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32 & HASH
}

/// Up to seven bytes as a number.
#[inline]
fn short(key: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (key.len() - 4));
    }
    key.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_little_overhead() {
        for value in ["1", "\"a string of two dozens\""] {
            let mut text = vec!["[".to_owned()];
            text.push(vec![value; 5000].join(","));
            text.push("]".to_owned());
            let entries = build(text.concat().as_bytes(), true).unwrap().entries;
            assert_eq!(entries.len(), 5001);
            assert!(entries.capacity() < 5001 * 5 / 4, "{value}: {}", entries.capacity());
        }
    }
}
