//! Finds jq expressions that have the same result for every record.

/// The words of jq whose result does not depend on the record if their arguments do not.
const WORDS: [&str; 15] = [
    "true", "false", "null", "not", "and", "or", "if", "then", "elif", "else", "end", "now",
    "infinite", "nan", "empty",
];

/// Whether the result of an expression does not depend on the record, for example `true` or `1 == 1`. False for expressions with
/// functions outside of [`WORDS`].
pub(crate) fn is_constant(expression: &str) -> bool {
    let mut rest = expression;
    let mut is_empty = true;
    while let Some(character) = rest.chars().next() {
        let width = match character {
            '"' => match string(rest) {
                Some(width) => width,
                None => return false,
            },
            '#' => rest.find('\n').unwrap_or(rest.len()),
            _ if character.is_ascii_digit() => {
                let is_part = |it: char| it.is_ascii_alphanumeric() || it == '.';
                rest.find(|it| !is_part(it)).unwrap_or(rest.len())
            }
            _ if character.is_ascii_alphabetic() || character == '_' => {
                let is_part = |it: char| it.is_ascii_alphanumeric() || "_:".contains(it);
                let width = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
                if !rest.get(..width).is_some_and(|word| WORDS.contains(&word)) {
                    return false;
                }
                width
            }
            '.' | '$' | '@' => return false,
            _ => character.len_utf8(),
        };
        is_empty &= character.is_whitespace() || character == '#';
        rest = rest.get(width..).unwrap_or_default();
    }
    // An empty expression is another error.
    !is_empty
}

/// The width of the string at the start of a text; `None` if it contains an expression, or does not end.
fn string(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((offset, character)) = characters.next() {
        match character {
            '"' => return Some(offset + 1),
            '\\' if characters.next()?.1 == '(' => return None,
            _ => {}
        }
    }
    None
}
