//! What names stand for while an expression is compiled.

use std::collections::HashMap;

use jaq_core::compile::Undefined;
use jaq_core::load::parse::{Def, Term};

use crate::builtins::{self, Builtin};
use crate::expr::{Access, Argument, Call, Code, Expr, ExprId, How, Kind, Part, Pattern, Step};
use crate::mistake::Mistake;

/// An expression that is being compiled, and what its names stand for at the place that was reached.
pub(crate) struct Compiler<'s> {
    pub(crate) text: &'s str,
    pub(crate) code: Code,
    pub(crate) mistakes: Vec<Mistake>,
    library: &'s [Def<&'static str>],
    /// The definitions of the library that were needed so far.
    needed: HashMap<(&'s str, usize), usize>,
    definitions: Vec<Known>,
    scope: Vec<Entry<'s>>,
    /// How many values, filters and labels the environment holds.
    slots: usize,
    variables: &'s [String],
}

/// What is known of a definition.
struct Known {
    takes_values: Vec<bool>,
    /// Whether it has exactly one result; `None` while it is compiled.
    is_single: Option<bool>,
}

struct Entry<'s> {
    name: &'s str,
    what: What,
    /// How many were in the environment before.
    slots: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Variable,
    /// A variable that is an argument, and can be called by its name without `$` too.
    Value,
    Filter,
    Label,
    Definition {
        id: usize,
        arity: usize,
    },
}

impl What {
    pub(crate) fn is_variable(self) -> bool {
        matches!(self, Self::Variable | Self::Value)
    }

    pub(crate) fn is_label(self) -> bool {
        matches!(self, Self::Label)
    }
}

impl<'s> Compiler<'s> {
    /// A compiler with some variables, which are the outermost of the environment.
    pub(crate) fn new(
        text: &'s str,
        library: &'s [Def<&'static str>],
        variables: &'s [String],
    ) -> Self {
        let mut compiler = Self {
            text,
            code: Code::default(),
            mistakes: Vec::new(),
            library,
            needed: HashMap::new(),
            definitions: Vec::new(),
            scope: Vec::new(),
            slots: 0,
            variables,
        };
        for name in variables {
            compiler.bind(name, What::Variable);
        }
        compiler
    }

    pub(crate) fn finish(mut self, body: ExprId) -> Result<(Code, ExprId), Vec<Mistake>> {
        if self.mistakes.is_empty() {
            return Ok((self.code, body));
        }
        self.mistakes.sort_by_key(|mistake| mistake.range.start);
        Err(self.mistakes)
    }

    /// Adds something to the environment.
    pub(crate) fn bind(&mut self, name: &'s str, what: What) {
        self.scope.push(Entry { name, what, slots: self.slots });
        self.slots += 1;
    }

    /// What is bound in `compile` ends with it.
    pub(crate) fn scoped<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> T {
        let (entries, slots) = (self.scope.len(), self.slots);
        let compiled = compile(self);
        self.scope.truncate(entries);
        self.slots = slots;
        compiled
    }

    /// The place in the environment, from its end, of a variable or label.
    pub(crate) fn find(&self, name: &str, is_wanted: fn(What) -> bool) -> Option<usize> {
        let mut entries = self.scope.iter().rev();
        let entry = entries.find(|entry| is_wanted(entry.what) && entry.name == name)?;
        Some(self.slots - 1 - entry.slots)
    }

    pub(crate) fn undefined(&mut self, name: &str, kind: &Undefined) -> Kind {
        let functions = builtins::names(self.library);
        let mistake = Mistake::undefined(self.text, name, kind, &functions, self.variables);
        self.mistakes.push(mistake);
        Kind::Id
    }

    pub(crate) fn call(&mut self, name: &'s str, arguments: &[Term<&'s str>]) -> Kind {
        let arity = arguments.len();
        let found = self.scope.iter().rev().find(|entry| match entry.what {
            What::Definition { arity: known, .. } => entry.name == name && known == arity,
            What::Filter => entry.name == name && arity == 0,
            What::Value => entry.name.strip_prefix('$') == Some(name) && arity == 0,
            What::Variable | What::Label => false,
        });
        if let Some(entry) = found {
            let inner = self.slots - entry.slots;
            return match entry.what {
                What::Definition { id, .. } => self.call_definition(id, arguments, inner),
                What::Filter => Kind::Filter(inner - 1),
                _ => Kind::Variable(inner - 1),
            };
        }
        if let Some(id) = self.library_definition(name, arity) {
            return self.call_definition(id, arguments, self.slots);
        }
        match builtins::find(name, arity) {
            Some(Builtin::Constant(constant)) => Kind::Constant(constant),
            Some(Builtin::Function(function)) => {
                self.code.is_large |= builtins::may_nest(name);
                Kind::Function(function, self.terms(arguments))
            }
            Some(Builtin::Special(special)) => Kind::Special(special, self.terms(arguments)),
            None => {
                self.terms(arguments);
                self.undefined(name, &Undefined::Filter(arity))
            }
        }
    }

    fn call_definition(&mut self, id: usize, arguments: &[Term<&'s str>], skip: usize) -> Kind {
        let Some(known) = self.definitions.get(id) else { return Kind::Id };
        self.code.is_large |= known.is_single.is_none();
        let takes_values = known.takes_values.clone();
        let arguments = arguments.iter().zip(takes_values).map(|(argument, takes_value)| {
            let argument = self.term(argument);
            if takes_value { Argument::Value(argument) } else { Argument::Filter(argument) }
        });
        let arguments = arguments.collect();
        Kind::Call(Call { definition: id, arguments, skip })
    }

    /// A definition of the library, which is compiled when it is needed for the first time.
    fn library_definition(&mut self, name: &'s str, arity: usize) -> Option<usize> {
        if let Some(id) = self.needed.get(&(name, arity)) {
            return Some(*id);
        }
        let library = self.library;
        let definition =
            library.iter().find(|known| known.name == name && known.args.len() == arity)?;
        let id = self.declare(definition);
        self.needed.insert((name, arity), id);
        let (scope, slots) = (std::mem::take(&mut self.scope), std::mem::take(&mut self.slots));
        self.complete(id, definition);
        (self.scope, self.slots) = (scope, slots);
        Some(id)
    }

    /// A definition of the expression's own, which can be called from its body on.
    pub(crate) fn define(&mut self, definition: &Def<&'s str>) {
        self.code.is_large = true;
        let id = self.declare(definition);
        let what = What::Definition { id, arity: definition.args.len() };
        self.scope.push(Entry { name: definition.name, what, slots: self.slots });
        self.complete(id, definition);
    }

    fn declare(&mut self, definition: &Def<&'s str>) -> usize {
        let takes_values: Vec<bool> =
            definition.args.iter().map(|name| name.starts_with('$')).collect();
        let id = self.code.define(takes_values.contains(&false));
        self.definitions.push(Known { takes_values, is_single: None });
        id
    }

    fn complete(&mut self, id: usize, definition: &Def<&'s str>) {
        let body = self.scoped(|compiler| {
            for name in &definition.args {
                let what = if name.starts_with('$') { What::Value } else { What::Filter };
                compiler.bind(name, what);
            }
            compiler.term(&definition.body)
        });
        self.code.set_body(id, body);
        if let Some(known) = self.definitions.get_mut(id) {
            known.is_single = Some(self.code.expr(body).is_single);
        }
    }

    /// Adds an expression, with what can be known of it.
    pub(crate) fn add(&mut self, kind: Kind) -> ExprId {
        let (is_single, reads_input) = self.judge(&kind);
        self.code.add(Expr { kind, is_single, reads_input })
    }

    /// Whether an expression has exactly one result, and whether it looks at its input.
    fn judge(&self, kind: &Kind) -> (bool, bool) {
        let single = |ids: &[ExprId]| ids.iter().all(|id| self.code.expr(*id).is_single);
        let reads = |ids: &[ExprId]| ids.iter().any(|id| self.code.expr(*id).reads_input);
        let both = |ids: &[ExprId]| (single(ids), reads(ids));
        match kind {
            Kind::Id => (true, true),
            Kind::Constant(_) | Kind::EmptyArray | Kind::Variable(_) => (true, false),
            Kind::Text(_, parts) => {
                let values = parts.iter().filter_map(|part| match part {
                    Part::Value(id) => Some(*id),
                    Part::Literal(_) => None,
                });
                both(&values.collect::<Vec<_>>())
            }
            Kind::Array(items) => (true, reads(&[*items])),
            Kind::Object(members) => {
                let ids = members.iter().flat_map(|(key, value)| [*key, *value]);
                both(&ids.collect::<Vec<_>>())
            }
            Kind::Negate(id) => both(&[*id]),
            Kind::Pipe(left, right) => (single(&[*left, *right]), reads(&[*left])),
            Kind::Alternative(left, right)
            | Kind::And(left, right)
            | Kind::Or(left, right)
            | Kind::Math(_, left, right)
            | Kind::Compare(_, left, right) => both(&[*left, *right]),
            Kind::If(condition, then, otherwise) => both(&[*condition, *then, *otherwise]),
            Kind::Try(body, catch) => {
                (catch.is_some_and(|catch| single(&[*body, catch])), reads(&[*body]))
            }
            Kind::Bind { source, patterns, body, .. } => {
                let is_simple = matches!(patterns[..], [Pattern::Variable(0)]);
                (is_simple && single(&[*source, *body]), reads(&[*source, *body]))
            }
            Kind::Path(of, steps) => {
                let indices: Vec<ExprId> = steps.iter().flat_map(Step::indices).collect();
                let is_single =
                    steps.iter().all(Step::is_single) && single(&indices) && single(&[*of]);
                (is_single, reads(&indices) || reads(&[*of]))
            }
            Kind::Reduce(fold) => (single(&[fold.init]), reads(&[fold.source, fold.init])),
            Kind::Call(call) => {
                let known = self.definitions.get(call.definition);
                let is_single = call.arguments.iter().all(|argument| match argument {
                    Argument::Value(id) => single(&[*id]),
                    Argument::Filter(_) => true,
                });
                (is_single && known.is_some_and(|known| known.is_single == Some(true)), true)
            }
            Kind::Function(_, arguments) => (single(arguments), true),
            Kind::Update(how, _, value) => (*how == How::Modify || single(&[*value]), true),
            Kind::Recurse
            | Kind::Comma(..)
            | Kind::Label(_)
            | Kind::Break(_)
            | Kind::Foreach(..)
            | Kind::Filter(_)
            | Kind::Special(..) => (false, true),
        }
    }
}

impl Step {
    fn indices(&self) -> impl Iterator<Item = ExprId> + use<> {
        let (first, second) = match self.access {
            Access::Index(index) => (Some(index), None),
            Access::Slice(from, to) => (from, to),
            Access::Iterate => (None, None),
        };
        first.into_iter().chain(second)
    }

    fn is_single(&self) -> bool {
        !self.is_optional && !matches!(self.access, Access::Iterate)
    }
}
