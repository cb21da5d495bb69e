//! Hiding secrets that stand in a text which is about to be shown.

use taskferry_core::is_secret_name;

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
        shown.push_str(&mask_line(line, all));
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
        return text.to_owned();
    }
    let (key, value) = text.split_at(value_at.min(text.len()));
    format!("{key}{}", stars(value))
}

fn names_headers(line: &str) -> bool {
    line.strip_prefix("headers").is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
}

fn mask_line(line: &str, all: bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(position) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(position);
        shown.push_str(before);
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let end = closing(quoted, quote);
        let (token, after) = quoted.split_at(end);
        let is_key = after.trim_start().starts_with('=');
        let secret = !is_key && (all || key_before(&shown).is_some_and(is_secret_name));
        // `${NAME}` shows where a secret comes from, not the secret.
        if secret && !token.contains("${") {
            let inner = token.trim_matches(quote);
            let opening = token.len() - token.trim_start_matches(quote).len();
            shown.push_str(token.get(..opening).unwrap_or_default());
            shown.push_str(&stars(inner));
            shown.push_str(token.get(opening + inner.len()..).unwrap_or_default());
        } else {
            shown.push_str(token);
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// Past the quote that closes the token, or the end of the line.
fn closing(quoted: &str, quote: char) -> usize {
    let mut escaped = false;
    let opening = quoted.len() - quoted.trim_start_matches(quote).len();
    for (position, character) in quoted.char_indices().skip(opening.min(3)) {
        if character == quote && !escaped {
            return position + 1;
        }
        escaped = quote == '"' && character == '\\' && !escaped;
    }
    quoted.trim_end_matches(['\n', '\r']).len()
}

/// The key of the assignment that ends here: the word before the last `=`.
fn key_before(text: &str) -> Option<&str> {
    let before = text.trim_end().strip_suffix('=')?.trim_end().trim_end_matches(['"', '\'']);
    let start = before
        .rfind(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')));
    before.get(start.map_or(0, |position| position + 1)..)
}

fn stars(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' || byte == b'\r' { byte as char } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_secret_keys_are_hidden_and_nothing_else() {
        let text = "url = \"https://x\"\nclient_secret = \"hunter2\" # note\nauth = { token = 'abc', tenant = \"t\" }\n\
                    password = \"${PW}\"\ntoken_url = \"https://y\"\n[sink.headers]\nX-Thing = \"v\"\n[other]\na = \"b\"\n\
                    headers = { A = \"w\" }\n";
        let shown = mask_secrets(text);
        for hidden in ["hunter2", "abc", "\"v\"", "\"w\""] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for kept in ["https://x", "# note", "\"t\"", "${PW}", "https://y", "\"b\""] {
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
