//! Regular expressions that stand in an expression as they are: whether they can be compiled is known before any record is read.

use std::collections::BTreeSet;
use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::load::span;

use crate::mistake::Mistake;
use crate::regex::{Flags, compile};
use crate::walk::{Code, any};

/// The functions that take patterns, with the place of the flags among the arguments.
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

/// What is wrong with the patterns of an expression, and with their flags.
pub(crate) fn mistakes(text: &str, term: &Code<'_>) -> Vec<Mistake> {
    let mut defined = BTreeSet::new();
    any(term, &mut |term| {
        if let Term::Def(definitions, _) = term {
            defined.extend(definitions.iter().map(|definition| definition.name));
        }
        false
    });
    let mut found = Vec::new();
    any(term, &mut |term| {
        if let Term::Call(name, arguments) = term
            && !defined.contains(name)
            && let Some((_, flags)) = FUNCTIONS.iter().find(|(known, _)| known == name)
            // With one argument `split` takes no pattern.
            && (*name != "split" || arguments.len() == 2)
        {
            let name = span(text, name);
            found.extend(check(text, &name, arguments.first(), arguments.get(*flags)));
        }
        false
    });
    found
}

fn check(
    text: &str,
    name: &Range<usize>,
    pattern: Option<&Code<'_>>,
    flags: Option<&Code<'_>>,
) -> Option<Mistake> {
    // `match(["pattern", "flags"])`
    let (pattern, flags) = match pattern? {
        Term::Arr(Some(both)) => match &**both {
            Term::BinOp(pattern, BinaryOp::Comma, flags) => (&**pattern, Some(&**flags)),
            pattern => (pattern, None),
        },
        pattern => (pattern, flags),
    };
    let place = |found: Option<Range<usize>>| found.unwrap_or_else(|| name.clone());
    let (pattern, at) = literal(text, pattern)?;
    let flags = match flags.and_then(|flags| literal(text, flags)) {
        Some((letters, at)) => match Flags::parse(&letters) {
            Ok(flags) => flags,
            Err(message) => return Some(Mistake::pattern(place(at), message)),
        },
        None => Flags::default(),
    };
    let reason = compile(&pattern, flags).err()?;
    let message = format!("this is no regular expression that can be used: {reason}");
    Some(Mistake::pattern(place(at), message))
}

/// A text without anything to be computed, and the bytes of the expression that it stands in.
fn literal(text: &str, term: &Code<'_>) -> Option<(String, Option<Range<usize>>)> {
    let Term::Str(None, parts) = term else { return None };
    let mut value = String::new();
    let mut place: Option<Range<usize>> = None;
    for part in parts {
        match part {
            StrPart::Str(part) => {
                value.push_str(part);
                let Range { start, end } = span(text, part);
                place = Some(place.map_or(start, |place| place.start)..end);
            }
            StrPart::Char(letter) => value.push(*letter),
            StrPart::Term(_) => return None,
        }
    }
    Some((value, place))
}
