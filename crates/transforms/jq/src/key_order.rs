//! Keeping the order of keys where an update takes some out.
//!
//! `.a |= empty` removes a key by moving the object's last one into its place, which would scramble records. So
//! `l |= r` is compiled as if it were written `(l |= or_removed(r)) | without_removed`: where `r` has no result, a
//! mark is put in, and the marks are taken out in order once the update is done.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::path::{Part, Path};

use crate::removal::{OR_REMOVED, WITHOUT_REMOVED};

type Code<'s> = Term<&'s str>;

/// The same expression with every `|=` keeping the order of keys.
pub(crate) fn keeping_order(term: Code<'_>) -> Code<'_> {
    let inner = |term: Box<_>| Box::new(keeping_order(*term));
    match term {
        Term::BinOp(left, BinaryOp::Update, right) => {
            let right = Term::Call(OR_REMOVED, vec![keeping_order(*right)]);
            let update = Term::BinOp(inner(left), BinaryOp::Update, Box::new(right));
            let swept = Term::Call(WITHOUT_REMOVED, Vec::new());
            Term::BinOp(Box::new(update), BinaryOp::Pipe(None), Box::new(swept))
        }
        Term::BinOp(left, operator, right) => Term::BinOp(inner(left), operator, inner(right)),
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(in_text).collect()),
        Term::Arr(items) => Term::Arr(items.map(inner)),
        Term::Obj(members) => {
            let members = members.into_iter();
            Term::Obj(
                members
                    .map(|(key, value)| (keeping_order(key), value.map(keeping_order)))
                    .collect(),
            )
        }
        Term::Neg(term) => Term::Neg(inner(term)),
        Term::Label(name, term) => Term::Label(name, inner(term)),
        Term::Fold(name, items, pattern, arguments) => {
            Term::Fold(name, inner(items), pattern, all(arguments))
        }
        Term::TryCatch(term, catch) => Term::TryCatch(inner(term), catch.map(inner)),
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.into_iter();
            Term::IfThenElse(
                branches
                    .map(|(test, result)| (keeping_order(test), keeping_order(result)))
                    .collect(),
                otherwise.map(inner),
            )
        }
        Term::Def(definitions, term) => {
            let definitions = definitions.into_iter();
            Term::Def(
                definitions.map(|def| Def { body: keeping_order(def.body), ..def }).collect(),
                inner(term),
            )
        }
        Term::Call(name, arguments) => Term::Call(name, all(arguments)),
        Term::Path(term, Path(parts)) => {
            let parts = parts.into_iter().map(|(part, optional)| (in_path(part), optional));
            Term::Path(inner(term), Path(parts.collect()))
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => term,
    }
}

fn all(terms: Vec<Code<'_>>) -> Vec<Code<'_>> {
    terms.into_iter().map(keeping_order).collect()
}

fn in_text<'s>(part: StrPart<&'s str, Code<'s>>) -> StrPart<&'s str, Code<'s>> {
    match part {
        StrPart::Term(term) => StrPart::Term(keeping_order(term)),
        other => other,
    }
}

fn in_path(part: Part<Code<'_>>) -> Part<Code<'_>> {
    match part {
        Part::Index(index) => Part::Index(keeping_order(index)),
        Part::Range(from, to) => Part::Range(from.map(keeping_order), to.map(keeping_order)),
    }
}
