//! Checks regular expressions that are constants of an expression, so that errors in them are found before any record is read.

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::load::span;

use crate::filter_error::FilterError;
use crate::regex::{Flags, compile};
use crate::syntax;

/// The functions that take a regular expression, with the position of the flags among the arguments.
const FUNCTIONS: [(&str, usize); 8] = [
    ("test", 1),
    ("match", 1),
    ("capture", 1),
    ("scan", 1),
    ("split", 1),
    ("splits", 1),
    ("sub", 2),
    ("gsub", 2),
];

/// The error in the constant regular expression of a call, or in its constant flags.
pub(crate) fn constant_regex_error(
    text: &str,
    function: &str,
    arguments: &[Term<&str>],
) -> Option<FilterError> {
    let (_, flags) = FUNCTIONS.iter().find(|(known, _)| *known == function)?;
    // With one argument, `split` takes a plain separator.
    if function == "split" && arguments.len() != 2 {
        return None;
    }
    // `match(["pattern", "flags"])`
    let (pattern, flags) = match arguments.first()? {
        Term::Arr(Some(both)) => match &**both {
            Term::BinOp(pattern, BinaryOp::Comma, flags) => (&**pattern, Some(&**flags)),
            pattern => (pattern, None),
        },
        pattern => (pattern, arguments.get(*flags)),
    };
    let error = |range: Option<Range<usize>>, message| {
        Some(FilterError::pattern(range.unwrap_or_else(|| span(text, function)), message))
    };
    let (pattern, range) = literal(text, pattern)?;
    let flags = match flags.and_then(|flags| literal(text, flags)) {
        Some((letters, range)) => match Flags::parse(&letters) {
            Ok(flags) => flags,
            Err(message) => return error(range, message),
        },
        None => Flags::default(),
    };
    let reason = compile(&pattern, flags).err()?;
    error(range, format!("invalid regular expression: {reason}"))
}

/// A string literal without interpolation, and its range in the expression.
fn literal(text: &str, term: &Term<&str>) -> Option<(String, Option<Range<usize>>)> {
    let Term::Str(None, parts) = term else { return None };
    let ranges = parts.iter().filter_map(|part| match part {
        StrPart::Str(part) => Some(span(text, part)),
        _ => None,
    });
    let range = ranges.reduce(|first, last| first.start..last.end);
    Some((syntax::literal(parts)?, range))
}
