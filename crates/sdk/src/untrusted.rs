//! Escapes untrusted text.
//!
//! Text from records, servers, file names and the environment may contain terminal sequences, line breaks that forge a log line,
//! and characters that change the text direction. It is escaped when a message is created ([`StageError`](crate::StageError))
//! and again when the message is written (console, log, manifest), so that callers don't have to.

use std::borrow::Cow;
use std::fmt::Write;

/// The maximum number of characters of a message.
const MAX_CHARACTERS: usize = 2000;

/// Whether a character is invisible or affects other text: control characters (C0, DEL, C1), text direction, line breaks, and
/// characters without width.
///
/// ```
/// use taskferry_sdk::is_unprintable;
///
/// assert!(['\u{1b}', '\n', '\u{9b}', '\u{202e}', '\u{2028}', '\u{200b}'].into_iter().all(is_unprintable));
/// assert!(!['a', 'é', '漢', '😀', ' ', '\\'].into_iter().any(is_unprintable));
/// ```
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Escapes [unprintable](is_unprintable) characters, so that the text is one line, and cuts a long text.
///
/// ```
/// use taskferry_sdk::printable;
///
/// assert_eq!(printable("no \u{1b}[2J\nerror: forged"), r"no \u{1b}[2J\nerror: forged");
/// assert_eq!(printable(&printable("\u{202e}")), r"\u{202e}");
/// assert_eq!(printable(&"x".repeat(9000)).chars().count(), 2000);
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    shortened(text, MAX_CHARACTERS)
}

/// As [`printable`], but with at most `longest` characters, the last of which is `…` if the text was longer.
///
/// ```
/// use taskferry_sdk::shortened;
///
/// assert_eq!(shortened("Finance", 7), "Finance");
/// assert_eq!(shortened("Finance\n", 7), "Financ…");
/// ```
pub fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    let text = escaped(text, |_| false, |character, out| out.extend(character.escape_default()));
    match text.char_indices().nth(longest.saturating_sub(1)) {
        Some((end, last)) if text.len() > end + last.len_utf8() => {
            Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
        }
        _ => text,
    }
}

/// As [`printable`], but keeps line breaks, tabs and the length.
///
/// ```
/// assert_eq!(taskferry_sdk::printable_lines("one\n\u{1b}two"), "one\n\\u{1b}two");
/// ```
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    let stays = |character| matches!(character, '\n' | '\t');
    escaped(text, stays, |character, out| out.extend(character.escape_default()))
}

/// Escapes [unprintable](is_unprintable) characters in JSON, except for white space between tokens. The value stays the same.
///
/// ```
/// let json = taskferry_sdk::printable_json("{\n \"a\": \"\u{9b}\u{e0041}\"}");
/// assert_eq!(json, r#"{
///  "a": "\u009b\udb40\udc41"}"#);
/// ```
pub fn printable_json(json: &str) -> Cow<'_, str> {
    // In strings, JSON escapes these three itself.
    let stays = |character| matches!(character, '\n' | '\r' | '\t');
    escaped(json, stays, |character, out| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string can't fail.
            _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn escaped(
    text: &str,
    stays: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let bad = |character: char| is_unprintable(character) && !stays(character);
    let Some(first) = text.find(bad) else { return Cow::Borrowed(text) };
    let (before, rest) = text.split_at(first);
    let mut out = before.to_owned();
    for character in rest.chars() {
        if bad(character) {
            escape(character, &mut out);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}
