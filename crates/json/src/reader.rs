//! Stepping through text that is known to be JSON.

use memchr::memchr2;

/// How deep a value may be nested to be stepped over: less than what a tree may be read with, wherever the value stands.
const MAX_DEPTH: usize = 64;

/// A place in a text, which only goes forward. Every method returns `None` where the text does not go on as it is asked to.
///
/// ```
/// let mut reader = taskferry_json::Reader::new(br#"{"a": [1, 2], "b": 3}"#);
/// let mut keys = Vec::new();
/// reader.enter(b'{')?;
/// while reader.more(b'}')? {
///     keys.push(reader.key()?);
///     reader.value()?;
/// }
/// assert_eq!(keys, [&b"a"[..], b"b"]);
/// # Some(())
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

    /// Steps over what is left of the text, if that is white space.
    pub fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
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
        let found = at + memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(found) == Some(&b'"') {
            return Some(found + 1);
        }
        at = found + 2;
    }
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
