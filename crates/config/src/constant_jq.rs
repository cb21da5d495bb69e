//! Finds jq expressions that have the same result for every record.

/// The words of jq that read nothing of the record, alone or with an argument that reads nothing of it.
const WORDS: [&str; 15] = [
    "true", "false", "null", "not", "and", "or", "if", "then", "elif", "else", "end", "now",
    "infinite", "nan", "empty",
];

/// Whether an expression reads nothing of the record, for example `true` or `1 == 1`. An expression with any function but the
/// simplest counts as one that reads the record.
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
    // An empty expression is another mistake.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_expression_that_reads_nothing_is_constant() {
        for constant in [
            "true",
            "\"true\"",
            "1.5 == 1.50",
            "now > 0",
            "true # .task",
            "\"a.b\" != \"\\\".c\"",
            "[1] | not",
        ] {
            assert!(is_constant(constant), "{constant}");
        }
        for other in [
            "",
            " # nothing",
            ".",
            ".task",
            "has(\"task\")",
            "length > 1",
            "tostring == \"x\" and any",
            "\"\\(.task)\" == \"x\"",
            "not | .a",
            "\"open",
            "..",
            "$x",
            "@json != \"\"",
            "def f: .; f",
        ] {
            assert!(!is_constant(other), "{other}");
        }
    }
}
