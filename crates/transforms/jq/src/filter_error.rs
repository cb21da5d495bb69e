//! Errors in an expression, with their position.

use std::ops::Range;

use jaq_core::compile::Undefined;
use jaq_core::load::{lex, parse, span};
use taskferry_sdk::nearest;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilterError {
    /// The range of the wrong part, in bytes. Empty only if the expression is empty.
    pub(crate) range: Range<usize>,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Names of jq that are not available here, each with an alternative.
const UNAVAILABLE: [(&str, &str); 4] = [
    ("env", "the environment is not accessible; pass values with `args`"),
    ("$ENV", "the environment is not accessible; pass values with `args`"),
    (
        "halt",
        "an expression can't end the run; use `empty` to drop the record, or `error(\"…\")` to refuse it",
    ),
    ("$__prog_args", "pass values with `args`"),
];

const NO_MODULES: &str = "modules can't be loaded; define the functions in the expression";

impl FilterError {
    fn at(text: &str, part: &str, code: &'static str, message: String) -> Self {
        // A part that `syntax` rewrote is not in the text. Its range is then the end of the expression.
        let is_in_text = text.as_bytes().as_ptr_range().contains(&part.as_ptr());
        let part = if is_in_text { part } else { &text[text.len()..] };
        let mut range = span(text, part);
        if range.is_empty() {
            // An error at the end of the text is reported at the last character.
            let last = text.trim_end().char_indices().next_back();
            range = last.map_or(0..0, |(start, letter)| start..start + letter.len_utf8());
        }
        Self { range, code, message, help: None }
    }

    /// An error without a known position.
    pub(crate) fn unexplained(text: &str) -> Self {
        Self::at(text, text, "invalid-jq", "the expression can't be compiled for an unknown reason; please report it with the expression".to_owned())
    }

    /// The bracket or quote at this offset is nested too deeply.
    pub(crate) fn too_deep(offset: usize, limit: usize) -> Self {
        Self {
            range: offset..offset + 1,
            code: "oversized-jq",
            message: format!("brackets are nested deeper than {limit} levels"),
            help: Some("define functions for the inner parts".to_owned()),
        }
    }

    /// An invalid regular expression, or invalid flags of a regular expression.
    pub(crate) fn pattern(range: Range<usize>, message: String) -> Self {
        let help = "docs/jq.md lists the differences from jq's regular expressions";
        Self { range, code: "invalid-regex", message, help: Some(help.to_owned()) }
    }

    /// An object key that is a constant, but not a string.
    pub(crate) fn key(text: &str, part: &str, kind: &str) -> Self {
        let message = format!("object keys must be strings, but `{part}` is a {kind}");
        let help = format!("write `\"{part}\"`, or `({part} | tostring)`");
        Self { help: Some(help), ..Self::at(text, part, "invalid-jq", message) }
    }

    /// `reduce` or `foreach` with a wrong number of arguments.
    pub(crate) fn fold(text: &str, name: &str) -> Self {
        let arguments = if name == "reduce" { "(init; update)" } else { "(init; update; extract)" };
        let message = format!("`{name}` needs arguments: `{name} … as $x {arguments}`");
        Self::at(text, name, "invalid-jq", message)
    }

    /// The expression has too many tokens.
    pub(crate) fn too_long(text: &str, limit: usize) -> Self {
        let message = format!("the expression has more than {limit} tokens");
        let help = "move large constant tables from the expression to `args`".to_owned();
        Self { help: Some(help), ..Self::at(text, &text[text.len()..], "oversized-jq", message) }
    }

    /// An error of the lexer. `rest` is the text from the error on.
    pub(crate) fn lexical(text: &str, (expected, rest): &lex::Error<&str>) -> Self {
        let first = &rest[..rest.chars().next().map_or(0, char::len_utf8)];
        let (part, message) = match expected {
            lex::Expect::Delim(open) => (*open, format!("`{open}` is not closed")),
            lex::Expect::Token if matches!(first, ")" | "]" | "}") => {
                (first, format!("`{first}` has no opening bracket"))
            }
            lex::Expect::Token => (first, format!("`{first}` is not valid in jq")),
            other => (first, format!("a {} is missing", other.as_str())),
        };
        let help = (first == "'").then(|| "write strings in double quotes".to_owned());
        Self { help, ..Self::at(text, part, "invalid-jq", message) }
    }

    /// An error of the parser. An empty `found` is the end of the expression.
    pub(crate) fn syntactic(text: &str, (expected, found): &(parse::Expect<&str>, &str)) -> Self {
        use parse::Expect;
        let wanted = match expected {
            Expect::Just(word) => format!("`{word}`"),
            Expect::Term => "an expression".to_owned(),
            Expect::Nothing => "nothing more".to_owned(),
            Expect::Key => "a key".to_owned(),
            Expect::Var => "a variable like `$x`".to_owned(),
            Expect::Ident => "a name".to_owned(),
            Expect::Str => "a string".to_owned(),
            Expect::Pattern => "a variable, `[…]` or `{…}`".to_owned(),
            other => other.as_str().to_owned(),
        };
        let part = found.lines().next().unwrap_or_default();
        let message = match (expected, part) {
            (_, "") => format!("expected {wanted}, found the end of the expression"),
            (Expect::Nothing, _) => format!("unexpected `{part}`"),
            _ => format!("expected {wanted}, found `{part}`"),
        };
        let is_module = matches!(part, "import" | "include" | "module")
            || text.trim_start().starts_with("import ");
        let help = is_module.then(|| NO_MODULES.to_owned());
        Self { help, ..Self::at(text, found, "invalid-jq", message) }
    }

    /// An undefined name. `functions` are all known functions, and `variables` the variables in `args`.
    pub(crate) fn undefined(
        text: &str,
        name: &str,
        kind: &Undefined,
        functions: &[(String, usize)],
        variables: &[String],
    ) -> Self {
        let (message, help) = match kind {
            Undefined::Var => {
                let near = nearest(name, variables.iter().map(String::as_str));
                let help = near.map_or_else(
                    || "pass it with `args`, or bind it with `… as $name | …`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                (format!("there is no variable `{name}`"), Some(help))
            }
            Undefined::Label => (format!("there is no label `{name}`"), None),
            Undefined::Filter(arity) => undefined_function(name, *arity, functions),
            _ => (
                format!("`{name}` refers to a module, and modules are not supported"),
                Some(NO_MODULES.to_owned()),
            ),
        };
        let unavailable = UNAVAILABLE.iter().find(|(known, _)| *known == name);
        let help = unavailable.map(|(_, why)| (*why).to_owned()).or(help);
        Self { help, ..Self::at(text, name, "undefined-name", message) }
    }
}

fn undefined_function(
    name: &str,
    arity: usize,
    functions: &[(String, usize)],
) -> (String, Option<String>) {
    let mut arities: Vec<usize> =
        functions.iter().filter(|(known, _)| known == name).map(|(_, arity)| *arity).collect();
    arities.sort_unstable();
    arities.dedup();
    if arities.is_empty() {
        let near = nearest(name, functions.iter().map(|(name, _)| name.as_str()));
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if arity == 0 => Some(format!("write `.{name}` for the field")),
            None => None,
        };
        return (format!("there is no function `{name}`"), help);
    }
    let takes: Vec<String> = arities.iter().map(ToString::to_string).collect();
    let noun = if arities == [1] { "argument" } else { "arguments" };
    let message = format!("`{name}` takes {} {noun}, not {arity}", takes.join(" or "));
    (message, Some("arguments are separated by `;`".to_owned()))
}
