//! Positions in a string as it is written in TOML, with quotes and escapes.

use std::ops::Range;

/// The span in `token` that stands for the bytes `inside` of its value: skips the quotes, and counts escapes as they are written.
/// `None` if the token is not a string, or is shorter.
pub(crate) fn span_of(token: &str, inside: &Range<usize>) -> Option<Range<usize>> {
    let (quote, is_literal) = match token {
        token if token.starts_with("\"\"\"") => (3, false),
        token if token.starts_with("'''") => (3, true),
        token if token.starts_with('\'') => (1, true),
        token if token.starts_with('"') => (1, false),
        _ => return None,
    };
    let mut body = token.get(quote..token.len().checked_sub(quote)?)?;
    let mut start = quote;
    if quote == 3 {
        // TOML drops a line break right after the opening quotes.
        let trimmed = body.strip_prefix("\r\n").or_else(|| body.strip_prefix('\n'));
        start += body.len() - trimmed.unwrap_or(body).len();
        body = trimmed.unwrap_or(body);
    }
    let (from, to) = if is_literal {
        (inside.start, inside.end)
    } else {
        (offset_in_escaped(body, inside.start, true), offset_in_escaped(body, inside.end, false))
    };
    (to <= body.len()).then(|| start + from..start + to.max(from))
}

/// The offset, in the written text of a basic string, of the byte at `offset` in its value. `is_start` skips folded line breaks
/// before the byte.
fn offset_in_escaped(body: &str, offset: usize, is_start: bool) -> usize {
    let (mut value, mut position) = (0, 0);
    while position < body.len() {
        let rest = body.get(position..).unwrap_or_default();
        let (written, meant) = match rest.as_bytes() {
            [b'\\', b'u', ..] => (6, escaped_length(rest, 2, 6)),
            [b'\\', b'U', ..] => (10, escaped_length(rest, 2, 10)),
            [b'\\', b'x', ..] => (4, escaped_length(rest, 2, 4)),
            [b'\\', b'\n' | b'\r' | b' ' | b'\t', ..] => {
                let folded = rest.get(1..).unwrap_or_default();
                let kept = folded.trim_start_matches(['\n', '\r', ' ', '\t']);
                (1 + folded.len() - kept.len(), 0)
            }
            [b'\\', ..] => (2, 1),
            _ => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                (length, length)
            }
        };
        if value >= offset && !(is_start && meant == 0) {
            break;
        }
        position += written;
        value += meant;
    }
    position
}

fn escaped_length(rest: &str, from: usize, to: usize) -> usize {
    let code = rest.get(from..to).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.and_then(char::from_u32).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use toml::de::DeValue;

    fn found(token: &str, inside: Range<usize>) -> Option<&str> {
        span_of(token, &inside).and_then(|span| token.get(span))
    }

    #[test]
    fn positions_are_found_past_quotes_escapes_and_folded_lines() {
        assert_eq!(found("'x | foo'", 4..7), Some("foo"));
        assert_eq!(found(r#""\"\u00e9\" | foo""#, 7..10), Some("foo"));
        assert_eq!(found("'''\nx |\nfoo'''", 4..7), Some("foo"));
        assert_eq!(found("'''\r\nx |\r\nfoo'''", 5..8), Some("foo"));
        assert_eq!(found("\"\"\"\\\n   x | foo\"\"\"", 4..7), Some("foo"));
        assert_eq!(found("\"\"\"x | \\\n   foo\"\"\"", 4..7), Some("foo"));
        assert_eq!(found("'short'", 3..300), None);
        assert_eq!(found("5", 0..1), None);
    }

    proptest! {
        #[test]
        fn the_marked_text_stands_for_the_part_of_the_value(
            before in "(a|é|\\\\n|\\\\u00e9|\\\\\\\\|\\\\\"|\n|\r\n|\\\\\n  | |\t){0,12}",
            after in "(a|é|\\\\n|\\\\U0001F600|\\\\\n  | ){0,12}",
        ) {
            let token = format!("\"\"\"\n{before}foo{after}\"\"\"");
            let parsed = DeValue::parse(&token).unwrap();
            let value = parsed.get_ref().as_str().unwrap().to_owned();
            let start = value.find("foo").unwrap();
            prop_assert_eq!(found(&token, start..start + 3), Some("foo"));
        }
    }
}
