//! Masks secrets in a text that is about to be shown.

use std::ops::Range;

use taskferry_sdk::{has_secret_word, is_secret_name, nearest};

use crate::keys::{KnownKeys, TOP_LEVEL};

/// The maximum length of a key. A longer text may be a secret.
const MAX_KEY: usize = 60;

/// Masks the value of every key with the name of a secret, and every value of a `headers` table, byte for byte, so that lines
/// and columns stay the same. Works on any text, TOML or not.
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
        // A comment may contain an option of any plugin.
        let is_secret = if trimmed.starts_with('#') { is_secret_name } else { has_secret_word };
        shown.push_str(&mask_user_info(&mask_line(line, all, is_secret)));
    }
    shown
}

/// Masks the value of an assignment such as `source.auth.client_secret=…` or `TASKFERRY_SINK__0__HEADERS={…}` if any word in
/// it names a secret.
pub(crate) fn mask_assignment(text: &str, value_at: usize) -> String {
    let words = text.split(|character: char| {
        !(character.is_alphanumeric() || character == '_' || character == '-')
    });
    let secret = |word: &str| has_secret_word(word) || word.to_lowercase().contains("headers");
    if words.into_iter().any(secret) {
        return mask_value(text, value_at);
    }
    let (key, value) = text.split_at(value_at.min(text.len()));
    if is_address(key.trim_end_matches('=')) {
        return format!("{key}{}", mask_address(value));
    }
    mask_user_info(&mask_line(text, false, has_secret_word))
}

pub(crate) fn mask_value(text: &str, value_at: usize) -> String {
    let (key, value) = text.split_at(value_at.min(text.len()));
    format!("{key}{}", asterisks(value))
}

/// Masks these spans, which are sorted by their start. A span that overlaps an earlier one is skipped.
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

/// Masks an invalid line. A header that is similar to a top-level key stays visible, and so does a key that is similar to one of
/// `keys` or that has a value. The value of a key that never contains a secret stays visible, too.
pub(crate) fn mask_broken_line(line: &str, keys: &KnownKeys) -> String {
    let start = line.len() - line.trim_start().len();
    let (indent, rest) = line.split_at(start);
    if let Some(opened) = rest.strip_prefix('[') {
        let name = opened.trim_start_matches('[');
        let first = name.split(['.', ']']).next().unwrap_or_default().trim();
        let length = name.find(|it: char| !is_key(it) && !matches!(it, ' ' | ']'));
        let (header, behind) =
            rest.split_at(rest.len() - name.len() + length.unwrap_or(name.len()));
        if nearest(first, TOP_LEVEL).is_some() {
            return format!("{indent}{header}{}", asterisks(behind));
        }
    }
    let key = rest.find(|it: char| !is_key(it)).unwrap_or(rest.len());
    let (key, behind) = rest.split_at(key);
    let value = behind.trim_start().strip_prefix('=');
    let assigned = value.is_some_and(|value| !value.starts_with('=') && !value.trim().is_empty());
    let known =
        key.split('.').all(|part| nearest(part, keys.all.iter().map(String::as_str)).is_some());
    if key.len() <= MAX_KEY && (known || assigned) {
        let sign = behind.len() - value.map_or(behind.len(), str::len);
        let (sign, value) = behind.split_at(sign);
        if keys.is_public(key) {
            // Further keys in the line may be secrets.
            let masked = mask_urls(key, &mask_line(value, false, is_secret_name));
            return format!("{indent}{key}{sign}{masked}");
        }
        return format!("{indent}{key}{sign}{}", asterisks(value));
    }
    format!("{indent}{}", asterisks(rest))
}

pub(crate) fn is_key(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn names_headers(line: &str) -> bool {
    line.strip_prefix("headers").is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
}

/// Whether the value of a key is an address. The values in its query may be secrets.
fn is_address(key: &str) -> bool {
    key.trim_end().to_lowercase().ends_with("url")
}

/// Masks what may be secret in the URLs of a key's value.
pub(crate) fn mask_urls(key: &str, value: &str) -> String {
    if is_address(key) { mask_address(value) } else { mask_user_info(value) }
}

/// Masks the user, the password and the values of the query in a URL.
fn mask_address(url: &str) -> String {
    let is_url = |(address, _): &(&str, &str)| address.contains("://") || address.contains("${");
    let Some((address, query)) = url.split_once('?').filter(is_url) else {
        return mask_user_info(url);
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", mask_token(value)),
        None => mask_token(pair),
    });
    format!("{}?{}", mask_user_info(address), pairs.collect::<Vec<_>>().join("&"))
}

/// Masks the user and the password in URLs such as `https://user:password@host`.
fn mask_user_info(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let host = after.find(['/', '"', '\'', ' ', '?', '#']).unwrap_or(after.len());
        let user = after.get(..host).and_then(|authority| authority.rfind('@')).unwrap_or(0);
        shown.push_str(&asterisks(after.get(..user).unwrap_or_default()));
        rest = after.get(user..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Masks the values of secret keys in one line, with or without quotes.
fn mask_line(line: &str, all: bool, is_secret: fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('=') {
        shown.push_str(before);
        shown.push('=');
        let key = key_at_end(before);
        let secret = all || is_secret(key);
        let value = after.trim_start_matches([' ', '\t']);
        shown.push_str(after.get(..after.len() - value.len()).unwrap_or_default());
        let (token, behind) = value.split_at(token_end(value, secret));
        shown.push_str(&match token {
            "{" => token.to_owned(),
            token if secret => mask_token(token),
            token if is_address(key) => mask_address(token),
            token => token.to_owned(),
        });
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The end of the value at the start of a text. For a table, and for a list that is not a secret, the end of its opening bracket,
/// because the assignments in it are masked one by one.
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

/// The offset after the closing quote, or the end of the line.
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

/// Masks a value, except for its quotes and the names of variables in it.
pub(crate) fn mask_token(token: &str) -> String {
    let mut shown = String::with_capacity(token.len());
    let mut rest = token;
    while let Some((before, after)) = rest.split_once("${") {
        shown.push_str(&asterisks(before));
        shown.push_str("${");
        // Without a closing brace, the name ends at the first character that a name cannot contain.
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let name = match after.find('}').filter(|_| after.starts_with("file:")) {
            Some(end) => end,
            None => after.find(|character| !is_name(character)).unwrap_or(after.len()),
        };
        let (name, behind) = after.split_at(name);
        shown.push_str(name);
        // An empty default reveals nothing.
        let end = ["}", ":-}"].into_iter().find(|end| behind.starts_with(end)).unwrap_or_default();
        shown.push_str(end);
        rest = behind.get(end.len()..).unwrap_or_default();
    }
    shown.push_str(&asterisks(rest));
    shown
}

/// The key at the end of a text, in front of its `=`.
fn key_at_end(text: &str) -> &str {
    let before = text.trim_end().trim_end_matches(['"', '\'']);
    let is_key = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    before.rsplit(|character| !is_key(character)).next().unwrap_or_default()
}

/// Replaces every byte except line breaks, quotes and spaces by an asterisk.
pub(crate) fn asterisks(text: &str) -> String {
    let kept = |byte: u8| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b' ');
    text.bytes().map(|byte| if kept(byte) { byte as char } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_values_of_secret_keys_are_masked() {
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
    fn values_of_secret_assignments_are_masked() {
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

    #[test]
    fn values_in_the_query_of_an_address_are_masked() {
        let address = "https://u:pw@hr.example.com/titles?region=eu&key=canary";
        let masked = "https://****@hr.example.com/titles?region=**&key=******";
        let line = |url: &str| format!("lookup = {{ url = \"{url}\", batch = 5 }} # why?\n");
        assert_eq!(mask_secrets(&line(address)), line(masked));
        for key in ["transform.0.lookup.url=", "TASKFERRY_TRANSFORM__0__LOOKUP__URL="] {
            let shown = mask_assignment(&format!("{key}{address},b"), key.len());
            assert_eq!(shown, format!("{key}{masked}**"));
        }
        for kept in ["sandbox:?jobs=500", "https://hr.example.com/?key=${TITLES_KEY}"] {
            assert_eq!(mask_urls("url", kept), kept);
        }
        assert_eq!(mask_urls("filter", "\"https://hr/?id=\" + .id"), "\"https://hr/?id=\" + .id");
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
