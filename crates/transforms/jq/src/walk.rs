//! Going through the terms of an expression.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Part, Path};

pub(crate) type Code<'s> = Term<&'s str>;

/// Whether something holds of a term or of any within it.
pub(crate) fn any<'t, 's: 't>(
    term: &'t Code<'s>,
    holds: &mut impl FnMut(&'t Code<'s>) -> bool,
) -> bool {
    if holds(term) {
        return true;
    }
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => false,
        Term::Arr(items) => items.as_ref().is_some_and(|items| any(items, holds)),
        Term::Neg(term) | Term::Label(_, term) => any(term, holds),
        Term::TryCatch(term, catch) => {
            any(term, holds) || catch.as_ref().is_some_and(|catch| any(catch, holds))
        }
        Term::BinOp(left, operator, right) => {
            let pattern = match operator {
                BinaryOp::Pipe(Some(pattern)) => any_in_pattern(pattern, holds),
                _ => false,
            };
            pattern || any(left, holds) || any(right, holds)
        }
        Term::Str(_, parts) => parts.iter().any(|part| match part {
            StrPart::Term(term) => any(term, holds),
            _ => false,
        }),
        Term::Obj(members) => members.iter().any(|(key, value)| {
            any(key, holds) || value.as_ref().is_some_and(|value| any(value, holds))
        }),
        Term::Fold(_, items, pattern, arguments) => {
            any(items, holds)
                || any_in_pattern(pattern, holds)
                || arguments.iter().any(|term| any(term, holds))
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().any(|(test, result)| any(test, holds) || any(result, holds))
                || otherwise.as_ref().is_some_and(|term| any(term, holds))
        }
        Term::Def(definitions, term) => {
            definitions.iter().any(|def| any(&def.body, holds)) || any(term, holds)
        }
        Term::Call(_, arguments) => arguments.iter().any(|term| any(term, holds)),
        Term::Path(term, Path(parts)) => {
            any(term, holds)
                || parts.iter().any(|(part, _)| match part {
                    Part::Index(index) => any(index, holds),
                    Part::Range(from, to) => from.iter().chain(to).any(|bound| any(bound, holds)),
                })
        }
    }
}

fn any_in_pattern<'t, 's: 't>(
    pattern: &'t Pattern<&'s str>,
    holds: &mut impl FnMut(&'t Code<'s>) -> bool,
) -> bool {
    match pattern {
        Pattern::Var(_) => false,
        Pattern::Arr(items) => items.iter().any(|item| any_in_pattern(item, holds)),
        Pattern::Obj(members) => {
            members.iter().any(|(key, pattern)| any(key, holds) || any_in_pattern(pattern, holds))
        }
    }
}
