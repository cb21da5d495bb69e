//! What can be wrong with an expression, in plain words and with the place.

use std::ops::Range;

use jaq_core::compile::Undefined;
use jaq_core::load::{lex, parse, span};
use taskferry_sdk::nearest;

/// One mistake in an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The bytes of the expression that are wrong; never empty unless the expression is.
    pub(crate) range: Range<usize>,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Names that jq has and that are kept out of reach here, with what to do instead.
const KEPT_OUT: [(&str, &str); 4] = [
    ("env", "the environment is out of reach; hand values in with `args`"),
    ("$ENV", "the environment is out of reach; hand values in with `args`"),
    (
        "halt",
        "an expression can't end the run; `empty` drops the record, `error(\"…\")` refuses it",
    ),
    ("$__prog_args", "hand values in with `args`"),
];

impl Mistake {
    fn at(text: &str, part: &str, code: &'static str, message: String) -> Self {
        // A part that was written in another way before it was parsed stands nowhere.
        let stands_in = text.as_bytes().as_ptr_range().contains(&part.as_ptr());
        let part = if stands_in { part } else { &text[text.len()..] };
        let mut range = span(text, part);
        if range.is_empty() {
            // The end of the text: the last letter can be pointed at, nothing can't.
            let last = text.trim_end().char_indices().next_back();
            range = last.map_or(0..0, |(start, letter)| start..start + letter.len_utf8());
        }
        Self { range, code, message, help: None }
    }

    /// Something is wrong that nothing points at.
    pub(crate) fn unexplained(text: &str) -> Self {
        Self::at(text, text, "jq::syntax", "the expression can't be compiled".to_owned())
    }

    /// The bracket or quote at this byte lies in too many others.
    pub(crate) fn too_deep(place: usize, limit: usize) -> Self {
        Self {
            range: place..place + 1,
            code: "jq::size",
            message: format!("brackets are nested deeper than {limit} levels"),
            help: Some("define functions for the inner parts".to_owned()),
        }
    }

    /// A pattern, or the letters of its flags, can't be used.
    pub(crate) fn pattern(range: Range<usize>, message: String) -> Self {
        let help = "docs/jq.md lists what differs from jq's regular expressions";
        Self { range, code: "jq::regex", message, help: Some(help.to_owned()) }
    }

    /// A constant that is no string stands where a key of an object should.
    pub(crate) fn key(text: &str, part: &str, kind: &str) -> Self {
        let message = format!("`{part}` is a {kind}, and keys must be strings");
        let help = format!("write `\"{part}\"`, or `({part} | tostring)`");
        Self { help: Some(help), ..Self::at(text, part, "jq::syntax", message) }
    }

    /// `reduce` or `foreach` with too few or too many arguments.
    pub(crate) fn fold(text: &str, name: &str) -> Self {
        let arguments = if name == "reduce" { "(init; update)" } else { "(init; update; extract)" };
        let message = format!("`{name}` needs arguments: `{name} … as $x {arguments}`");
        Self::at(text, name, "jq::syntax", message)
    }

    /// There are more words than an expression may have.
    pub(crate) fn too_long(text: &str, limit: usize) -> Self {
        let mut mistake = Self::at(
            text,
            &text[text.len()..],
            "jq::size",
            format!("the expression has more than {limit} words and signs"),
        );
        mistake.help = Some("hand tables in with `args`".to_owned());
        mistake
    }

    /// What the lexer could not make sense of: `part` is what was left from there on.
    pub(crate) fn lexical(text: &str, (expected, rest): &lex::Error<&str>) -> Self {
        let first = &rest[..rest.chars().next().map_or(0, char::len_utf8)];
        let (part, message) = match expected {
            lex::Expect::Delim(open) => (*open, format!("the `{open}` is never closed")),
            lex::Expect::Token if matches!(first, ")" | "]" | "}") => {
                (first, format!("the `{first}` closes nothing"))
            }
            lex::Expect::Token => (first, format!("`{first}` means nothing in jq")),
            other => (first, format!("a {} is missing", other.as_str())),
        };
        let mut mistake = Self::at(text, part, "jq::syntax", message);
        if first == "'" {
            mistake.help = Some("jq texts stand in double quotes".to_owned());
        }
        mistake
    }

    /// What the parser did not expect; an empty `found` is the end of the expression.
    pub(crate) fn syntactic(text: &str, (expected, found): &(parse::Expect<&str>, &str)) -> Self {
        use parse::Expect;
        let wanted = match expected {
            Expect::Just(word) => format!("`{word}`"),
            Expect::Term => "an expression".to_owned(),
            Expect::Nothing => "nothing more".to_owned(),
            Expect::Key => "a key".to_owned(),
            Expect::Var => "a variable like `$x`".to_owned(),
            Expect::Ident => "a name".to_owned(),
            Expect::Str => "a text".to_owned(),
            Expect::Pattern => "a variable, `[…]` or `{…}`".to_owned(),
            other => other.as_str().to_owned(),
        };
        let part = found.lines().next().unwrap_or_default();
        let message = match (expected, part) {
            (_, "") => format!("the expression ends where {wanted} should stand"),
            (Expect::Nothing, _) => format!("`{part}` does not belong here"),
            _ => format!("`{part}` stands where {wanted} should"),
        };
        let mut mistake = Self::at(text, found, "jq::syntax", message);
        if matches!(part, "import" | "include" | "module")
            || text.trim_start().starts_with("import ")
        {
            mistake.help = Some("modules can't be loaded; define what is needed here".to_owned());
        }
        mistake
    }

    /// A name that nothing stands behind. `functions` are all that there are, `variables` those from `args`.
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
                    || "hand it in with `args`, or bind it with `… as $name | …`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                (format!("there is no variable `{name}`"), Some(help))
            }
            Undefined::Label => (format!("there is no label `{name}`"), None),
            Undefined::Filter(arity) => undefined_function(name, *arity, functions),
            _ => (
                format!("there is no module for `{name}`"),
                Some("modules can't be loaded; define what is needed here".to_owned()),
            ),
        };
        let kept_out = KEPT_OUT.iter().find(|(known, _)| *known == name);
        let help = kept_out.map(|(_, why)| (*why).to_owned()).or(help);
        Self { help, ..Self::at(text, name, "jq::undefined", message) }
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
        let help = near.map(|near| format!("did you mean `{near}`?"));
        return (format!("there is no function `{name}`"), help);
    }
    let takes: Vec<String> = arities.iter().map(ToString::to_string).collect();
    let noun = if arities == [1] { "argument" } else { "arguments" };
    let message = format!("`{name}` takes {} {noun}, not {arity}", takes.join(" or "));
    (message, Some("arguments are separated by `;`".to_owned()))
}
