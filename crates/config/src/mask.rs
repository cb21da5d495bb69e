//! Hiding secrets that stand in a text which is about to be shown.

use std::collections::BTreeSet;
use std::ops::Range;

use taskferry_sdk::{is_secret_name, nearest};

use crate::keys::TOP;

/// No key of a pipeline file is longer; what is may be a secret.
const LONGEST_KEY: usize = 60;

/// The text with every quoted value behind a key named like a secret, and every value of a `headers` table,
/// replaced by asterisks, byte for byte, so that lines and columns stay the same.
///
/// It works on any text, TOML or not: a file with a syntax error is shown as well.
pub(crate) fn mask_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut in_headers = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with('[') {
            in_headers = trimmed
                .trim_start_matches('[')
                .split(']')
                .next()
                .is_some_and(|name| name.trim().ends_with("headers"));
        }
        let all = in_headers || names_headers(trimmed);
        shown.push_str(&mask_user_info(&mask_line(line, all)));
    }
    shown
}

/// An assignment such as `source.auth.client_secret=…` or `TASKFERRY_SINK__0__HEADERS={…}`, its value hidden
/// if any word of it names a secret.
pub(crate) fn mask_assignment(text: &str, value_at: usize) -> String {
    let words = text.split(|character: char| {
        !(character.is_alphanumeric() || character == '_' || character == '-')
    });
    let secret = |word: &str| is_secret_name(word) || word.to_lowercase().contains("headers");
    if !words.into_iter().any(secret) {
        return mask_user_info(text);
    }
    hide_value(text, value_at)
}

/// An assignment without its value.
pub(crate) fn hide_value(text: &str, value_at: usize) -> String {
    let (key, value) = text.split_at(value_at.min(text.len()));
    format!("{key}{}", stars(value))
}

/// The text with these bytes hidden, from the first to the last; what lies within one before it is skipped.
pub(crate) fn mask_spans(text: &str, spans: &[Range<usize>]) -> String {
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for span in spans.iter().filter(|span| span.end <= text.len()) {
        if span.start >= done {
            shown.push_str(part(done..span.start));
            shown.push_str(&mask_token(part(span.clone())));
            done = span.end;
        }
    }
    shown.push_str(part(done..text.len()));
    shown
}

/// A line that is not TOML with nothing but its key or its header, so far as they are ones of these or like them.
pub(crate) fn mask_broken_line(line: &str, keys: &BTreeSet<String>) -> String {
    let start = line.len() - line.trim_start().len();
    let (indent, rest) = line.split_at(start);
    if let Some(opened) = rest.strip_prefix('[') {
        let name = opened.trim_start_matches('[');
        let first = name.split(['.', ']']).next().unwrap_or_default().trim();
        let length = name.find(|it: char| !is_key(it) && !matches!(it, ' ' | ']'));
        let (header, behind) =
            rest.split_at(rest.len() - name.len() + length.unwrap_or(name.len()));
        if nearest(first, TOP).is_some() {
            return format!("{indent}{header}{}", stars(behind));
        }
    }
    let key = rest.find(|it: char| !is_key(it)).unwrap_or(rest.len());
    let (key, behind) = rest.split_at(key);
    let value = behind.trim_start().strip_prefix('=');
    let assigned = value.is_some_and(|value| !value.starts_with('=') && !value.trim().is_empty());
    let known = key.split('.').all(|part| nearest(part, keys.iter().map(String::as_str)).is_some());
    if key.len() <= LONGEST_KEY && (known || assigned) {
        let sign = behind.len() - value.map_or(behind.len(), str::len);
        let (sign, value) = behind.split_at(sign);
        return format!("{indent}{key}{sign}{}", stars(value));
    }
    format!("{indent}{}", stars(rest))
}

fn is_key(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn names_headers(line: &str) -> bool {
    line.strip_prefix("headers").is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
}

/// Hides who logs in, and with what, in addresses such as `https://user:password@host`.
fn mask_user_info(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let host = after.find(['/', '"', '\'', ' ', '?', '#']).unwrap_or(after.len());
        let user = after.get(..host).and_then(|authority| authority.rfind('@')).unwrap_or(0);
        shown.push_str(&stars(after.get(..user).unwrap_or_default()));
        rest = after.get(user..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Hides the values of secret keys in one line: quoted ones, and those whose quotes were forgotten.
fn mask_line(line: &str, all: bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('=') {
        shown.push_str(before);
        shown.push('=');
        let secret = all || is_secret_name(key_at_end(before));
        let value = after.trim_start_matches([' ', '\t']);
        shown.push_str(after.get(..after.len() - value.len()).unwrap_or_default());
        let (token, behind) = value.split_at(token_end(value, secret));
        shown.push_str(&if secret && token != "{" { mask_token(token) } else { token.to_owned() });
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// Where the value at the beginning of a text ends. Of a table, and of a list that is no secret, only the
/// bracket counts: its own assignments are looked at one by one.
fn token_end(value: &str, secret: bool) -> usize {
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => closing(value, quote),
        Some('{') => 1,
        Some('[') if !secret => 1,
        Some('[') => {
            value.find(']').map_or(value.trim_end_matches(['\n', '\r']).len(), |end| end + 1)
        }
        _ => value.find([',', '}', '#', '\n', '\r']).unwrap_or(value.len()),
    }
}

/// Past the quote that closes the token, or the end of the line.
fn closing(quoted: &str, quote: char) -> usize {
    let mut escaped = false;
    let opening = quoted.len() - quoted.trim_start_matches(quote).len();
    for (position, character) in
        quoted.char_indices().skip(if opening == 2 { 1 } else { opening.min(3) })
    {
        if character == quote && !escaped {
            let behind = quoted.get(position..).unwrap_or_default();
            let in_a_row = behind.len() - behind.trim_start_matches(quote).len();
            return position + if opening >= 3 { in_a_row.min(3) } else { 1 };
        }
        escaped = quote == '"' && character == '\\' && !escaped;
    }
    quoted.trim_end_matches(['\n', '\r']).len()
}

/// A value without what it says, but for its quotes and the names of the variables it comes from.
fn mask_token(token: &str) -> String {
    let mut shown = String::with_capacity(token.len());
    let mut rest = token;
    while let Some((before, after)) = rest.split_once("${") {
        shown.push_str(&stars(before));
        shown.push_str("${");
        // What is never closed may be anything from the first character on that can't be in a name.
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let name = match after.find('}').filter(|_| after.starts_with("file:")) {
            Some(end) => end,
            None => after.find(|character| !is_name(character)).unwrap_or(after.len()),
        };
        let (name, behind) = after.split_at(name);
        shown.push_str(name);
        // An empty default says nothing.
        let end = ["}", ":-}"].into_iter().find(|end| behind.starts_with(end)).unwrap_or_default();
        shown.push_str(end);
        rest = behind.get(end.len()..).unwrap_or_default();
    }
    shown.push_str(&stars(rest));
    shown
}

/// The key of an assignment whose sign comes next.
fn key_at_end(text: &str) -> &str {
    let before = text.trim_end().trim_end_matches(['"', '\'']);
    let start = before
        .rfind(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')));
    let after_last = start.and_then(|position| {
        before.get(position..)?.char_indices().nth(1).map(|(next, _)| position + next)
    });
    before
        .get(after_last.unwrap_or(if start.is_some() { before.len() } else { 0 })..)
        .unwrap_or_default()
}

/// Asterisks for every byte but line breaks and quotes.
pub(crate) fn stars(text: &str) -> String {
    let kept = |byte: u8| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b' ');
    text.bytes().map(|byte| if kept(byte) { byte as char } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_secret_keys_are_hidden_and_nothing_else() {
        let text = "url = \"https://x\"\nclient_secret = \"hunter2\" # note\nauth = { token = 'abc', tenant = \"t\" }\n\
                    password = \"${PW}\"\ntoken_url = \"https://y\"\n[sink.headers]\nX-Thing = \"v\"\n[other]\na = \"b\"\n\
                    headers = { A = \"w\" }\ntoken = bare # why\nsecret = \"\"\"tripled\"\"\"\n\
                    api_key = \"Bearer ${T:-fallback}\"\nprivate_key = \"${K:-}\"\n";
        let shown = mask_secrets(text);
        for hidden in ["hunter2", "abc", "\"v\"", "\"w\"", "bare", "tripled", "fallback"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for kept in [
            "https://x",
            "# note",
            "\"t\"",
            "${PW}",
            "https://y",
            "\"b\"",
            "# why",
            "${T",
            "${K:-}",
        ] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn assignments_from_outside_are_hidden_too() {
        assert_eq!(
            mask_assignment("source.auth.client_secret=abc", 26),
            "source.auth.client_secret=***"
        );
        assert_eq!(
            mask_assignment("TASKFERRY_SOURCE__AUTH__TOKEN=abc", 30),
            "TASKFERRY_SOURCE__AUTH__TOKEN=***"
        );
        assert_eq!(mask_assignment("source.limit=5", 13), "source.limit=5");
    }

    proptest! {
        #[test]
        fn masking_keeps_every_line_and_column(text in "(secret|token|a|=| |\"|'|\\\\|\n|é|\\[|headers){0,40}") {
            let shown = mask_secrets(&text);
            prop_assert_eq!(shown.len(), text.len());
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }
    }
}
