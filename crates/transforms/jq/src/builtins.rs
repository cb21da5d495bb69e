//! The functions that jq text can use: those of the library, which are written in jq, and those that are written here.

use jaq_core::load;
use jaq_core::load::parse::Def;

use crate::constant::Constant;
use crate::natives;
use crate::value::Value;

/// What a function makes of its input and the values of its arguments, or the message of an error.
pub(crate) type Function = for<'r> fn(Value<'r>, &[Value<'r>]) -> Answer<'r>;
pub(crate) type Answer<'r> = Result<Value<'r>, String>;
/// Functions, with their names and the number of their arguments.
pub(crate) type Table = &'static [(&'static str, usize, Function)];

/// A function that runs its arguments itself.
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

/// What a name stands for that is not defined in jq text.
pub(crate) enum Builtin {
    Constant(Constant),
    Function(Function),
    Special(Special),
}

pub(crate) fn find(name: &str, arity: usize) -> Option<Builtin> {
    if let Some((_, constant)) = CONSTANTS.iter().find(|(known, _)| *known == name && arity == 0) {
        return Some(Builtin::Constant(constant.clone()));
    }
    let is_it = |known: &str, takes: usize| known == name && takes == arity;
    if let Some((.., special)) = SPECIALS.iter().find(|(known, takes, _)| is_it(known, *takes)) {
        return Some(Builtin::Special(*special));
    }
    let mut tables = natives::TABLES.iter().flat_map(|table| table.iter());
    let found = tables.find(|(known, takes, _)| is_it(known, *takes));
    found.map(|(.., function)| Builtin::Function(*function))
}

/// Whether a function can make a value that is nested as deep as a value may be.
pub(crate) fn may_nest(name: &str) -> bool {
    matches!(name, "fromjson" | "setpath" | "delpaths")
}

/// What is written in jq.
pub(crate) fn library() -> Vec<Def<&'static str>> {
    load::parse(include_str!("library.jq"), |parser| parser.defs()).unwrap_or_default()
}

/// The names of all functions, with the number of their arguments.
pub(crate) fn names(library: &[Def<&str>]) -> Vec<(String, usize)> {
    let defined = library.iter().map(|definition| (definition.name, definition.args.len()));
    let constants = CONSTANTS.iter().map(|(name, _)| (*name, 0));
    let specials = SPECIALS.iter().map(|(name, arity, _)| (*name, *arity));
    let tables = natives::TABLES.iter().flat_map(|table| table.iter());
    let functions = tables.map(|(name, arity, _)| (*name, *arity));
    let all = defined.chain(constants).chain(specials).chain(functions);
    let offered = all.filter(|(name, _)| !name.starts_with('_'));
    offered.map(|(name, arity)| (name.to_owned(), arity)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;
    use crate::syntax::parse;

    #[test]
    fn the_library_is_whole() {
        let library = library();
        assert!(library.len() > 100);
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
