//! The functions of jq: those of the library, which is written in jq, and native ones.

use jaq_core::load;
use jaq_core::load::parse::Def;

use crate::clock::ClockValue;
use crate::constant::Constant;
use crate::natives;
use crate::value::Value;

/// A native function of an input and the values of its arguments. An error is its message.
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

const SPECIALS: [(&str, usize, Special); 12] = [
    ("empty", 0, Special::Empty),
    ("error", 0, Special::Error),
    ("path", 1, Special::Path),
    ("getpath", 1, Special::GetPath),
    ("first", 1, Special::First),
    ("last", 1, Special::Last),
    ("limit", 2, Special::Limit),
    ("skip", 2, Special::Skip),
    ("range", 3, Special::Range),
    ("walk", 1, Special::Walk),
    ("sub", 3, Special::Substitute { is_global: false }),
    ("gsub", 3, Special::Substitute { is_global: true }),
];

const CONSTANTS: [(&str, Constant); 5] = [
    ("null", Constant::Null),
    ("true", Constant::Bool(true)),
    ("false", Constant::Bool(false)),
    ("nan", Constant::Float(f64::NAN)),
    ("infinite", Constant::Float(f64::INFINITY)),
];

const CLOCK_VALUES: [(&str, ClockValue); 2] =
    [("now", ClockValue::Now), ("_zone", ClockValue::Zone)];

/// The meaning of a name that is not defined in jq text.
pub(crate) enum Builtin {
    Constant(Constant),
    Clock(ClockValue),
    Function(Function),
    Special(Special),
}

pub(crate) fn find(name: &str, arity: usize) -> Option<Builtin> {
    if let Some((_, constant)) = CONSTANTS.iter().find(|(known, _)| *known == name && arity == 0) {
        return Some(Builtin::Constant(constant.clone()));
    }
    if let Some((_, value)) = CLOCK_VALUES.iter().find(|(known, _)| *known == name && arity == 0) {
        return Some(Builtin::Clock(*value));
    }
    let is_it = |known: &str, takes: usize| known == name && takes == arity;
    if let Some((.., special)) = SPECIALS.iter().find(|(known, takes, _)| is_it(known, *takes)) {
        return Some(Builtin::Special(*special));
    }
    let mut tables = natives::TABLES.iter().flat_map(|table| table.iter());
    let found = tables.find(|(known, takes, _)| is_it(known, *takes));
    found.map(|(.., function)| Builtin::Function(*function))
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
    let constants = CONSTANTS.iter().map(|(name, _)| (*name, 0));
    let clock = CLOCK_VALUES.iter().map(|(name, _)| (*name, 0));
    let specials = SPECIALS.iter().map(|(name, arity, _)| (*name, *arity));
    let tables = natives::TABLES.iter().flat_map(|table| table.iter());
    let functions = tables.map(|(name, arity, _)| (*name, *arity));
    let all = defined.chain(constants).chain(clock).chain(specials).chain(functions);
    let offered = all.filter(|(name, _)| !name.starts_with('_'));
    offered.map(|(name, arity)| (name.to_owned(), arity)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;
    use crate::syntax::parse;

    #[test]
    fn every_function_of_the_library_compiles() {
        let library = library();
        assert!(library.len() >= 100);
        for (name, arity) in names(&library) {
            if name.starts_with('@') {
                continue;
            }
            let arguments = vec!["."; arity].join(";");
            let text = if arity == 0 { name } else { format!("{name}({arguments})") };
            let (body, _) = parse(&text).unwrap_or_else(|_| panic!("{text}"));
            let mistakes = compile(&text, &body, &[]).err();
            assert_eq!(mistakes, None, "{text}");
        }
    }
}
