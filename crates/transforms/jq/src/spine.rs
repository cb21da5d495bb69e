//! The steps of an expression, put more directly.
//!
//! Most expressions are a few steps one after the other, `.a = f | del(.b)`, and jaq takes a general way for each: it makes a path,
//! then follows it. Steps that set or take out one field of the record are done at once by functions that know what to do,
//! and that do the same as the general way of whatever is no object.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};
use jaq_core::{Cv, ValT as _, ValXs};
use jaq_json::Val;

use crate::natives::Data;
use crate::removal::without;
use crate::walk::{Code, pipe};

/// Sets one field. No jq text can spell this name.
pub(crate) const WITH: &str = "!with";
/// Takes one field out.
pub(crate) const WITHOUT: &str = "!without";

/// The same expression, with the steps that set or take out fields put directly.
pub(crate) fn direct(term: Code<'_>) -> Code<'_> {
    match term {
        Term::BinOp(left, BinaryOp::Pipe(None), right) => pipe(direct(*left), direct(*right)),
        Term::BinOp(left, BinaryOp::Assign, right) => match field(&left) {
            Some(name) => Term::Call(WITH, vec![name, *right]),
            None => Term::BinOp(left, BinaryOp::Assign, right),
        },
        Term::Call("del", places) => {
            let names = places.first().and_then(fields).filter(|_| places.len() == 1);
            let steps =
                names.map(|names| names.into_iter().map(|name| Term::Call(WITHOUT, vec![name])));
            steps.and_then(|steps| steps.reduce(pipe)).unwrap_or(Term::Call("del", places))
        }
        other => other,
    }
}

/// The name in `.name`.
fn field<'s>(term: &Code<'s>) -> Option<Code<'s>> {
    let Term::Path(of, Path(parts)) = term else { return None };
    match (&**of, &parts[..]) {
        (Term::Id, [(Part::Index(name), Opt::Essential)]) => constant(name).map(|_| name.clone()),
        _ => None,
    }
}

fn constant<'s>(term: &Code<'s>) -> Option<&'s str> {
    match term {
        Term::Str(None, parts) => match parts[..] {
            [StrPart::Str(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The names in `.a, .b`, in their order: the first tells what is wrong with what is no object.
fn fields<'s>(term: &Code<'s>) -> Option<Vec<Code<'s>>> {
    match term {
        Term::BinOp(left, BinaryOp::Comma, right) => Some([fields(left)?, fields(right)?].concat()),
        other => Some(vec![field(other)?]),
    }
}

/// `.name = value`.
pub(crate) fn with((mut context, input): Cv<'_, Data>) -> ValXs<'_, Val> {
    let (value, outside) = context.pop_fun();
    let (name, around) = context.pop_fun();
    let names = name.run((around, Val::Null));
    Box::new(names.flat_map(move |name| {
        let (input, values) = (input.clone(), value.run((outside.clone(), input.clone())));
        values.map(move |value| {
            let (name, value) = (name.clone()?, value?);
            input.clone().map_index(&name, Opt::Essential, |_| std::iter::once(Ok(value.clone())))
        })
    }))
}

/// `del(.name)`.
pub(crate) fn without_field((mut context, input): Cv<'_, Data>) -> ValXs<'_, Val> {
    let (name, around) = context.pop_fun();
    let names = name.run((around, Val::Null));
    Box::new(names.map(move |name| without(input.clone(), &name?).map_err(Into::into)))
}
