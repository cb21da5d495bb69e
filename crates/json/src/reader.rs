//! Stepping through text that is known to be JSON.

use crate::Member;

/// How deep a value may be nested to be stepped over: less than what a tree may be read with, wherever the value stands.
const MAX_DEPTH: usize = 64;

/// A place in a text, which only goes forward. Every method returns `None` where the text does not go on as it is asked to.
///
/// ```
/// use taskferry_json::Reader;
///
/// fn keys(object: &[u8]) -> Option<Vec<&[u8]>> {
///     let (mut reader, mut keys) = (Reader::new(object), Vec::new());
///     reader.enter(b'{')?;
///     while reader.more(b'}')? {
///         keys.push(reader.key()?);
///         reader.value()?;
///     }
///     Some(keys)
/// }
/// assert_eq!(keys(br#"{"a": [1, 2], "b": 3}"#), Some(vec![&b"a"[..], b"b"]));
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Whether nothing of the container was read yet in which it stands.
    fresh: bool,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, fresh: false }
    }

    /// At a place in a text.
    pub fn at(text: &'a [u8], at: usize) -> Self {
        Self { text, at, fresh: false }
    }

    /// Steps over one byte.
    pub fn step(&mut self) {
        self.at += 1;
    }

    /// Where it stands.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The first byte of what comes next, past white space.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Steps into an object (`{`) or a list (`[`).
    pub fn enter(&mut self, bracket: u8) -> Option<()> {
        (self.peek()? == bracket).then(|| {
            self.at += 1;
            self.fresh = true;
        })
    }

    /// Whether another member or item follows. If so it stands in front of it, else behind the closing bracket.
    pub fn more(&mut self, bracket: u8) -> Option<bool> {
        let (next, fresh) = (self.peek()?, std::mem::replace(&mut self.fresh, false));
        if next == bracket {
            self.at += 1;
            return Some(false);
        }
        if !fresh {
            if next != b',' {
                return None;
            }
            self.at += 1;
            self.peek()?;
        }
        Some(true)
    }

    /// A member's key as it is written, without its quotes. It stands in front of the value then.
    pub fn key(&mut self) -> Option<&'a [u8]> {
        let begin = self.at + 1;
        let end = string_end(self.text, begin).filter(|_| self.text.get(self.at) == Some(&b'"'))?;
        self.at = end;
        let colon = self.peek()?;
        self.at += 1;
        self.peek()?;
        self.text.get(begin..end - 1).filter(|_| colon == b':')
    }

    /// A value as it is written, whatever it is; one that is nested deeper than 64 levels is not taken.
    pub fn value(&mut self) -> Option<&'a [u8]> {
        let begin = self.at;
        self.at = value_end(self.text, begin)?;
        self.text.get(begin..self.at)
    }

    /// The members of the object that comes next, behind those that `found` holds already. It stands behind the object then.
    pub fn members(&mut self, found: &mut Vec<Member<'a>>) -> Option<()> {
        self.enter(b'{')?;
        while self.more(b'}')? {
            found.push(Member { key: self.key()?, value: self.value()? });
        }
        Some(())
    }
}

/// The place behind the value that begins at `at`.
fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at + 1),
        b'{' | b'[' => container_end(text, at),
        _ => {
            let rest = text.get(at..)?;
            let ends =
                |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            (length > 0).then_some(at + length)
        }
    }
}

/// The place behind the string whose first character is at `at`.
fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += quote_or_escape(text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the first quote or backslash is. Most strings are short, so that eight bytes at a time are faster than what looks at
/// more at once and has to be called for that.
fn quote_or_escape(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    let has = |word: u64, byte: u8| {
        let zeroed = word ^ (ONES * u64::from(byte));
        zeroed.wrapping_sub(ONES) & !zeroed & TOPS
    };
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Above the first byte that is found this may say too much, below it never does.
        let found = has(word, b'"') | has(word, b'\\');
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(words.len() * 8 + found)
}

fn container_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        let byte = *text.get(at)?;
        at += 1;
        match byte {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' if depth == MAX_DEPTH => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
}
