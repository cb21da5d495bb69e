//! Scans strings, numbers and white space.

use crate::entry::{ESCAPED, UNPAIRED_SURROGATE};
use crate::error::{Error, ErrorKind};

/// A scanned string.
pub(crate) struct Scanned {
    /// The offset after the closing quote.
    pub(crate) end: usize,
    /// [`ESCAPED`] if it has an escape, [`UNPAIRED_SURROGATE`] if it has an unpaired surrogate.
    pub(crate) flags: u32,
}

/// Scans the string whose first character is at `begin`. Unpaired surrogates are an error if `strict`.
#[inline]
pub(crate) fn string(text: &[u8], begin: usize, strict: bool) -> Result<Scanned, Error> {
    let at = skip_plain(text, begin);
    if text.get(at) == Some(&b'"') {
        return Ok(Scanned { end: at + 1, flags: 0 });
    }
    string_with_more(text, begin, at, strict)
}

/// Scans a string whose first special byte is at `at`.
#[inline(never)]
fn string_with_more(
    text: &[u8],
    begin: usize,
    mut at: usize,
    strict: bool,
) -> Result<Scanned, Error> {
    let (mut flags, mut is_ascii) = (0, true);
    loop {
        match text.get(at) {
            Some(b'"') => break,
            Some(b'\\') => at = escape(text, at, strict, &mut flags)?,
            Some(..0x20) => return Err(Error::syntax(at, "a control character is not escaped")),
            Some(0x80..) => (at, is_ascii) = (at + 1, false),
            Some(_) => at = skip_plain(text, at),
            None => return Err(Error::syntax(at, "a string is not closed")),
        }
    }
    if !is_ascii {
        let string = text.get(begin..at).unwrap_or_default();
        std::str::from_utf8(string).map_err(|error| {
            let offset = begin + error.valid_up_to();
            Error::new(ErrorKind::Utf8, offset, "a string is not UTF-8")
        })?;
    }
    Ok(Scanned { end: at + 1, flags })
}

/// The offset of the next special byte of a string: a quote, a backslash, a control character, a byte that is not ASCII, or the
/// end of the text.
#[inline]
fn skip_plain(text: &[u8], at: usize) -> usize {
    // Most strings end within sixteen bytes.
    match find_in_word(text, at) {
        Some(8) => match find_in_word(text, at + 8) {
            Some(8) => skip_long_plain(text, at + 16),
            Some(offset) => at + 8 + offset,
            None => skip_long_plain(text, at + 8),
        },
        Some(offset) => at + offset,
        None => skip_long_plain(text, at),
    }
}

/// As [`skip_plain`], for long strings, with steps that compile to vector instructions.
#[inline(never)]
fn skip_long_plain(text: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        if !chunk.iter().fold(true, |all, byte| all & is_plain(*byte)) {
            break;
        }
        at += 16;
    }
    while let Some(offset) = find_in_word(text, at) {
        at += offset;
        if offset < 8 {
            return at;
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len())
}

fn is_plain(byte: u8) -> bool {
    byte.cast_signed() >= 0x20 && byte != b'"' && byte != b'\\'
}

/// The number of plain bytes before the first special one among the eight bytes at `at`. `None` if there are fewer than eight.
#[inline]
fn find_in_word(text: &[u8], at: usize) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    let word = u64::from_le_bytes(*text.get(at..)?.first_chunk()?);
    // The top bit of each byte that is zero or not ASCII. Bits above the first match may be wrong; only the first match is used.
    let zeros = |word: u64| word.wrapping_sub(ONES) | word;
    let quotes = zeros(word ^ (ONES * u64::from(b'"')));
    let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
    let controls = word.wrapping_sub(ONES * 0x20);
    let found = (quotes | backslashes | controls) & TOPS;
    Some(found.trailing_zeros() as usize / 8)
}

/// The offset after the escape at `at`.
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
                    let message = "an escape contains only half of a surrogate pair";
                    return Err(Error::new(ErrorKind::Surrogate, at, message));
                }
                (false, false) => *flags |= UNPAIRED_SURROGATE,
            }
            Ok(end)
        }
        Some(_) => Err(Error::syntax(at, "invalid escape sequence")),
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

/// The offset after the number at `begin`.
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

/// The offset of the next byte that is not white space.
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// The offset after the last byte before `at` that is not white space.
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
