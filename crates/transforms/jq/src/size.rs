//! Limits of the size of an expression, since the parser and the compiler are recursive.

use jaq_core::load::lex::{StrPart, Tok, Token};

/// The maximum nesting of brackets.
pub(crate) const MAX_NESTING: usize = 250;
/// The maximum number of tokens of an expression.
pub(crate) const MAX_TOKENS: usize = 10_000;

/// The offset of the first bracket that is nested too deeply.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut bytes = text.bytes().enumerate();
    while let Some((offset, byte)) = bytes.next() {
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
            return Some(offset);
        }
    }
    None
}

/// Skips the rest of a comment. A backslash at the end of a line continues the comment.
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

/// The number of tokens, including the tokens within blocks and strings.
pub(crate) fn count(tokens: &[Token<&str>]) -> usize {
    let within = |token: &Token<&str>| match &token.1 {
        Tok::Block(tokens) => count(tokens),
        Tok::Str(parts) => {
            let parts = parts.iter().map(|part| match part {
                StrPart::Term(token) => count(std::slice::from_ref(token)),
                _ => 1,
            });
            parts.sum()
        }
        _ => 0,
    };
    tokens.iter().map(|token| 1 + within(token)).sum()
}
