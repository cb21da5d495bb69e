//! How large an expression may be: its parts are gone through on the stack.

use jaq_core::load::lex::{StrPart, Tok, Token};

/// How deep brackets may be nested.
pub(crate) const MAX_NESTING: usize = 250;
/// As many words, numbers, texts and signs as an expression may have.
pub(crate) const MAX_WORDS: usize = 10_000;

/// Where an expression is nested too deep: the bytes of the bracket.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut bytes = text.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        let is_in_text = open.last() == Some(&b'"');
        match byte {
            b'\\' if is_in_text => {
                open.extend(bytes.next().map(|(_, byte)| byte).filter(|byte| *byte == b'('));
            }
            b'"' if is_in_text => drop(open.pop()),
            _ if is_in_text => {}
            b'"' | b'(' | b'[' | b'{' => open.push(byte),
            b')' | b']' | b'}' => drop(open.pop()),
            b'#' => skip_comment(&mut bytes),
            _ => {}
        }
        if open.len() > MAX_NESTING {
            return Some(place);
        }
    }
    None
}

/// A comment goes on where a backslash stands at the end of its line.
fn skip_comment(bytes: &mut impl Iterator<Item = (usize, u8)>) {
    let mut is_escaped = false;
    for (_, byte) in bytes {
        match byte {
            b'\n' if !is_escaped => return,
            b'\r' => {}
            _ => is_escaped = byte == b'\\' && !is_escaped,
        }
    }
}

/// How many words, numbers, texts and signs there are.
pub(crate) fn words(tokens: &[Token<&str>]) -> usize {
    let within = |token: &Token<&str>| match &token.1 {
        Tok::Block(tokens) => words(tokens),
        Tok::Str(parts) => {
            let parts = parts.iter().map(|part| match part {
                StrPart::Term(token) => words(std::slice::from_ref(token)),
                _ => 1,
            });
            parts.sum()
        }
        _ => 0,
    };
    tokens.iter().map(|token| 1 + within(token)).sum()
}
