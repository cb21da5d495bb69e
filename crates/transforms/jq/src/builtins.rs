//! The functions of jq: the definitions in `library.jq`, and native functions.

use jaq_core::load;
use jaq_core::load::parse::Def;

use crate::clock::ClockValue;
use crate::constant::Constant;
use crate::natives;
use crate::value::Value;

/// A native function of an input and the values of its arguments. The error is a message.
pub(crate) type Function = for<'r> fn(Value<'r>, &[Value<'r>]) -> FunctionResult<'r>;
pub(crate) type FunctionResult<'r> = Result<Value<'r>, String>;
/// Native functions with their names and numbers of arguments.
pub(crate) type FunctionTable = &'static [(&'static str, usize, Function)];

/// A function that evaluates its arguments itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    Empty,
    Error,
    Path,
    GetPath,
    First,
    Last,
    Limit,
    Skip,
    Range,
    Walk,
    Substitute { is_global: bool },
}

/// The implementation of a name that is not defined in `library.jq`.
#[derive(Debug, Clone)]
pub(crate) enum Builtin {
    Constant(Constant),
    Clock(ClockValue),
    Function(Function),
    Special(Special),
}

/// Names with their numbers of arguments.
static BUILTINS: [(&str, usize, Builtin); 19] = [
    ("null", 0, Builtin::Constant(Constant::Null)),
    ("true", 0, Builtin::Constant(Constant::Bool(true))),
    ("false", 0, Builtin::Constant(Constant::Bool(false))),
    ("nan", 0, Builtin::Constant(Constant::Float(f64::NAN))),
    ("infinite", 0, Builtin::Constant(Constant::Float(f64::INFINITY))),
    ("now", 0, Builtin::Clock(ClockValue::Now)),
    ("_zone", 0, Builtin::Clock(ClockValue::Zone)),
    ("empty", 0, Builtin::Special(Special::Empty)),
    ("error", 0, Builtin::Special(Special::Error)),
    ("path", 1, Builtin::Special(Special::Path)),
    ("getpath", 1, Builtin::Special(Special::GetPath)),
    ("first", 1, Builtin::Special(Special::First)),
    ("last", 1, Builtin::Special(Special::Last)),
    ("limit", 2, Builtin::Special(Special::Limit)),
    ("skip", 2, Builtin::Special(Special::Skip)),
    ("range", 3, Builtin::Special(Special::Range)),
    ("walk", 1, Builtin::Special(Special::Walk)),
    ("sub", 3, Builtin::Special(Special::Substitute { is_global: false })),
    ("gsub", 3, Builtin::Special(Special::Substitute { is_global: true })),
];

pub(crate) fn find(name: &str, arity: usize) -> Option<Builtin> {
    let builtin = BUILTINS.iter().find(|(known, takes, _)| (*known, *takes) == (name, arity));
    let function =
        || natives::functions().find(|(known, takes, _)| (*known, *takes) == (name, arity));
    match builtin {
        Some((.., builtin)) => Some(builtin.clone()),
        None => function().map(|(.., function)| Builtin::Function(*function)),
    }
}

/// Whether a function can return a value of any depth without recursion in the expression.
pub(crate) fn may_nest(name: &str) -> bool {
    matches!(name, "fromjson" | "setpath" | "delpaths")
}

/// The definitions that are written in jq.
pub(crate) fn library() -> Vec<Def<&'static str>> {
    load::parse(include_str!("library.jq"), |parser| parser.defs()).unwrap_or_default()
}

/// The names of all functions with their numbers of arguments.
pub(crate) fn names(library: &[Def<&str>]) -> Vec<(String, usize)> {
    let defined = library.iter().map(|definition| (definition.name, definition.args.len()));
    let builtins = BUILTINS.iter().map(|(name, arity, _)| (*name, *arity));
    let functions = natives::functions().map(|(name, arity, _)| (*name, *arity));
    let offered = defined.chain(builtins).chain(functions);
    let offered = offered.filter(|(name, _)| !name.starts_with('_'));
    offered.map(|(name, arity)| (name.to_owned(), arity)).collect()
}
