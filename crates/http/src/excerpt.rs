//! Excerpts of untrusted texts for messages.

use taskferry_sdk::{Secret, is_unprintable, secret_forms, shortened};

/// The maximum number of characters of an excerpt.
const MAX_CHARACTERS: usize = 200;
/// The number of bytes to search for text. Markup may precede the text.
const MAX_INPUT_BYTES: usize = 64 << 10;

/// Converts the beginning of an untrusted text to one line for a terminal or a log. Returns `None` if the text has no
/// printable character.
///
/// Markup is removed, control characters and white space become single spaces, each of `secrets` becomes `[secret]` (a
/// response may repeat the request), and the line is cut after 200 characters.
///
/// ```
/// use taskferry_http::excerpt;
///
/// let page = b"<html><style>h1 {}</style><h1>503</h1>\r\n<p>\x1b[31mBack soon</p></html>";
/// assert_eq!(excerpt(page, &[]).as_deref(), Some("503 [31mBack soon"));
/// assert_eq!(excerpt(b" \n ", &[]), None);
/// ```
pub fn excerpt(text: &[u8], secrets: &[&Secret]) -> Option<String> {
    let beginning = text.get(..MAX_INPUT_BYTES).unwrap_or(text);
    let mut text = String::from_utf8_lossy(beginning).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        for form in secret_forms(secret.expose()) {
            text = text.replace(&form, "[secret]");
        }
    }
    if text.trim_start().starts_with('<') {
        text = without_markup(&text);
    }
    let plain = text.replace(is_unprintable, " ");
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| shortened(&line, MAX_CHARACTERS + 1).into_owned())
}

fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        plain.push(' ');
        rest = match ["script", "style", "!--"].into_iter().find(|name| starts_with(tag, name)) {
            Some("!--") => after(tag, "-->"),
            Some(name) => after_closing(tag, name),
            None => after(tag, ">"),
        };
    }
    plain.push_str(rest);
    plain
}

fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// The text after `end`; empty if the text was cut before it.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut ends = text.match_indices("</").filter_map(|(position, _)| text.get(position + 2..));
    ends.find(|end| starts_with(end, name)).map_or("", |end| after(end, ">"))
}
