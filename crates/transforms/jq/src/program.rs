//! A compiled expression, and its evaluation over one record within limits.

use std::collections::BTreeMap;
use std::fmt;

use taskferry_json::{Document, Node, Text, TextWriter};
use taskferry_sdk::{ErrorKind, Record, StageError, shortened};

use crate::clock::Clock;
use crate::compile::compile;
use crate::env::{Binding, Env};
use crate::eval::Evaluator;
use crate::expr::{Code, ExprId};
use crate::filter_error::FilterError;
use crate::item::{Flow, Item, Stop};
use crate::limits::{LimitChecker, LimitError, Limits, with_stack};
use crate::result::write;
use crate::syntax::{parse, without_surrogates};
use crate::value::Value;

/// The maximum length of an error message of the expression, in characters.
const MESSAGE_LENGTH: usize = 300;

/// A compiled expression and the values of its variables.
pub(crate) struct Program {
    code: Code,
    body: ExprId,
    variables: Vec<Document>,
    pub(crate) limits: Limits,
    clock: Clock,
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Program").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles an expression. `args` are its variables.
    ///
    /// # Errors
    /// All errors of the first step that fails: the lexer, the parser, or the compiler.
    pub(crate) fn compile(
        text: &str,
        args: &BTreeMap<String, serde_json::Value>,
        limits: Limits,
    ) -> Result<Self, Vec<FilterError>> {
        let names: Vec<String> = args.keys().map(|name| format!("${name}")).collect();
        let variables = args.values().map(|value| Document::parse(Text::value(value)));
        let variables = variables
            .collect::<Result<_, _>>()
            .map_err(|_| vec![FilterError::unexplained(text)])?;
        let (code, body) = with_stack(true, || -> Result<_, Vec<FilterError>> {
            let text = without_surrogates(text);
            let (body, is_long) = parse(&text)?;
            let (mut code, body) = compile(&text, &body, &names)?;
            code.is_large |= is_long;
            Ok((code, body))
        })?;
        Ok(Self { code, body, variables, limits, clock: Clock::default() })
    }

    /// Sets the time that the expression sees.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// All results for a record.
    pub(crate) fn run(&self, record: &Record) -> Result<Vec<Record>, StageError> {
        with_stack(self.code.is_large, || self.results(record.root()?))
    }

    fn results(&self, input: Node<'_>) -> Result<Vec<Record>, StageError> {
        let length = input.raw().len();
        let limits = LimitChecker::new(self.limits, self.code.is_large);
        let evaluator = Evaluator::new(&self.code, &limits, &self.clock);
        let variables = self.variables.iter().map(|value| Binding::Value(Value::of(value.root())));
        let env = variables.fold(Env::default(), Env::with);
        let mut results = Results::default();
        let ended =
            evaluator.run(self.body, &env, Item::untracked(Value::of(input)), &mut |item| {
                limits.check_time()?;
                if results.count == self.limits.results {
                    return Err(Stop::Limit(LimitError::TooManyResults));
                }
                results.add(&item.value, length)
            });
        match ended {
            Ok(()) => Ok(results.finish()),
            Err(Stop::Limit(error)) => Err(limits.error(error)),
            Err(_) if results.write_error.is_some() => {
                Err(StageError::new(ErrorKind::Record, results.write_error.unwrap_or_default()))
            }
            Err(Stop::Error(value)) => Err(failed(&value)),
            Err(Stop::Break(_) | Stop::Consumer) => Err(StageError::new(
                ErrorKind::Defect,
                "the jq expression stopped without a result or an error; please report it as a defect",
            )),
        }
    }
}

/// The results for one record: unchanged parts of it, and new texts that share one buffer.
#[derive(Default)]
struct Results {
    parts: Vec<Option<Record>>,
    texts: TextWriter,
    count: usize,
    /// Why a result can't be written.
    write_error: Option<String>,
}

impl Results {
    /// Adds a result. `length` is the approximate length of its text.
    fn add<'r>(&mut self, value: &Value<'r>, length: usize) -> Flow<'r> {
        self.count += 1;
        if let Some(node) = value.as_container_node() {
            self.parts.push(Some(Record::from_node(node)));
            return Ok(());
        }
        if self.parts.is_empty() {
            self.texts = TextWriter::with_capacity(length);
        }
        self.parts.push(None);
        write(value, &mut self.texts).map_err(|reason| {
            self.write_error = Some(reason);
            Stop::Consumer
        })
    }

    fn finish(self) -> Vec<Record> {
        let mut texts = self.texts.finish();
        let parts = self.parts.into_iter();
        parts.filter_map(|part| part.or_else(|| texts.next().map(Record::from))).collect()
    }
}

fn failed(error: &Value<'_>) -> StageError {
    let text = match error {
        Value::String(text) => text.as_str().into_owned(),
        other => other.to_string(),
    };
    let shown = shortened(&text, MESSAGE_LENGTH);
    StageError::new(ErrorKind::Record, format!("the jq expression failed: {shown}"))
}
