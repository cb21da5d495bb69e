//! Resolves names during compilation.

use std::collections::HashMap;

use jaq_core::compile::Undefined;
use jaq_core::load::parse::{Def, Term};

use crate::builtins::{self, Builtin};
use crate::expr::{
    Access, Argument, Call, Code, Expr, ExprId, Kind, Pattern, Step, UpdateOperator,
};
use crate::filter_error::FilterError;
use crate::patterns::constant_regex_error;

/// The state of a compilation: the code so far, and the names in scope.
pub(crate) struct Compiler<'s> {
    pub(crate) text: &'s str,
    pub(crate) code: Code,
    pub(crate) errors: Vec<FilterError>,
    library: &'s [Def<&'static str>],
    /// The library definitions that were compiled so far.
    needed: HashMap<(&'s str, usize), usize>,
    definitions: Vec<DefinitionInfo>,
    scope: Vec<ScopeEntry<'s>>,
    /// The number of bindings in the environment.
    slots: usize,
    variables: &'s [String],
}

/// The static properties of a definition.
struct DefinitionInfo {
    /// Whether each argument is passed by value.
    by_value: Vec<bool>,
    /// Whether the definition has exactly one result; `None` while the definition is compiled.
    is_single: Option<bool>,
}

struct ScopeEntry<'s> {
    name: &'s str,
    kind: NameKind,
    /// The number of bindings before this one.
    slots: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum NameKind {
    Variable,
    /// A value argument `$name`, which can be called as `name` too.
    Value,
    Filter,
    Label,
    Definition {
        id: usize,
        arity: usize,
    },
}

impl NameKind {
    pub(crate) fn is_variable(self) -> bool {
        matches!(self, Self::Variable | Self::Value)
    }

    pub(crate) fn is_label(self) -> bool {
        matches!(self, Self::Label)
    }
}

impl<'s> Compiler<'s> {
    /// A compiler whose outermost bindings are `variables`.
    pub(crate) fn new(
        text: &'s str,
        library: &'s [Def<&'static str>],
        variables: &'s [String],
    ) -> Self {
        let mut compiler = Self {
            text,
            code: Code::default(),
            errors: Vec::new(),
            library,
            needed: HashMap::new(),
            definitions: Vec::new(),
            scope: Vec::new(),
            slots: 0,
            variables,
        };
        for name in variables {
            compiler.bind(name, NameKind::Variable);
        }
        compiler
    }

    pub(crate) fn finish(mut self, body: ExprId) -> Result<(Code, ExprId), Vec<FilterError>> {
        if self.errors.is_empty() {
            return Ok((self.code, body));
        }
        self.errors.sort_by_key(|error| error.range.start);
        Err(self.errors)
    }

    /// Adds a binding to the environment.
    pub(crate) fn bind(&mut self, name: &'s str, kind: NameKind) {
        self.scope.push(ScopeEntry { name, kind, slots: self.slots });
        self.slots += 1;
    }

    /// Calls `compile`, and then removes the bindings that `compile` has added.
    pub(crate) fn scoped<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> T {
        let (entries, slots) = (self.scope.len(), self.slots);
        let compiled = compile(self);
        self.scope.truncate(entries);
        self.slots = slots;
        compiled
    }

    /// The slot of a variable or label, counted from the innermost.
    pub(crate) fn find(&self, name: &str, is_wanted: fn(NameKind) -> bool) -> Option<usize> {
        let mut entries = self.scope.iter().rev();
        let entry = entries.find(|entry| is_wanted(entry.kind) && entry.name == name)?;
        Some(self.slots - 1 - entry.slots)
    }

    pub(crate) fn undefined(&mut self, name: &str, kind: &Undefined) -> Kind {
        let functions = builtins::names(self.library);
        let error = FilterError::undefined(self.text, name, kind, &functions, self.variables);
        self.errors.push(error);
        Kind::Id
    }

    pub(crate) fn call(&mut self, name: &'s str, arguments: &[Term<&'s str>]) -> Kind {
        let arity = arguments.len();
        let found = self.scope.iter().rev().find(|entry| match entry.kind {
            NameKind::Definition { arity: known, .. } => entry.name == name && known == arity,
            NameKind::Filter => entry.name == name && arity == 0,
            NameKind::Value => entry.name.strip_prefix('$') == Some(name) && arity == 0,
            NameKind::Variable | NameKind::Label => false,
        });
        if let Some(entry) = found {
            let inner = self.slots - entry.slots;
            return match entry.kind {
                NameKind::Definition { id, .. } => self.call_definition(id, arguments, inner),
                NameKind::Filter => Kind::Filter(inner - 1),
                _ => Kind::Variable(inner - 1),
            };
        }
        self.errors.extend(constant_regex_error(self.text, name, arguments));
        if let Some(id) = self.library_definition(name, arity) {
            return self.call_definition(id, arguments, self.slots);
        }
        match builtins::find(name, arity) {
            Some(Builtin::Constant(constant)) => Kind::Constant(constant),
            Some(Builtin::Clock(value)) => Kind::Clock(value),
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
        let by_value = known.by_value.clone();
        let arguments = arguments.iter().zip(by_value).map(|(argument, by_value)| {
            let argument = self.term(argument);
            if by_value { Argument::Value(argument) } else { Argument::Filter(argument) }
        });
        let arguments = arguments.collect();
        Kind::Call(Call { definition: id, arguments, skip })
    }

    /// A definition of the library, which is compiled at its first use.
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

    /// Compiles a definition of the expression. Its own body can call it.
    pub(crate) fn define(&mut self, definition: &Def<&'s str>) {
        self.code.is_large = true;
        let id = self.declare(definition);
        let kind = NameKind::Definition { id, arity: definition.args.len() };
        self.scope.push(ScopeEntry { name: definition.name, kind, slots: self.slots });
        self.complete(id, definition);
    }

    fn declare(&mut self, definition: &Def<&'s str>) -> usize {
        let by_value: Vec<bool> =
            definition.args.iter().map(|name| name.starts_with('$')).collect();
        let id = self.code.define(by_value.contains(&false));
        self.definitions.push(DefinitionInfo { by_value, is_single: None });
        id
    }

    fn complete(&mut self, id: usize, definition: &Def<&'s str>) {
        let body = self.scoped(|compiler| {
            for name in &definition.args {
                let kind = if name.starts_with('$') { NameKind::Value } else { NameKind::Filter };
                compiler.bind(name, kind);
            }
            compiler.term(&definition.body)
        });
        self.code.set_body(id, body);
        if let Some(known) = self.definitions.get_mut(id) {
            known.is_single = Some(self.code.expr(body).is_single);
        }
    }

    /// Adds an expression with its static properties.
    pub(crate) fn add(&mut self, mut kind: Kind) -> ExprId {
        let operands: Vec<ExprId> = kind.operands_mut().into_iter().map(|id| *id).collect();
        let (is_single, reads_input) = self.analyze(&kind, &operands);
        if !is_single && !operands.is_empty() {
            kind = self.for_each_combination(kind);
        }
        self.code.add(Expr { kind, is_single, reads_input })
    }

    /// Moves an expression into a definition whose arguments are the operands. The call of the definition has one result for each
    /// combination of the results of the operands.
    fn for_each_combination(&mut self, mut kind: Kind) -> Kind {
        let operands = kind.operands_mut().into_iter();
        let operands =
            operands.filter(|id| !matches!(self.code.expr(**id).kind, Kind::Constant(_)));
        let operands: Vec<&mut ExprId> = operands.collect();
        let mut arguments = Vec::new();
        for (slot, operand) in (0..operands.len()).rev().zip(operands) {
            arguments.push(Argument::Value(*operand));
            *operand = self.code.add(Expr {
                kind: Kind::Variable(slot),
                is_single: true,
                reads_input: false,
            });
        }
        let definition = self.code.define(false);
        self.definitions.push(DefinitionInfo { by_value: Vec::new(), is_single: Some(true) });
        let body = self.add(kind);
        self.code.set_body(definition, body);
        Kind::Call(Call { definition, arguments, skip: 0 })
    }

    /// Whether an expression has exactly one result, and whether it reads its input.
    fn analyze(&self, kind: &Kind, operands: &[ExprId]) -> (bool, bool) {
        let single = |ids: &[ExprId]| ids.iter().all(|id| self.code.expr(*id).is_single);
        let reads = |ids: &[ExprId]| ids.iter().any(|id| self.code.expr(*id).reads_input);
        let both = |ids: &[ExprId]| (single(ids), reads(ids));
        match kind {
            Kind::Id => (true, true),
            Kind::Constant(_) | Kind::Clock(_) | Kind::EmptyArray | Kind::Variable(_) => {
                (true, false)
            }
            Kind::Text(..)
            | Kind::Object(_)
            | Kind::Negate(_)
            | Kind::Math(..)
            | Kind::Compare(..) => both(operands),
            Kind::Function(..) => (single(operands), true),
            Kind::Array(items) => (true, reads(&[*items])),
            Kind::Pipe(left, right) => (single(&[*left, *right]), reads(&[*left])),
            Kind::Alternative(left, right) => both(&[*left, *right]),
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
            Kind::Update(how, _, value) => {
                (*how == UpdateOperator::Modify || single(&[*value]), true)
            }
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
