//! Parses the text of an expression.
//!
//! The parser comes from jaq. jq syntax that jaq does not support is rewritten first: `a as [$x] ?// $x`, `{$x: [$y]}` in
//! patterns, `reduce a / b as $x (…)`, `.5`, and surrogate pairs.

use std::borrow::Cow;

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Parser, Term};
use jaq_core::load::span;

use crate::filter_error::FilterError;
use crate::size::{self, MAX_NESTING, MAX_TOKENS};

/// The key of a marker object with alternative patterns. The first matching pattern is used. A jq expression can't contain this
/// key.
pub(crate) const ALTERNATIVES: &str = "\0alternatives";
/// The key of a marker object with patterns that must all match.
pub(crate) const ALL: &str = "\0all";

/// Expressions with more tokens run on a large stack.
const FEW_TOKENS: usize = 150;

/// Parses an expression. Returns true as the second value if the expression has more than [`FEW_TOKENS`] tokens.
pub(crate) fn parse(text: &str) -> Result<(Term<&str>, bool), Vec<FilterError>> {
    if let Some(offset) = size::too_deep(text) {
        return Err(vec![FilterError::too_deep(offset, MAX_NESTING)]);
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        errors.iter().map(|error| FilterError::lexical(text, error)).collect::<Vec<_>>()
    })?;
    let count = size::count(&tokens);
    if count > MAX_TOKENS {
        return Err(vec![FilterError::too_long(text, MAX_TOKENS)]);
    }
    let tokens = rewrite(text, tokens);
    let body = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let errors = errors.into_iter();
        let errors = errors.map(|(expected, found)| (expected, Token::opt_as_str(found, text)));
        errors.map(|error| FilterError::syntactic(text, &error)).collect::<Vec<_>>()
    })?;
    Ok((body, count > FEW_TOKENS))
}

/// The text of a string literal without interpolation.
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

/// Replaces escaped surrogate pairs (`\ud83d\ude00`) by their characters, and unpaired surrogates by U+FFFD. The offsets of the
/// other text do not change.
pub(crate) fn without_surrogates(text: &str) -> Cow<'_, str> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(offset) = rest.find('\\') {
        let (before, escape) = rest.split_at(offset);
        result.push_str(before);
        let units = [unit(escape), escape.get(6..).and_then(unit)];
        let length = match units {
            [Some(first @ 0xd800..0xdc00), Some(second @ 0xdc00..0xe000)] => {
                result.extend(char::decode_utf16([first, second]).flatten());
                // An empty interpolation pads the replacement to the length of the pair.
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

/// Rewrites the syntax that the parser does not support.
fn rewrite<'s>(text: &'s str, tokens: Tokens<'s>) -> Tokens<'s> {
    let mut rest = tokens.into_iter().map(|token| rewrite_nested(text, token)).peekable();
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
                // `reduce a / b as $x`: puts the source in parentheses.
                if let Some(begin) = folds.pop().filter(|begin| *begin + 1 < done.len()) {
                    let mut source = done.split_off(begin);
                    source.push(Token(")", Tok::Sym));
                    done.push(Token("(", Tok::Block(source)));
                }
                done.push(token);
                let Some(first) = rest.next() else { continue };
                let mut patterns = vec![rewrite_pattern(first)];
                while rest.peek().is_some_and(|token| token.0 == "?") {
                    let mark = rest.next();
                    if rest.next_if(|token| token.0 == "//").is_none() {
                        patterns.extend(mark);
                        break;
                    }
                    patterns.extend(rest.next().map(rewrite_pattern));
                }
                done.extend(combine(ALTERNATIVES, patterns));
                continue;
            }
            _ => {}
        }
        done.push(token);
    }
    done
}

/// Rewrites the content of a token.
fn rewrite_nested<'s>(whole: &'s str, Token(text, kind): Token<&'s str>) -> Token<&'s str> {
    let kind = match kind {
        Tok::Block(tokens) => Tok::Block(rewrite(whole, tokens)),
        Tok::Str(parts) => {
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(token) => StrPart::Term(rewrite_nested(whole, token)),
                other => other,
            });
            Tok::Str(parts.collect())
        }
        other => other,
    };
    Token(text, kind)
}

/// Rewrites `$x: pattern` in a pattern as a member that matches both.
fn rewrite_pattern(Token(text, kind): Token<&str>) -> Token<&str> {
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
            let pattern = rest.next().map(rewrite_pattern);
            done.extend(combine(ALL, [token].into_iter().chain(pattern).collect()));
        } else if token.0.starts_with(['[', '{']) {
            done.push(rewrite_pattern(token));
        } else {
            done.push(token);
        }
    }
    Token(text, Tok::Block(done))
}

/// Combines patterns into one marker object: `{"name": [pattern, …]}`.
fn combine<'s>(name: &'static str, mut patterns: Tokens<'s>) -> Tokens<'s> {
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
