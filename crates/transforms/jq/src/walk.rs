//! Going through the terms of an expression.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

pub(crate) type Code<'s> = Term<&'s str>;

/// `left | right`
pub(crate) fn pipe<'s>(left: Code<'s>, right: Code<'s>) -> Code<'s> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

/// The same term, of other terms directly in it.
pub(crate) fn rebuilt<'s>(
    term: Code<'s>,
    change: &mut impl FnMut(Code<'s>) -> Code<'s>,
) -> Code<'s> {
    let mut boxed = |term: Box<Code<'s>>| Box::new(change(*term));
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => term,
        Term::Arr(items) => Term::Arr(items.map(boxed)),
        Term::Neg(term) => Term::Neg(boxed(term)),
        Term::Label(name, term) => Term::Label(name, boxed(term)),
        Term::TryCatch(term, catch) => Term::TryCatch(boxed(term), catch.map(boxed)),
        Term::BinOp(left, operator, right) => {
            let left = boxed(left);
            Term::BinOp(left, operator, boxed(right))
        }
        Term::Str(format, parts) => {
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(term) => StrPart::Term(change(term)),
                other => other,
            });
            Term::Str(format, parts.collect())
        }
        Term::Obj(members) => {
            let members = members.into_iter().map(|(key, value)| match value {
                Some(value) => (change(key), Some(change(value))),
                // `{name}` and `{$name}` are no terms of their own.
                None => (key, None),
            });
            Term::Obj(members.collect())
        }
        Term::Fold(name, items, pattern, arguments) => {
            let items = boxed(items);
            Term::Fold(name, items, pattern, arguments.into_iter().map(change).collect())
        }
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.into_iter();
            let branches = branches.map(|(test, result)| (change(test), change(result))).collect();
            Term::IfThenElse(branches, otherwise.map(|term| Box::new(change(*term))))
        }
        Term::Def(definitions, term) => {
            let definitions = definitions.into_iter();
            let definitions =
                definitions.map(|def| Def { body: change(def.body), ..def }).collect();
            Term::Def(definitions, Box::new(change(*term)))
        }
        Term::Call(name, arguments) => {
            Term::Call(name, arguments.into_iter().map(change).collect())
        }
        Term::Path(term, Path(parts)) => {
            let term = boxed(term);
            let parts = parts.into_iter().map(|(part, optional)| {
                let part = match part {
                    Part::Index(index) => Part::Index(change(index)),
                    Part::Range(from, to) => {
                        let from = from.map(&mut *change);
                        Part::Range(from, to.map(&mut *change))
                    }
                };
                (part, optional)
            });
            Term::Path(term, Path(parts.collect()))
        }
    }
}

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
