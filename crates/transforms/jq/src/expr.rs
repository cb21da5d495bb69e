//! Compiled expressions: names are resolved, and static properties are computed once.

use jaq_core::ops::{Cmp, Math};

use crate::builtins::{Function, Special};
use crate::clock::ClockValue;
use crate::constant::Constant;

/// The index of an expression in its [`Code`]. Expressions refer to each other by index, so that dropping a deeply nested
/// program does not recurse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ExprId(u32);

/// All expressions and definitions of a program.
#[derive(Debug, Default)]
pub(crate) struct Code {
    exprs: Vec<Expr>,
    definitions: Vec<Definition>,
    /// Whether the program needs a large stack: it can recurse, or is very long.
    pub(crate) is_large: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    /// Whether the expression has exactly one result, unless it fails.
    pub(crate) is_single: bool,
    pub(crate) reads_input: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Definition {
    pub(crate) body: ExprId,
    /// Whether any argument is a filter, not a value.
    pub(crate) has_filter_arguments: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) enum Kind {
    /// `.`
    #[default]
    Id,
    /// `..`
    Recurse,
    Clock(ClockValue),
    Constant(Constant),
    /// `"…\(…)…"`, with the function that formats the values.
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
    Math(Math, ExprId, ExprId),
    Compare(Cmp, ExprId, ExprId),
    /// `path = value`, `path |= value`, …
    Update(UpdateOperator, ExprId, ExprId),
    If(ExprId, ExprId, ExprId),
    Try(ExprId, Option<ExprId>),
    /// `label $x | …`
    Label(ExprId),
    /// `break $x`: the slot of the label in the environment.
    Break(usize),
    Reduce(Fold),
    /// `foreach`, with the expression that extracts a result from each state.
    Foreach(Fold, ExprId),
    /// `a.b[1:2][]`
    Path(ExprId, Vec<Step>),
    /// The slot in the environment.
    Variable(usize),
    /// A filter argument: its slot in the environment.
    Filter(usize),
    Call(Call),
    Function(Function, Vec<ExprId>),
    Special(Special, Vec<ExprId>),
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) definition: usize,
    pub(crate) arguments: Vec<Argument>,
    /// The number of innermost slots that are out of scope in the definition.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateOperator {
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

/// A destructuring pattern. Variables are numbered in the order of their first appearance.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Variable(usize),
    Array(Vec<Pattern>),
    Object(Vec<(ExprId, Pattern)>),
    /// `$x: [$y]`: all of these match the same value.
    All(Vec<Pattern>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) access: Access,
    /// Whether `?` follows.
    pub(crate) is_optional: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Index(ExprId),
    Slice(Option<ExprId>, Option<ExprId>),
    Iterate,
}

impl Kind {
    /// The operands of an expression that has one result for each combination of the results of its operands. The operand that
    /// varies slowest comes first.
    pub(crate) fn operands_mut(&mut self) -> Vec<&mut ExprId> {
        match self {
            Self::Object(members) => {
                members.iter_mut().flat_map(|(key, value)| [key, value]).collect()
            }
            Self::Text(_, parts) => {
                let values = parts.iter_mut().rev().filter_map(|part| match part {
                    Part::Value(value) => Some(value),
                    Part::Literal(_) => None,
                });
                values.collect()
            }
            Self::Negate(operand) => vec![operand],
            Self::Math(_, left, right) | Self::Compare(_, left, right) => vec![right, left],
            Self::Function(_, arguments) => arguments.iter_mut().rev().collect(),
            _ => Vec::new(),
        }
    }
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

    /// Adds a definition. [`Code::set_body`] sets its body.
    pub(crate) fn define(&mut self, has_filter_arguments: bool) -> usize {
        self.definitions.push(Definition { body: ExprId::default(), has_filter_arguments });
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
