//! Compiled expressions: all names are resolved, and what can be known before any record is read stands beside each part.

use jaq_core::ops::{Cmp, Math};

use crate::builtins::{Function, Special};
use crate::constant::Constant;

/// The place of an expression in the code that it belongs to. Expressions refer to each other by it, so that the largest can be
/// dropped on the smallest stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ExprId(u32);

/// All expressions of a program and the definitions that it uses.
#[derive(Debug, Default)]
pub(crate) struct Code {
    exprs: Vec<Expr>,
    definitions: Vec<Definition>,
    /// Whether the program can go on for any number of steps, or is itself very large.
    pub(crate) is_large: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    /// Whether it has exactly one result, or fails.
    pub(crate) is_single: bool,
    /// Whether it looks at its input.
    pub(crate) reads_input: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Definition {
    pub(crate) body: ExprId,
    /// Whether arguments are handed to it as filters.
    pub(crate) takes_filters: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) enum Kind {
    /// `.`
    #[default]
    Id,
    /// `..`
    Recurse,
    Constant(Constant),
    /// `"…\(…)…"`, with the format that the values are put in.
    Text(Function, Vec<Part>),
    EmptyArray,
    Array(ExprId),
    Object(Vec<(ExprId, ExprId)>),
    Negate(ExprId),
    Pipe(ExprId, ExprId),
    Comma(ExprId, ExprId),
    /// `a as $x | b`, `a as [$x] ?// $x | b`
    Bind {
        source: ExprId,
        patterns: Vec<Pattern>,
        variables: usize,
        body: ExprId,
    },
    /// `a // b`
    Alternative(ExprId, ExprId),
    And(ExprId, ExprId),
    Or(ExprId, ExprId),
    Math(Math, ExprId, ExprId),
    Compare(Cmp, ExprId, ExprId),
    /// `path = value`, `path |= value`, …
    Update(How, ExprId, ExprId),
    If(ExprId, ExprId, ExprId),
    Try(ExprId, Option<ExprId>),
    /// `label $x | …`
    Label(ExprId),
    /// `break $x`: the place of the label in the environment.
    Break(usize),
    Reduce(Fold),
    /// `foreach`, with what comes of each state.
    Foreach(Fold, ExprId),
    /// `a.b[1:2][]`
    Path(ExprId, Vec<Step>),
    /// The place in the environment.
    Variable(usize),
    /// A filter that is an argument: its place in the environment.
    Filter(usize),
    Call(Call),
    Function(Function, Vec<ExprId>),
    Special(Special, Vec<ExprId>),
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) definition: usize,
    pub(crate) arguments: Vec<Argument>,
    /// How much of the environment the definition does not see.
    pub(crate) skip: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument {
    Filter(ExprId),
    Value(ExprId),
}

#[derive(Debug, Clone)]
pub(crate) struct Fold {
    pub(crate) source: ExprId,
    pub(crate) pattern: Pattern,
    pub(crate) variables: usize,
    pub(crate) init: ExprId,
    pub(crate) update: ExprId,
}

/// How a place is made new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// `=`
    Assign,
    /// `|=`
    Modify,
    /// `+=`, `-=`, …
    Math(Math),
    /// `//=`
    Alternative,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Literal(String),
    Value(ExprId),
}

/// What a value is taken apart by. A variable is the number that it has among those of the pattern.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Variable(usize),
    Array(Vec<Pattern>),
    Object(Vec<(ExprId, Pattern)>),
    /// `$x: [$y]`: all of these for one value.
    All(Vec<Pattern>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) access: Access,
    /// Whether `?` stands behind it.
    pub(crate) is_optional: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Index(ExprId),
    Slice(Option<ExprId>, Option<ExprId>),
    Iterate,
}

impl Code {
    pub(crate) fn add(&mut self, expr: Expr) -> ExprId {
        self.exprs.push(expr);
        ExprId(u32::try_from(self.exprs.len() - 1).unwrap_or(u32::MAX))
    }

    #[inline]
    pub(crate) fn expr(&self, id: ExprId) -> &Expr {
        static NONE: Expr = Expr { kind: Kind::Id, is_single: true, reads_input: true };
        self.exprs.get(id.0 as usize).unwrap_or(&NONE)
    }

    /// Adds a definition whose body is not known yet.
    pub(crate) fn define(&mut self, takes_filters: bool) -> usize {
        self.definitions.push(Definition { body: ExprId::default(), takes_filters });
        self.definitions.len() - 1
    }

    pub(crate) fn set_body(&mut self, definition: usize, body: ExprId) {
        if let Some(definition) = self.definitions.get_mut(definition) {
            definition.body = body;
        }
    }

    pub(crate) fn definition(&self, definition: usize) -> Definition {
        self.definitions.get(definition).copied().unwrap_or_default()
    }
}
