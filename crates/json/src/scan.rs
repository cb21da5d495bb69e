//! Strings, numbers and white space: the parts of a text that hold no other part.

use crate::error::{Error, ErrorKind};
use crate::index::{DEFECT, ESCAPED};

/// A string that was scanned.
pub(crate) struct Scanned {
    /// The place behind the closing quote.
    pub(crate) end: usize,
    /// [`ESCAPED`] if it holds an escape, [`DEFECT`] if it holds an unpaired surrogate.
    pub(crate) flags: u32,
}

/// Scans the string whose first character is at `begin`. Unpaired surrogates are an error if `strict`.
#[inline]
pub(crate) fn string(text: &[u8], begin: usize, strict: bool) -> Result<Scanned, Error> {
    let (mut at, mut flags, mut is_ascii) = (begin, 0, true);
    loop {
        at = next_special(text, at, &mut is_ascii);
        match text.get(at) {
            Some(b'"') => break,
            Some(b'\\') => at = escape(text, at, strict, &mut flags)?,
            Some(_) => return Err(Error::syntax(at, "a control character is not escaped")),
            None => return Err(Error::syntax(at, "a string is not closed")),
        }
    }
    if !is_ascii {
        check_utf8(text, begin, at)?;
    }
    Ok(Scanned { end: at + 1, flags })
}

const ONES: u64 = u64::MAX / 0xff;
const TOPS: u64 = ONES << 7;

/// The place of the next quote, backslash or control character, or the end of the text. Eight bytes at a time: most strings
/// are too short for wider steps.
#[inline]
fn next_special(text: &[u8], mut at: usize, is_ascii: &mut bool) -> usize {
    // The top bit of each byte that is zero. Above the first such byte this may report too many, below it never does.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quotes | backslashes | controls) & TOPS;
        if found != 0 {
            *is_ascii &= word & TOPS & (found ^ (found - 1)) == 0;
            return at + found.trailing_zeros() as usize / 8;
        }
        *is_ascii &= word & TOPS == 0;
        at += 8;
    }
    while let Some(byte) = text.get(at) {
        if matches!(byte, b'"' | b'\\' | ..0x20) {
            break;
        }
        *is_ascii &= byte.is_ascii();
        at += 1;
    }
    at
}

#[cold]
fn check_utf8(text: &[u8], begin: usize, end: usize) -> Result<(), Error> {
    let string = text.get(begin..end).unwrap_or_default();
    std::str::from_utf8(string).map(drop).map_err(|error| {
        let offset = begin + error.valid_up_to();
        Error::new(ErrorKind::Utf8, offset, "a string is not UTF-8")
    })
}

/// The place behind the escape at `at`.
fn escape(text: &[u8], at: usize, strict: bool, flags: &mut u32) -> Result<usize, Error> {
    *flags |= ESCAPED;
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let end = at + 6;
            let is_paired = match code_unit(text, at)? {
                0xd800..0xdc00 if text.get(end..end + 2) == Some(b"\\u") => {
                    matches!(code_unit(text, end)?, 0xdc00..0xe000)
                }
                0xd800..0xe000 => false,
                _ => return Ok(end),
            };
            match (is_paired, strict) {
                (true, _) => return Ok(end + 6),
                (false, true) => {
                    let message = "half of a surrogate pair stands alone";
                    return Err(Error::new(ErrorKind::Surrogate, at, message));
                }
                (false, false) => *flags |= DEFECT,
            }
            Ok(end)
        }
        Some(_) => Err(Error::syntax(at, "an escape is none of those that JSON has")),
        None => Err(Error::syntax(at, "a string is not closed")),
    }
}

/// The number in the escape `\u…` at `at`.
fn code_unit(text: &[u8], at: usize) -> Result<u32, Error> {
    let digits = text.get(at + 2..at + 6).unwrap_or_default();
    let number = digits.iter().try_fold(0, |number, digit| {
        char::from(*digit).to_digit(16).map(|digit| number << 4 | digit)
    });
    number
        .filter(|_| !digits.is_empty())
        .ok_or_else(|| Error::syntax(at, "`\\u` needs four hexadecimal digits"))
}

/// The place behind the number at `begin`.
#[inline]
pub(crate) fn number(text: &[u8], begin: usize) -> Result<usize, Error> {
    let mut at = begin + usize::from(text.get(begin) == Some(&b'-'));
    at = match text.get(at) {
        Some(b'0') => at + 1,
        _ => digits(text, at)?,
    };
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at = digits(text, at)?;
    }
    Ok(at)
}

#[inline]
fn digits(text: &[u8], begin: usize) -> Result<usize, Error> {
    let mut at = begin;
    while let Some(b'0'..=b'9') = text.get(at) {
        at += 1;
    }
    if at == begin { Err(Error::syntax(at, "expected a digit")) } else { Ok(at) }
}

/// The place of the next byte that is not white space.
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// The place behind the last byte before `at` that is not white space.
pub(crate) fn skip_space_back(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = at.checked_sub(1).and_then(|at| text.get(at)) {
        at -= 1;
    }
    at
}

/// The JSON of `text` without white space between its tokens.
pub(crate) fn compact(text: &[u8], out: &mut Vec<u8>) {
    let (mut in_string, mut is_escaped) = (false, false);
    for &byte in text {
        if in_string {
            in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
}
