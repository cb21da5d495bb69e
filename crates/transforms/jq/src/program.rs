//! A compiled expression, and running it over one value within limits.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jaq_core::load::lex::{Lexer, Token};
use jaq_core::load::parse::{Def, Parser};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::native::Fun;
use jaq_core::{Compiler, Ctx, Exn, Filter, Vars};
use jaq_json::Val;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskferry_json::is_plain;
use taskferry_sdk::{ErrorKind, Record, StageError};

use crate::bounds::{Guard, ended, guarded, guarded_definition, may_loop, with_stack};
use crate::fields::fields_of;
use crate::key_order::keeping_order;
use crate::mistake::Mistake;
use crate::natives::{Data, Globals, functions};
use crate::part::RecordPart;
use crate::patterns;
use crate::read::read;
use crate::size::{self, MAX_NESTING, MAX_WORDS};
use crate::spine::direct;
use crate::value::from_json;
use crate::write::write;

/// The name of the definition that holds the expression, and the program that calls it.
const MAIN: &str = "__expression__";

/// Definitions of jaq that reach out of the expression or are replaced.
const NOT_OFFERED: [&str; 20] = [
    "capture",
    "capture_of_match",
    "del",
    "delpaths",
    "from_entries",
    "gsub",
    "halt",
    "halt_error",
    "join",
    "match",
    "nth",
    "scan",
    "scan_",
    "split",
    "splits",
    "sub",
    "test",
    "toboolean",
    "tonumber",
    "totype",
];

/// As much of jq's own message as is told.
const MESSAGE_LENGTH: usize = 300;

/// How far the work on one record may go.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) results: usize,
}

/// A compiled expression with the values of its variables.
pub(crate) struct Program {
    filter: Filter<Data>,
    variables: Vec<Val>,
    limits: Limits,
    /// The fields that the expression looks at, if these are known to be all.
    fields: Option<Vec<String>>,
    /// Whether it can go on for any number of steps, or has very many.
    is_large: bool,
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Program").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles an expression that may use `args` as variables.
    ///
    /// # Errors
    /// All mistakes of the first step that finds any: letters, grammar, names.
    pub(crate) fn compile(
        text: &str,
        args: &BTreeMap<String, Value>,
        limits: Limits,
    ) -> Result<Self, Vec<Mistake>> {
        let names: Vec<String> = args.keys().map(|name| format!("${name}")).collect();
        let variables = args.values().cloned().map(from_json).collect();
        if let Some(place) = size::too_deep(text) {
            return Err(vec![Mistake::too_deep(place, MAX_NESTING)]);
        }
        let (filter, fields, is_large) = with_stack(true, || compile(text, &names))?;
        Ok(Self { filter, variables, limits, fields, is_large })
    }

    /// All results for one record, each as text.
    ///
    /// # Errors
    /// What the expression refuses, a result that JSON can't hold, or a limit that was passed. The limits are
    /// looked at between results: nothing can be done here while a single one is being computed.
    pub(crate) fn run(&self, record: &Record) -> Result<Vec<Vec<u8>>, StageError> {
        with_stack(self.is_large, || self.run_here(record))
    }

    fn run_here(&self, record: &Record) -> Result<Vec<Vec<u8>>, StageError> {
        let text =
            Some(record.as_bytes()).filter(|text| is_plain(text)).map(Bytes::copy_from_slice);
        let text = text.as_ref();
        let size = text.map_or(0, Bytes::len);
        let part =
            text.zip(self.fields.as_ref()).and_then(|(text, fields)| RecordPart::of(text, fields));
        if let Some((part, input)) = part.and_then(|part| part.input().map(|input| (part, input))) {
            let results = self.results(input, size, |result, out| part.write(result, out))?;
            // A result that does not fit the rest of the record is nothing that an expression is known to do.
            if let Some(results) = results {
                return Ok(results);
            }
        }
        let input = match text.and_then(read) {
            Some(input) => input,
            None => from_json(record.value()?),
        };
        let results = self.results(input, size, |result, out| write(result, out).map(Some))?;
        Ok(results.unwrap_or_default())
    }

    /// All results for an input, as `write` puts them, of about `size` bytes each; `None` as soon as it says so.
    fn results(
        &self,
        input: Val,
        size: usize,
        write: impl Fn(&Val, &mut Vec<u8>) -> Result<Option<()>, String>,
    ) -> Result<Option<Vec<Vec<u8>>>, StageError> {
        let started = Instant::now();
        let marked = Cell::new(false);
        let guard = Guard::new();
        let globals = Globals { lut: &self.filter.lut, marked: &marked, guard: &guard };
        let context = Ctx::<Data>::new(globals, Vars::new(self.variables.iter().cloned()));
        let mut results = Vec::new();
        for result in self.filter.id.run((context, input)) {
            if started.elapsed() > self.limits.time {
                return Err(too_slow(self.limits.time));
            }
            if results.len() == self.limits.results {
                return Err(too_many(self.limits.results));
            }
            let (result, mut text) = (result.map_err(refused)?, Vec::with_capacity(size));
            let written = write(&result, &mut text);
            if written.map_err(|reason| StageError::new(ErrorKind::Record, reason))?.is_none() {
                return Ok(None);
            }
            results.push(text);
        }
        Ok(Some(results))
    }
}

type Compiled = (Filter<Data>, Option<Vec<String>>, bool);

/// An expression of more words works on a large stack.
const FEW_WORDS: usize = 150;

fn compile(text: &str, variables: &[String]) -> Result<Compiled, Vec<Mistake>> {
    let mut definitions = standard_definitions();
    let functions: Vec<_> = functions().collect();
    let known = names(&definitions, &functions);
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        errors.iter().map(|error| Mistake::lexical(text, error)).collect::<Vec<_>>()
    })?;
    let words = size::words(&tokens);
    if words > MAX_WORDS {
        return Err(vec![Mistake::too_long(text, MAX_WORDS)]);
    }
    let body = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let errors = errors.into_iter();
        let errors = errors.map(|(expected, found)| (expected, Token::opt_as_str(found, text)));
        errors.map(|error| Mistake::syntactic(text, &error)).collect::<Vec<_>>()
    })?;
    let mistakes = patterns::mistakes(text, &body);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let fields = fields_of(&body).map(|fields| fields.into_iter().collect());
    let mut body = keeping_order(direct(body));
    let loops = looping(&definitions);
    let is_large = may_loop(&body, |name| loops.contains(name)) || words > FEW_WORDS;
    if is_large {
        definitions = definitions.into_iter().map(guarded_definition).collect();
        body = guarded(body);
    }
    definitions.push(Def { name: MAIN, args: Vec::new(), body });
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: MAIN, path: () })
        .map_err(|_| vec![Mistake::unexplained(text)])?;
    let filter = Compiler::default()
        .with_funs(functions)
        .with_global_vars(variables.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            let errors = errors.iter().flat_map(|(_, undefined)| undefined);
            // Ours is all that a name can stand in, unless the definitions around it are broken.
            let ours = errors.filter(|(name, _)| stands_in(name, text));
            let mistakes: Vec<Mistake> = ours
                .map(|(name, kind)| Mistake::undefined(text, name, kind, &known, variables))
                .collect();
            if mistakes.is_empty() { vec![Mistake::unexplained(text)] } else { mistakes }
        })?;
    Ok((filter, fields, is_large))
}

/// The names of those definitions that can go on for any number of steps. Each uses only what stands above it.
fn looping<'s>(definitions: &[Def<&'s str>]) -> BTreeSet<&'s str> {
    definitions.iter().fold(BTreeSet::new(), |mut names, definition| {
        if may_loop(&definition.body, |name| names.contains(name) || name == definition.name) {
            names.insert(definition.name);
        }
        names
    })
}

/// What jq text can use beside what it defines itself.
fn standard_definitions<'s>() -> Vec<Def<&'s str>> {
    let jaq = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let mut definitions: Vec<Def<&'s str>> =
        jaq.filter(|definition| !NOT_OFFERED.contains(&definition.name)).collect();
    let own = load::parse(include_str!("prelude.jq"), |parser| parser.defs());
    definitions.extend(own.into_iter().flatten());
    definitions
}

fn names(definitions: &[Def<&str>], functions: &[Fun<Data>]) -> Vec<(String, usize)> {
    let defined = definitions.iter().map(|definition| (definition.name, definition.args.len()));
    let native = functions.iter().map(|(name, binds, _)| (*name, binds.len()));
    let offered =
        defined.chain(native).filter(|(name, _)| !name.starts_with('!') && !is_hidden(name));
    offered.map(|(name, arity)| (name.to_owned(), arity)).collect()
}

fn is_hidden(name: &str) -> bool {
    name.ends_with("_empty") || name.ends_with("_unchecked")
}

fn stands_in(part: &str, text: &str) -> bool {
    text.as_bytes().as_ptr_range().contains(&part.as_ptr())
}

fn refused(exception: Exn<'_, Val>) -> StageError {
    let error = match exception.get_err() {
        Ok(error) => error,
        Err(end) => return ended(end),
    };
    let text = match error.into_val() {
        Val::TStr(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => other.to_string(),
    };
    let mut shown: String = text.chars().take(MESSAGE_LENGTH).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    StageError::new(ErrorKind::Record, format!("the jq expression failed: {shown}"))
}

/// The error for a record that took longer than it may.
pub(crate) fn too_slow(limit: Duration) -> StageError {
    let limit =
        taskferry_sdk::Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
    StageError::new(ErrorKind::Limit, format!("the jq expression took longer than {limit}"))
        .hint("look for an endless loop, or raise `time_limit`")
}

fn too_many(limit: usize) -> StageError {
    StageError::new(ErrorKind::Limit, format!("the jq expression gave more than {limit} results"))
        .hint("look for an endless loop, or raise `max_results`")
}

#[cfg(test)]
mod fields_tests;
#[cfg(test)]
mod tests;
