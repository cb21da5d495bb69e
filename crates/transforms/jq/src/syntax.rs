//! From a text to its parts.
//!
//! The parser is jaq's. What jq's own understands beyond that is written in another way before: `a as [$x] ?// $x`,
//! `{$x: [$y]}` in patterns, `reduce a / b as $x (…)`, `.5`, and pairs of surrogates.

use std::borrow::Cow;

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Parser, Term};
use jaq_core::load::span;

use crate::mistake::Mistake;
use crate::size::{self, MAX_NESTING, MAX_WORDS};
use crate::walk::Code;

/// The key of a pattern that stands for several, of which the first counts that fits. No jq text can spell it.
pub(crate) const ALTERNATIVES: &str = "\0alternatives";
/// The key of a pattern that stands for several that all count.
pub(crate) const ALL: &str = "\0all";

/// An expression of more words works on a large stack.
const FEW_WORDS: usize = 150;

/// Takes a text apart, and says whether it is long.
///
/// # Errors
/// All mistakes of the first step that finds any: letters, then grammar.
pub(crate) fn parse(text: &str) -> Result<(Code<'_>, bool), Vec<Mistake>> {
    if let Some(place) = size::too_deep(text) {
        return Err(vec![Mistake::too_deep(place, MAX_NESTING)]);
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        errors.iter().map(|error| Mistake::lexical(text, error)).collect::<Vec<_>>()
    })?;
    let words = size::words(&tokens);
    if words > MAX_WORDS {
        return Err(vec![Mistake::too_long(text, MAX_WORDS)]);
    }
    let tokens = rewritten(text, tokens);
    let body = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let errors = errors.into_iter();
        let errors = errors.map(|(expected, found)| (expected, Token::opt_as_str(found, text)));
        errors.map(|error| Mistake::syntactic(text, &error)).collect::<Vec<_>>()
    })?;
    Ok((body, words > FEW_WORDS))
}

/// A string in which nothing is to be computed.
pub(crate) fn literal(parts: &[StrPart<&str, Term<&str>>]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(letter) => text.push(*letter),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}

/// The text with pairs of surrogates (`\ud83d\ude00`) as the characters that they are, and halves of such as U+FFFD. All else stays
/// at its place.
pub(crate) fn without_surrogates(text: &str) -> Cow<'_, str> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        result.push_str(before);
        let units = [unit(escape), escape.get(6..).and_then(unit)];
        let length = match units {
            [Some(first @ 0xd800..0xdc00), Some(second @ 0xdc00..0xe000)] => {
                result.extend(char::decode_utf16([first, second]).flatten());
                // As many bytes as were taken, in which nothing is added to the string.
                result.push_str("\\(\"\"   )");
                12
            }
            [Some(0xd800..0xe000), _] => {
                result.push_str("\\ufffd");
                6
            }
            _ => {
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                result.push_str(&escape[..length]);
                length
            }
        };
        rest = &escape[length..];
    }
    if result.is_empty() {
        return Cow::Borrowed(text);
    }
    result.push_str(rest);
    Cow::Owned(result)
}

type Tokens<'s> = Vec<Token<&'s str>>;

/// The tokens, with what the parser does not know written in another way.
fn rewritten<'s>(text: &'s str, tokens: Tokens<'s>) -> Tokens<'s> {
    let mut rest = tokens.into_iter().map(|token| inside(text, token)).peekable();
    let mut done: Tokens<'s> = Vec::new();
    let mut folds = Vec::new();
    while let Some(token) = rest.next() {
        match token.0 {
            "." => {
                let end = span(text, token.0).end;
                let is_fraction = |next: &Token<&str>| {
                    matches!(next.1, Tok::Num) && span(text, next.0).start == end
                };
                if let Some(digits) = rest.next_if(is_fraction) {
                    let number = text.get(end - 1..end + digits.0.len()).unwrap_or_default();
                    done.push(Token(number, Tok::Num));
                    continue;
                }
            }
            "reduce" | "foreach" => folds.push(done.len() + 1),
            "as" => {
                // `reduce a / b as $x`: what is gone through stands in brackets.
                if let Some(begin) = folds.pop().filter(|begin| *begin + 1 < done.len()) {
                    let mut source = done.split_off(begin);
                    source.push(Token(")", Tok::Sym));
                    done.push(Token("(", Tok::Block(source)));
                }
                done.push(token);
                let Some(first) = rest.next() else { continue };
                let mut patterns = vec![in_pattern(first)];
                while rest.peek().is_some_and(|token| token.0 == "?") {
                    let mark = rest.next();
                    if rest.next_if(|token| token.0 == "//").is_none() {
                        patterns.extend(mark);
                        break;
                    }
                    patterns.extend(rest.next().map(in_pattern));
                }
                done.extend(several(ALTERNATIVES, patterns));
                continue;
            }
            _ => {}
        }
        done.push(token);
    }
    done
}

/// A token with what stands in it rewritten.
fn inside<'s>(whole: &'s str, Token(text, kind): Token<&'s str>) -> Token<&'s str> {
    let kind = match kind {
        Tok::Block(tokens) => Tok::Block(rewritten(whole, tokens)),
        Tok::Str(parts) => {
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(token) => StrPart::Term(inside(whole, token)),
                other => other,
            });
            Tok::Str(parts.collect())
        }
        other => other,
    };
    Token(text, kind)
}

/// A pattern in which `$x: pattern` stands for a variable and a pattern.
fn in_pattern(Token(text, kind): Token<&str>) -> Token<&str> {
    let tokens = match kind {
        Tok::Block(tokens) => tokens,
        other => return Token(text, other),
    };
    let is_object = text.starts_with('{');
    let mut rest = tokens.into_iter().peekable();
    let mut done = Vec::new();
    while let Some(token) = rest.next() {
        let is_name = matches!(token.1, Tok::Var) && is_object;
        if is_name && rest.peek().is_some_and(|next| next.0 == ":") {
            let name = token.0.trim_start_matches('$');
            done.push(Token(name, Tok::Str(vec![StrPart::Str(name)])));
            done.extend(rest.next());
            let pattern = rest.next().map(in_pattern);
            done.extend(several(ALL, [token].into_iter().chain(pattern).collect()));
        } else if token.0.starts_with(['[', '{']) {
            done.push(in_pattern(token));
        } else {
            done.push(token);
        }
    }
    Token(text, Tok::Block(done))
}

/// Patterns as one: `{"name": [pattern, …]}`.
fn several<'s>(name: &'static str, mut patterns: Tokens<'s>) -> Tokens<'s> {
    let is_plain = |token: &Token<&str>| matches!(token.1, Tok::Var | Tok::Block(_));
    if patterns.len() < 2 || !patterns.iter().all(is_plain) {
        return patterns;
    }
    let mut items = Vec::new();
    let last = patterns.pop();
    for pattern in patterns {
        items.extend([pattern, Token(",", Tok::Sym)]);
    }
    items.extend(last);
    items.push(Token("]", Tok::Sym));
    let key = Token("\"", Tok::Str(vec![StrPart::Str(name)]));
    let items = Token("[", Tok::Block(items));
    let tokens = vec![key, Token(":", Tok::Sym), items, Token("}", Tok::Sym)];
    vec![Token("{", Tok::Block(tokens))]
}
