//! The environment of an expression: variables, filter arguments and labels.

use std::rc::Rc;

use crate::expr::ExprId;
use crate::value::Value;

/// A linked list of bindings, the innermost first. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Env<'r>(Option<Rc<Frame<'r>>>);

#[derive(Debug)]
struct Frame<'r> {
    binding: Binding<'r>,
    outer: Env<'r>,
}

#[derive(Debug, Clone)]
pub(crate) enum Binding<'r> {
    Value(Value<'r>),
    /// A filter argument and the environment of the caller.
    Filter(ExprId, Env<'r>),
    Label(usize),
}

impl<'r> Env<'r> {
    #[must_use]
    pub(crate) fn with(self, binding: Binding<'r>) -> Self {
        Self(Some(Rc::new(Frame { binding, outer: self })))
    }

    /// The environment without its `count` innermost bindings.
    pub(crate) fn without(&self, count: usize) -> Self {
        let mut env = self;
        for _ in 0..count {
            match &env.0 {
                Some(frame) => env = &frame.outer,
                None => break,
            }
        }
        env.clone()
    }

    fn get(&self, slot: usize) -> Option<&Binding<'r>> {
        let mut frame = self.0.as_deref()?;
        for _ in 0..slot {
            frame = frame.outer.0.as_deref()?;
        }
        Some(&frame.binding)
    }

    pub(crate) fn value(&self, slot: usize) -> Value<'r> {
        match self.get(slot) {
            Some(Binding::Value(value)) => value.clone(),
            _ => Value::Null,
        }
    }

    pub(crate) fn filter(&self, slot: usize) -> (ExprId, Env<'r>) {
        match self.get(slot) {
            Some(Binding::Filter(filter, env)) => (*filter, env.clone()),
            _ => (ExprId::default(), Env::default()),
        }
    }

    pub(crate) fn label(&self, slot: usize) -> usize {
        match self.get(slot) {
            Some(Binding::Label(label)) => *label,
            _ => usize::MAX,
        }
    }
}
